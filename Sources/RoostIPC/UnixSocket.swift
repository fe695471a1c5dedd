import CLinux
import Glibc
package import RoostReactor

/// Unix-domain stream sockets by path (unix(7)).
package enum UnixSocket {
    /// Bytes that a socket's path may have: one less than `sun_path`, for the zero at its end. The kernel takes longer
    /// ones cut short, in silence.
    package static let longestPath = 107

    /// Why a path cannot become a socket.
    package enum BindError: Error, Equatable, CustomStringConvertible {
        case pathTooLong(path: String, length: Int)
        /// A process answers there.
        case inUse(path: String)
        /// Something else than a socket lies there.
        case notASocket(path: String)
        case system(SystemError)

        package var description: String {
            switch self {
            case .pathTooLong(let path, let length):
                "the socket path \(path) has \(length) bytes, at most \(longestPath) work; choose a shorter directory"
            case .inUse(let path): "another process listens on \(path); stop it or choose another directory"
            case .notASocket(let path): "\(path) is no socket; move it away"
            case .system(let error): error.description
            }
        }
    }

    /// A listening socket at `path`, non-blocking and close-on-exec. What a dead process left there is replaced, once a
    /// probe was refused; who calls holds the directory's lock, so that no other process probes at the same time.
    ///
    /// - Parameters:
    ///   - mode: Permissions of the socket, which decide who may connect; set as it is made, not after.
    ///   - backlog: Callers that wait while nobody accepts (listen(2)).
    package static func bind(
        _ path: String,
        mode: UInt32 = 0o600,
        backlog: Int32 = 128
    ) throws(BindError) -> Descriptor {
        var address = try address(path)
        try removeStale(path, &address)
        let socket = try stream()
        // The file is made with the socket's mode less the process's umask(2), and then widened: at no moment is it more
        // open than asked for, and no other thread's files get another mode meanwhile.
        guard fchmod(socket.number, mode) == 0 else { throw .system(SystemError("fchmod", path, code: errno)) }
        guard withAddress(&address, { Glibc.bind(socket.number, $0, $1) }) == 0 else {
            throw .system(SystemError("bind", path, code: errno))
        }
        guard chmod(path, mode) == 0 else { throw .system(SystemError("chmod", path, code: errno)) }
        guard listen(socket.number, backlog) == 0 else { throw .system(SystemError("listen", path, code: errno)) }
        return socket
    }

    /// The outcome of one attempt to connect.
    enum Attempt: ~Copyable {
        case connected(Descriptor)
        /// The listener's backlog is full: again later.
        case full
    }

    /// Connects without waiting.
    static func connect(_ path: String) throws(BindError) -> Attempt {
        var address = try address(path)
        let socket = try stream()
        guard withAddress(&address, { Glibc.connect(socket.number, $0, $1) }) != 0 else { return .connected(socket) }
        guard errno == EAGAIN else { throw .system(SystemError("connect", path, code: errno)) }
        return .full
    }

    /// A directory for sockets: made with mode 0700, or found to be ours and writable by nobody else.
    package static func prepareDirectory(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else { throw SystemError("mkdir", path, code: errno) }
        var info = stat()
        guard stat(path, &info) == 0 else { throw SystemError("stat", path, code: errno) }
        guard info.st_mode & S_IFMT == S_IFDIR else { throw SystemError("mkdir", path, code: ENOTDIR) }
        let isOurs = info.st_uid == geteuid() || info.st_uid == 0
        guard isOurs, info.st_mode & 0o022 == 0 else {
            throw SystemError("open", "\(path) (belongs to uid \(info.st_uid) or others may write it)", code: EPERM)
        }
    }

    // MARK: Steps

    private static func removeStale(_ path: String, _ address: inout sockaddr_un) throws(BindError) {
        var info = stat()
        guard lstat(path, &info) == 0 else {
            guard errno == ENOENT else { throw .system(SystemError("lstat", path, code: errno)) }
            return
        }
        guard info.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
        let probe = try stream()
        guard withAddress(&address, { Glibc.connect(probe.number, $0, $1) }) != 0 else { throw .inUse(path: path) }
        switch errno {
        case ECONNREFUSED: break
        case EAGAIN: throw .inUse(path: path)
        default: throw .system(SystemError("connect", path, code: errno))
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw .system(SystemError("unlink", path, code: errno)) }
    }

    private static func address(_ path: String) throws(BindError) -> sockaddr_un {
        let bytes = Array(path.utf8)
        guard bytes.count <= longestPath else { throw .pathTooLong(path: path, length: bytes.count) }
        guard !bytes.isEmpty, !bytes.contains(0) else { throw .system(SystemError("bind", path, code: EINVAL)) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func stream() throws(BindError) -> Descriptor {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = socket(AF_UNIX, kind, 0)
        guard number >= 0 else { throw .system(SystemError("socket", code: errno)) }
        return Descriptor(owning: number)
    }

    private static func withAddress(
        _ address: inout sockaddr_un,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
