import CLinux
import Glibc

/// What a worker holds for its supervisor: where no service manager keeps them, only the workers still have the listeners
/// when the supervisor has died, and its successor gets them from here.
struct Keepsake: Sendable {
    /// By the names of LISTEN_FDNAMES: the listeners, and `ipc`.
    let sockets: [(name: String, number: Int32)]
    /// `RUNTIME/notify.sock`.
    let path: String

    /// Passes every socket in a datagram of its own, as sd_notify(3) does it (FDSTORE, FDNAME). False: the supervisor has
    /// no room now.
    func giveBack() -> Bool {
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let socket = Glibc.socket(AF_UNIX, kind, 0)
        guard socket >= 0 else { return false }
        defer { close(socket) }
        guard connect(socket) else { return false }
        return sockets.allSatisfy { name, number in
            let text = Array("FDSTORE=1\nFDNAME=\(name)".utf8)
            return roost_send_fds(socket, text, text.count, [number], 1) > 0
        }
    }

    private func connect(_ socket: Int32) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        } == 0
    }
}
