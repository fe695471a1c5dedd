import CLinux
import Glibc
import Testing

/// A child of `roost_spawn` with its output in a pipe, killed and reaped when it goes.
final class SpawnedChild: Sendable {
    struct Failure: Error, Equatable { let step: UInt32, code: Int32 }

    let pid: pid_t
    let pidfd: Int32
    private let output: Int32

    /// Descriptor 0 is /dev/null, 1 and 2 the pipe, and what `change` adds comes after.
    init(
        _ arguments: [String],
        environment: [String] = [],
        change: (inout roost_spawn_request) -> Void = { _ in }
    ) throws(Failure) {
        var ends: [Int32] = [-1, -1]
        precondition(roost_pipe(&ends) == 0)
        let null = roost_open("/dev/null", O_RDWR, 0)
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = environment.map { strdup($0) } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        let descriptors = [null, ends[1], ends[1]]
        var result = roost_spawn_result()
        let status = descriptors.withUnsafeBufferPointer { descriptors in
            argv.withUnsafeMutableBufferPointer { argv in
                envp.withUnsafeMutableBufferPointer { envp in
                    var request = roost_spawn_request()
                    request.path = UnsafePointer(argv[0])
                    request.arguments = UnsafePointer(argv.baseAddress)
                    request.environment = envp.baseAddress
                    request.fds = descriptors.baseAddress
                    request.fd_count = Int32(descriptors.count)
                    request.oom_score_adjust = .min
                    change(&request)
                    return roost_spawn(&request, &result)
                }
            }
        }
        close(null)
        close(ends[1])
        guard status == 0 else {
            close(ends[0])
            throw Failure(step: UInt32(result.step), code: result.error)
        }
        (pid, pidfd, output) = (result.pid, result.pidfd, ends[0])
    }

    deinit {
        var exit = roost_exit()
        if roost_wait_pidfd(pidfd, &exit) == 0 {
            roost_pidfd_send_signal(pidfd, SIGKILL)
            _ = ended(within: 5000)
        }
        close(pidfd)
        close(output)
    }

    /// How it ended, or nil if it has not within the milliseconds.
    func ended(within limit: Int32 = 10_000) -> roost_exit? {
        var watched = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, limit) == 1 else { return nil }
        var exit = roost_exit()
        return roost_wait_pidfd(pidfd, &exit) == 1 ? exit : nil
    }

    /// All that it wrote until its end.
    func text() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        var watched = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        while poll(&watched, 1, 10_000) == 1 {
            let count = read(output, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
