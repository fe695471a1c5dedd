import CLinux
import Glibc

/// Our own programs, where the build has put them.
package enum Program {
    /// The directory of the test executable, which is that of the programs as well.
    package static let directory: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The package's test bundle may be run by a helper of the toolchain: then it is among the arguments.
        let candidates = [own] + CommandLine.arguments
        for path in candidates {
            guard let slash = path.lastIndex(of: "/") else { continue }
            let directory = String(path[..<slash])
            if access(directory + "/roostd", X_OK) == 0 { return directory }
        }
        return ".build/debug"
    }()

    package static func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// The top of the package.
    package static let package: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()
}

/// A process that a test has started. Ended by SIGKILL, and reaped, when the last reference goes.
package final class Child: @unchecked Sendable {  // what changes is behind the lock
    package let pid: Int32
    private let pidfd: Int32
    private var lock = pthread_mutex_t()
    private var exit: Int32?

    /// Starts a program in a process group of its own.
    ///
    /// - Parameters:
    ///   - output: takes stdout and stderr; the caller's to close.
    ///   - user: whose process it is, with the group of the same number; needs root.
    package init(
        _ path: String,
        _ arguments: [String],
        environment: [String],
        output: Int32,
        directory: String? = nil,
        user: UInt32? = nil
    ) throws {
        let null = roost_open("/dev/null", O_RDWR, 0)
        defer { close(null) }
        let argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        let envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        let cwd = directory.map { strdup($0) }
        defer {
            for string in argv + envp { free(string) }
            if let cwd { free(cwd) }
        }
        var result = roost_spawn_result()
        let status = envp.withUnsafeBufferPointer { envp in
            argv.withUnsafeBufferPointer { argv in
                [null, output, output].withUnsafeBufferPointer { descriptors in
                    var request = roost_spawn_request()
                    request.path = UnsafePointer(argv[0])
                    request.arguments = argv.baseAddress
                    request.environment = UnsafeMutablePointer(mutating: envp.baseAddress)
                    request.directory = cwd.flatMap { UnsafePointer($0) }
                    request.fds = descriptors.baseAddress
                    request.fd_count = 3
                    request.oom_score_adjust = Int32.min
                    request.change_user = user != nil
                    request.uid = user ?? 0
                    request.gid = user ?? 0
                    return roost_spawn(&request, &result)
                }
            }
        }
        guard status == 0 else { throw TestFailure("cannot start \(path): errno \(result.error), step \(result.step)") }
        pid = result.pid
        pidfd = result.pidfd
        pthread_mutex_init(&lock, nil)
    }

    deinit {
        if status == nil {
            _ = roost_pidfd_send_signal(pidfd, SIGKILL)
            var poller = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
            poll(&poller, 1, 5000)
            _ = status
        }
        close(pidfd)
        pthread_mutex_destroy(&lock)
    }

    package func signal(_ signal: Int32) { _ = roost_pidfd_send_signal(pidfd, signal) }

    /// The exit status, 128 plus the signal's number where one ended it; nil while it runs.
    package var status: Int32? {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        if exit == nil {
            var end = roost_exit()
            if roost_wait_pidfd(pidfd, &end) == 1 { exit = end.code == CLD_EXITED ? end.status : 128 + end.status }
        }
        return exit
    }

    /// - Throws: `TestFailure` when it does not end in time.
    package func ended(within limit: Duration = .seconds(60)) async throws -> Int32 {
        try await eventually("the end of pid \(pid)", within: limit) { status }
    }
}
