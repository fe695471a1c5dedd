import CLinux
import Glibc
package import RoostReactor

/// The directory of the sockets, held by one supervisor at a time.
package struct RuntimeDirectory: ~Copyable {
    package let path: String
    private let lock: Descriptor

    /// Why the directory cannot be used.
    package enum Refusal: Error, CustomStringConvertible {
        case unusable(SystemError)
        case notPrivate(path: String, reason: String)
        case held(path: String, pid: String)

        package var description: String {
            switch self {
            case .unusable(let error): "\(error); give a directory that this user can write to with --runtime"
            case .notPrivate(let path, let reason): "\(path) \(reason); choose another directory with --runtime"
            case .held(let path, let pid):
                "\(path) is in use by another roostd (pid \(pid)); stop it or choose another directory with --runtime"
            }
        }
    }

    /// Makes the directory if needed, checks that nobody else can put sockets into it, and takes its lock, which the
    /// kernel gives back when this process ends, however it ends.
    ///
    /// - Throws: `Refusal`.
    ///
    /// - Parameter inherited: the lock as the program that ran in this process before has handed it over, held all along.
    package init(_ path: String, inherited: Int32? = nil) throws(Refusal) {
        self.path = path
        try Self.makeDirectories(path)
        var status = stat()
        guard stat(path, &status) == 0 else { throw .unusable(SystemError("stat", path, code: errno)) }
        guard status.st_uid == geteuid() else { throw .notPrivate(path: path, reason: "belongs to another user") }
        guard status.st_mode & 0o022 == 0 else { throw .notPrivate(path: path, reason: "can be written to by others") }
        let number = inherited ?? roost_open(path + "/roostd.lock", O_RDWR | O_CREAT, 0o644)
        guard number >= 0 else { throw .unusable(SystemError("open", path + "/roostd.lock", code: -number)) }
        let lock = Descriptor(owning: number)
        guard Self.take(number) else {
            let holder = Self.text(number)
            throw .held(path: path, pid: holder.isEmpty ? "unknown" : String(holder.prefix { $0.isNumber }))
        }
        let pid = "\(getpid())\n"
        ftruncate(number, 0)
        pwrite(number, pid, pid.utf8.count, 0)
        self.lock = lock
    }

    /// Takes the lock. A process that a dead supervisor was starting holds it until its exec, and a guard while it ends
    /// what another supervisor has left: both are through soon.
    private static func take(_ number: Int32) -> Bool {
        for attempt in 0..<500 {
            if flock(number, LOCK_EX | LOCK_NB) == 0 { return true }
            guard errno == EWOULDBLOCK else { return false }
            let holder = text(number)
            let pid = Int32(clamping: ProcFile.number(holder.utf8))
            let isPassing = holder.contains(GuardedDirectory.mark) || ProcessCensus.Entry(pid: pid) == nil
            // A guard that has just taken it may not have written so.
            guard isPassing || attempt < 3 else { return false }
            usleep(10_000)
        }
        return false
    }

    /// Who says that it holds the lock: a number, and whether it is a guard.
    private static func text(_ number: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 32)
        let count = pread(number, &text, text.count, 0)
        return String(decoding: text.prefix(max(count, 0)), as: UTF8.self)
    }

    /// For the program that takes this process over.
    package var lockNumber: Int32 { lock.number }

    /// Takes away what a supervisor has put here for others and for its successor; its lock file stays. For who holds
    /// the lock.
    package static func clear(_ path: String) {
        guard let directory = opendir(path) else { return }
        defer { closedir(directory) }
        let files = ["state", "configuration", "logs", "events"]
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var status = stat()
            guard lstat("\(path)/\(name)", &status) == 0 else { continue }
            let isSocket = status.st_mode & S_IFMT == S_IFSOCK
            if isSocket || files.contains(name) { unlink("\(path)/\(name)") }
        }
    }

    /// As `clear`, where no supervisor and no guard is.
    static func clearUnlessHeld(_ path: String) {
        let number = roost_open(path + "/roostd.lock", O_RDWR, 0)
        guard number >= 0 else { return }
        let descriptor = Descriptor(owning: number)
        if flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 { clear(path) }
    }

    /// The path of a socket in here.
    package func socket(_ name: String) -> String { "\(path)/\(name).sock" }

    /// Makes a directory and what is missing above it; those that exist stay as they are.
    package static func makeDirectories(_ path: String) throws(Refusal) {
        var partial = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/") {
            partial += "/\(component)"
            guard mkdir(partial, 0o755) == 0 || errno == EEXIST else {
                throw .unusable(SystemError("mkdir", partial, code: errno))
            }
        }
    }
}
