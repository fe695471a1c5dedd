import CLinux
import Glibc
import RoostIPC
package import RoostReactor

/// The socket of NOTIFY_SOCKET for plain programs (sd_notify(3)), and where workers give descriptors back to a new
/// supervisor (FDSTORE): `RUNTIME/notify.sock`. Who speaks is what the kernel
/// says (unix(7), SCM_CREDENTIALS), so everybody may send and nobody can speak for another.
package final class NotifySocket {
    /// So many datagrams in one turn, so that a flood does not hold up the rest.
    private static let mostPerTurn = 32

    package let path: String
    private let reactor: Reactor
    private let descriptor: Int32
    private var source: SourceToken?

    /// Binds the socket; what an earlier roostd has left there is replaced, since the caller holds the directory.
    ///
    /// - Parameter heard: called on the loop with what the process of that number has said, and what it has passed.
    /// - Throws: `SystemError`.
    package init(
        _ path: String,
        on reactor: Reactor,
        heard: @escaping (_ pid: Int32, ProgramNotification, SharedDescriptor?) -> Void
    ) throws(SystemError) {
        guard path.utf8.count <= UnixSocket.longestPath else { throw SystemError("bind", path, code: ENAMETOOLONG) }
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = socket(AF_UNIX, kind, 0)
        guard number >= 0 else { throw SystemError("socket", code: errno) }
        (self.path, self.reactor, descriptor) = (path, reactor, number)
        var on: Int32 = 1
        guard setsockopt(number, SOL_SOCKET, SO_PASSCRED, &on, 4) == 0 else {
            throw SystemError("setsockopt", "SO_PASSCRED", code: errno)  // deinit closes, here and below
        }
        try Self.bind(number, path)
        source = try reactor.register(number, for: .readable) { [unowned self] _ in receive(heard) }
    }

    deinit {
        guard let source else {
            close(descriptor)
            return
        }
        reactor.unregister(source)
        close(descriptor)
        unlink(path)
    }

    private static func bind(_ number: Int32, _ path: String) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        var info = stat()
        if lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SystemError("bind", path, code: errno) }
        chmod(path, 0o666)  // programs may run as other users
    }

    private func receive(_ heard: (Int32, ProgramNotification, SharedDescriptor?) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: ProgramNotification.longest + 1, alignment: 8) { buffer in
            for _ in 0..<Self.mostPerTurn {
                var pid: Int32 = 0
                var number: Int32 = -1
                let count = roost_receive_datagram(descriptor, buffer.baseAddress, buffer.count, &pid, &number)
                guard count >= 0 else { return }
                let passed = number < 0 ? nil : SharedDescriptor(owning: number)
                guard pid > 0, count < buffer.count else { continue }  // nobody's, or longer than the limit
                heard(pid, ProgramNotification(UnsafeRawBufferPointer(rebasing: buffer[..<count])), passed)
            }
        }
    }
}
