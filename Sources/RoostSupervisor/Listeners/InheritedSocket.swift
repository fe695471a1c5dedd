import Glibc
import RoostConfig

/// A descriptor that came by socket activation, looked at before it may be a worker's listener: systemd hands over
/// whatever roost.socket names, which may be a datagram socket, a connection (`Accept=yes`), a FIFO or a file.
package struct InheritedSocket {
    package let number: Int32
    /// `FileDescriptorName=` of the socket unit.
    package let name: String

    package init(number: Int32, name: String) {
        self.number = number
        self.name = name
    }

    /// Why it can be no worker's listener; nil: it is a listening TCP socket.
    var obstacle: String? {
        guard let kind else { return nil }
        let at = ListenAddress(boundTo: number).map { " on \($0)" } ?? ""
        return "systemd gave the descriptor \(number) (\(name)), which is \(kind)\(at) and not a listening TCP socket; "
            + "closing it, use ListenStream= and Accept=no in its socket unit"
    }

    private var kind: String? {
        guard let family = option(SO_DOMAIN), let type = option(SO_TYPE), let isListening = option(SO_ACCEPTCONN) else {
            return "no socket"
        }
        guard family == AF_INET || family == AF_INET6 else {
            return family == AF_UNIX ? "a Unix-domain socket" : "a socket of family \(family)"
        }
        let transport = option(SO_PROTOCOL) ?? 0
        switch (type, transport) {
        case (Int32(SOCK_STREAM.rawValue), Int32(IPPROTO_TCP)), (Int32(SOCK_STREAM.rawValue), Self.multipathTCP): break
        case (Int32(SOCK_DGRAM.rawValue), Int32(IPPROTO_UDP)): return "a UDP socket"
        default: return "a socket of type \(type) and protocol \(transport)"
        }
        return isListening == 0 ? "a TCP socket that does not listen" : nil
    }

    /// IPPROTO_MPTCP, which a socket unit's `SocketProtocol=mptcp` gives; Glibc's module does not show it to Swift.
    private static let multipathTCP: Int32 = 262

    private func option(_ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(number, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }
}
