import CLinux
import Glibc

/// What a worker gets from whoever started it: named descriptors (sd_listen_fds(3)) and a few variables.
package struct Inheritance {
    /// Of ROOST_RUNTIME: the directory of the sockets; nil without a supervisor.
    package let runtimeDirectory: String?
    /// Of ROOST_WORKER: the name in the configuration, which need not be that of the program; nil without a supervisor.
    package let worker: String?
    /// Of ROOST_INSTANCE.
    package let instance: Int
    /// By name: `configuration`, `ipc`, and the listeners, as `proxy.listen`. All CLOEXEC and non-blocking
    /// now.
    package let descriptors: [(name: String, number: Int32)]

    /// Why the environment cannot be used.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    /// Takes everything out of the environment, so that nothing is inherited further.
    ///
    /// - Parameter firstDescriptor: the number of the first one, SD_LISTEN_FDS_START outside of tests.
    /// - Throws: `Fault` when LISTEN_FDS makes no sense.
    package init(firstDescriptor: Int32 = 3) throws(Fault) {
        func take(_ name: String) -> String? {
            defer { unsetenv(name) }
            return getenv(name).map { String(cString: $0) }
        }
        runtimeDirectory = take("ROOST_RUNTIME")
        worker = take("ROOST_WORKER")
        instance = take("ROOST_INSTANCE").flatMap(Int.init) ?? 0
        let (pid, count, names) = (take("LISTEN_PID"), take("LISTEN_FDS"), take("LISTEN_FDNAMES"))
        guard let count, pid == nil || pid == String(getpid()) else {
            descriptors = []
            return
        }
        guard let count = Int32(count), count >= 0, count <= 1024 else {
            throw Fault(description: "LISTEN_FDS is \(count), not a number of descriptors; unset it or set it right")
        }
        let list = (names ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        descriptors = (0..<count).map { index in
            (list.indices.contains(Int(index)) ? list[Int(index)] : "", firstDescriptor + index)
        }
        for (name, number) in descriptors {
            guard roost_set_cloexec(number, true) >= 0 else {
                throw Fault(description: "descriptor \(number) (\(name)) of LISTEN_FDS is not open")
            }
            // systemd and launchers give blocking listeners: the loop would sleep in its second accept(2).
            _ = roost_set_nonblocking(number, true)  // fails for what cannot block anyhow
        }
    }

    package func first(_ name: String) -> Int32? { descriptors.first { $0.name == name }?.number }
    /// What the supervisor's successor would need.
    var sockets: [(name: String, number: Int32)] { descriptors.filter { $0.name != "configuration" } }
    /// What is neither the configuration nor the worker's own socket.
    package var listeners: [(name: String, descriptor: Int32)] {
        descriptors.filter { $0.name != "configuration" && $0.name != "ipc" }.map { ($0.name, $0.number) }
    }
}
