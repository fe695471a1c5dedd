import Glibc

/// A TCP address as the configuration writes it: `127.0.0.1:8080` or `[::1]:8080`. No names: a listener binds to what
/// the host has, and a name could mean something else tomorrow.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    package let host: String
    package let port: UInt16
    private let isV6: Bool

    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        var host = String(text[..<colon])
        isV6 = host.hasPrefix("[") && host.hasSuffix("]")
        if isV6 { host = String(host.dropFirst().dropLast()) }
        self.host = host
        self.port = port
        var scratch = in6_addr()
        guard inet_pton(isV6 ? AF_INET6 : AF_INET, host, &scratch) == 1 else { return nil }
    }

    /// The address that a listening socket is bound to; nil if it is no TCP socket.
    package init?(boundTo descriptor: Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = Int32(storage.ss_family)
        guard family == AF_INET || family == AF_INET6 else { return nil }
        isV6 = family == AF_INET6
        port = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
                // The port lies at the same place in both families.
                _ = family == AF_INET6
                    ? withUnsafePointer(to: v6.pointee.sin6_addr) {
                        inet_ntop(family, $0, &text, socklen_t(text.count))
                    }
                    : pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
                        withUnsafePointer(to: v4.pointee.sin_addr) { inet_ntop(family, $0, &text, socklen_t(text.count)) }
                    }
                return UInt16(bigEndian: v6.pointee.sin6_port)
            }
        }
        host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package var description: String { isV6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Calls `body` with the address as bind(2) takes it.
    func withSocketAddress<Result>(_ body: (_ family: Int32, UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        if isV6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body(AF_INET6, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body(AF_INET, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
