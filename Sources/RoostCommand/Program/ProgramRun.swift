import CLinux
import Glibc

/// Another program's run to its end, with what it wrote. The caller's loop stands still meanwhile: for commands that
/// have nothing else to do.
struct ProgramRun {
    /// Its exit status; nil when a signal has ended it.
    let status: Int32?
    let output: [UInt8]
    let errors: [UInt8]

    /// More output is cut off.
    private static let limit = 64 << 20
    /// It is killed when it takes longer.
    private static let patience: Int32 = 30_000  // milliseconds

    /// - Throws: `CommandFailure` when it cannot be started.
    init(_ path: String, _ arguments: [String]) throws(CommandFailure) {
        // In files rather than pipes: two pipes that are read one after the other can block the writer.
        let files = [Self.file(), Self.file()]
        defer { for file in files where file >= 0 { close(file) } }
        guard files.allSatisfy({ $0 >= 0 }) else { throw Self.failure(path, errno) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, files[0], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, files[1], STDERR_FILENO)
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, path, &actions, nil, &words, environ)
        guard result == 0 else { throw Self.failure(path, result) }
        Self.waitOrKill(pid)
        var state: Int32 = 0
        while waitpid(pid, &state, 0) < 0, errno == EINTR {}
        status = state & 0x7f == 0 ? state >> 8 & 0xff : nil
        output = Self.content(of: files[0])
        errors = Self.content(of: files[1])
    }

    private static func waitOrKill(_ pid: pid_t) {
        let descriptor = roost_pidfd_open(pid)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&watched, 1, patience) == 0 { _ = roost_pidfd_send_signal(descriptor, SIGKILL) }
    }

    private static func failure(_ path: String, _ code: Int32) -> CommandFailure {
        CommandFailure(code: "not_started", "cannot run \(path): \(String(cString: strerror(code)))")
    }

    private static func file() -> Int32 { roost_memfd("roost-output") }

    private static func content(of file: Int32) -> [UInt8] {
        let size = min(max(0, Int(lseek(file, 0, SEEK_END))), limit)
        var offset = 0
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while offset < size {
                let got = pread(file, buffer.baseAddress?.advanced(by: offset), size - offset, off_t(offset))
                guard got > 0 else { break }
                offset += got
            }
            count = offset
        }
    }
}
