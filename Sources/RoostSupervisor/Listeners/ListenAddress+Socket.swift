import Glibc
import RoostConfig

extension ListenAddress {
    /// The address that a socket is bound to; nil if it is no TCP socket.
    init?(boundTo descriptor: Int32) {
        var storage = sockaddr_in6()  // large enough for both families
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { return nil }
        let bytes: [UInt8]
        switch Int32(storage.sin6_family) {
        case AF_INET6: bytes = withUnsafeBytes(of: storage.sin6_addr) { Array($0) }
        case AF_INET:
            bytes = withUnsafePointer(to: storage) {
                $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
                    withUnsafeBytes(of: v4.pointee.sin_addr) { Array($0) }
                }
            }
        default: return nil
        }
        guard let address = IPAddress(bytes: bytes) else { return nil }
        self.init(address: address, port: UInt16(bigEndian: storage.sin6_port))  // at the same place in both families
    }

    /// Calls `body` with the address as bind(2) takes it.
    func withSocketAddress<Result>(_ body: (_ family: Int32, UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        if address.isVersion6 {
            var raw = sockaddr_in6()
            raw.sin6_family = sa_family_t(AF_INET6)
            raw.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &raw.sin6_addr) { $0.copyBytes(from: address.bytes) }
            return Self.rebound(&raw) { body(AF_INET6, $0, $1) }
        }
        var raw = sockaddr_in()
        raw.sin_family = sa_family_t(AF_INET)
        raw.sin_port = port.bigEndian
        withUnsafeMutableBytes(of: &raw.sin_addr) { $0.copyBytes(from: address.bytes) }
        return Self.rebound(&raw) { body(AF_INET, $0, $1) }
    }

    private static func rebound<Raw, Result>(
        _ raw: inout Raw,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: &raw) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Raw>.size)) }
        }
    }
}
