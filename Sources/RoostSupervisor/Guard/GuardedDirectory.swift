import CLinux
import Glibc
import RoostProtocol
import RoostReactor

/// The runtime directory as its guard sees it: whose it is, what its supervisor has left, and the files that are taken
/// away at the end.
///
/// Two locks lie on `roostd.lock`. The whole file (flock(2)) belongs to the supervisor, or to a guard that ends what a
/// supervisor has left. Its record lock (fcntl(2), F_SETLK) belongs to the guard, and its holder's number can be asked
/// for. Since a record lock goes when its process closes any descriptor of the file, there is exactly one here.
final class GuardedDirectory {
    private let path: String
    private let lock: Descriptor
    private let inode: UInt64
    private var state: StateFile?

    /// What says in the lock file that its holder is a guard, which will be through soon.
    static let mark = " guard"

    /// - Throws: `SystemError` when there is no lock file: no supervisor was ever here.
    init(_ path: String) throws(SystemError) {
        self.path = path
        let number = roost_open(path + "/roostd.lock", O_RDWR, 0)
        guard number >= 0 else { throw SystemError("open", path + "/roostd.lock", code: -number) }
        lock = Descriptor(owning: number)
        var status = stat()
        guard fstat(number, &status) == 0 else { throw SystemError("fstat", path + "/roostd.lock", code: errno) }
        inode = UInt64(status.st_ino)
        state = StateFile(existing: path + "/state")
    }

    /// Becomes the guard of the directory; the one of the supervisor before, who watches too, is not needed any more.
    func relieve() {
        for _ in 0..<100 {
            guard let former = otherGuard() else { return }
            let pidfd = roost_pidfd_open(former)
            guard pidfd >= 0 else {
                usleep(1000)
                continue
            }
            defer { close(pidfd) }
            // It is the holder as long as the lock says so: asked again, with a hold on the process.
            guard otherGuard() == former else { continue }
            _ = roost_pidfd_send_signal(pidfd, SIGKILL)
            var poller = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
            poll(&poller, 1, 1000)
        }
    }

    /// Takes the guard's lock; if it is held, by whom.
    private func otherGuard() -> Int32? {
        var record = flock()
        record.l_whence = Int16(SEEK_SET)
        record.l_type = Int16(F_WRLCK)
        if fcntl(lock.number, F_SETLK, &record) == 0 { return nil }
        record.l_type = Int16(F_WRLCK)
        guard fcntl(lock.number, F_GETLK, &record) == 0, record.l_type != Int16(F_UNLCK) else { return 0 }
        return record.l_pid
    }

    /// Whether the directory is still the one that the guard was started for.
    var isStillThere: Bool {
        var status = stat()
        return stat(path + "/roostd.lock", &status) == 0 && UInt64(status.st_ino) == inode
    }

    /// Whether there is another one in its place.
    var isReplaced: Bool {
        var status = stat()
        return stat(path + "/roostd.lock", &status) == 0 && UInt64(status.st_ino) != inode
    }

    /// Who has written its number into the lock file; 0: nobody.
    var holder: Int32 {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = pread(lock.number, &buffer, buffer.count, 0)
        return Int32(truncatingIfNeeded: ProcFile.number(buffer.prefix(max(0, count))))
    }

    /// Takes the supervisor's lock, unless there is one.
    func takeLock() -> Bool {
        guard flock(lock.number, LOCK_EX | LOCK_NB) == 0 else { return false }
        let text = "\(getpid())\(Self.mark)\n"
        ftruncate(lock.number, 0)
        pwrite(lock.number, text, text.utf8.count, 0)
        return true
    }

    /// What the supervisor has left: the file as it is now, or as it was when the directory was taken away.
    func savedState() -> (state: SavedState, unfinishedSpawn: Int32?)? {
        if isStillThere, let present = StateFile(existing: path + "/state") { state = present }
        guard let state, let saved = state.recover() else { return nil }
        return (saved, state.unfinishedSpawn?.pid)
    }

    /// Takes everything away but the lock file, and lets a supervisor in that waits.
    func clear() {
        if isStillThere {
            RuntimeDirectory.clear(path)
            ftruncate(lock.number, 0)
        }
        flock(lock.number, LOCK_UN)
    }
}
