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
    /// What the supervisor's successor would need, by the names of the configuration.
    var sockets: [(name: String, number: Int32)] {
        let sockets = descriptors.filter { $0.name != "configuration" && !Self.isLog($0.name) }
        let held = held
        return held.isEmpty ? sockets : held.map { ($0.name, $0.descriptor) }
    }

    /// The own log pipe's read end and its tape: only held, so that neither goes with the supervisor.
    private static func isLog(_ name: String) -> Bool { name == "log.pipe" || name == "log.tape" }

    /// What is neither the configuration, the log nor the worker's own socket: to serve from the first configuration on.
    package var listeners: [(name: String, descriptor: Int32)] {
        descriptors.filter { entry in
            entry.name != "configuration" && entry.name != "ipc" && !Self.isLog(entry.name)
                && !entry.name.hasPrefix(Self.held)
        }
        .map { ($0.name, $0.number) }
    }

    /// Of a process beside the one that it is to replace: what it serves when it is told that it was promoted, by the
    /// names that the other has it under.
    package var held: [(name: String, descriptor: Int32)] {
        descriptors.filter { $0.name.hasPrefix(Self.held) }.map { (String($0.name.dropFirst(5)), $0.number) }
    }

    private static let held = "held."
}
