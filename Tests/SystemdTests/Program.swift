import CLinux
import Foundation
import Glibc

/// What a program that ran to its end has left.
struct ProgramResult: Sendable {
    /// The exit status; 128 plus the signal's number where one ended it.
    let status: Int32
    /// Standard output and standard error together.
    let output: String
}

/// Runs a program to its end on a thread of its own, so that no test waits for another one's.
///
/// Not by Foundation.Process: it waits for everything that holds the child's descriptors, and the box goes on running
/// when `systemd-box up` has ended.
func run(_ path: String, _ arguments: [String], environment: [String: String] = [:]) async throws -> ProgramResult {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try runAndWait(path, arguments, environment) })
        }
    }
}

private func runAndWait(
    _ path: String,
    _ arguments: [String],
    _ environment: [String: String]
) throws -> ProgramResult {
    let inherited = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = roost_memfd("output")
    let input = roost_open("/dev/null", O_RDONLY, 0)
    defer { for descriptor in [output, input] where descriptor >= 0 { close(descriptor) } }
    guard output >= 0, input >= 0 else { throw POSIXError(.EMFILE) }

    let argv = ([path] + arguments).map { strdup($0) } + [nil]
    let envp = inherited.map { strdup("\($0)=\($1)") } + [nil]
    defer { for string in argv + envp { free(string) } }
    var result = roost_spawn_result()
    let spawned = envp.withUnsafeBufferPointer { envp in
        argv.withUnsafeBufferPointer { argv in
            [input, output, output].withUnsafeBufferPointer { descriptors in
                var request = roost_spawn_request()
                request.path = UnsafePointer(argv[0])
                request.arguments = argv.baseAddress
                request.environment = UnsafeMutablePointer(mutating: envp.baseAddress)
                request.fds = descriptors.baseAddress
                request.fd_count = 3
                request.oom_score_adjust = Int32.min
                return roost_spawn(&request, &result)
            }
        }
    }
    guard spawned == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result.error) ?? .EIO) }
    defer { close(result.pidfd) }

    var poller = pollfd(fd: result.pidfd, events: Int16(POLLIN), revents: 0)
    if poll(&poller, 1, 120_000) != 1 { roost_pidfd_send_signal(result.pidfd, SIGKILL) }
    var end = roost_exit()
    while roost_wait_pidfd(result.pidfd, &end) == 0 { poll(&poller, 1, -1) }
    let size = Int(lseek(output, 0, SEEK_END))
    var bytes = [UInt8](repeating: 0, count: size)
    let count = pread(output, &bytes, size, 0)
    return ProgramResult(
        status: end.code == CLD_EXITED ? end.status : 128 + end.status,
        output: String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    )
}
