import Glibc

/// An IPv4 or IPv6 address with a port, as the kernel takes it.
package struct SocketAddress: Sendable, Equatable {
    private var storage = sockaddr_storage()
    private let length: socklen_t

    /// Takes a literal address; nil if `host` is a name.
    package init?(literal host: String, port: UInt16) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, host, &four) == 1 {
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { raw in
                raw.baseAddress?.assumingMemoryBound(to: sockaddr_in.self).pointee = sockaddr_in(
                    sin_family: sa_family_t(AF_INET),
                    sin_port: port.bigEndian,
                    sin_addr: four,
                    sin_zero: (0, 0, 0, 0, 0, 0, 0, 0)
                )
            }
        } else if inet_pton(AF_INET6, host, &six) == 1 {
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { raw in
                raw.baseAddress?.assumingMemoryBound(to: sockaddr_in6.self).pointee = sockaddr_in6(
                    sin6_family: sa_family_t(AF_INET6),
                    sin6_port: port.bigEndian,
                    sin6_flowinfo: 0,
                    sin6_addr: six,
                    sin6_scope_id: 0
                )
            }
        } else {
            return nil
        }
    }

    /// Takes what getaddrinfo(3) gave.
    init?(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        guard Int(length) <= MemoryLayout<sockaddr_storage>.size else { return nil }
        self.length = length
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
        }
    }

    package static func == (left: SocketAddress, right: SocketAddress) -> Bool {
        withUnsafeBytes(of: left.storage) { a in
            withUnsafeBytes(of: right.storage) { b in
                left.length == right.length && a.prefix(Int(left.length)).elementsEqual(b.prefix(Int(left.length)))
            }
        }
    }

    var family: Int32 { Int32(storage.ss_family) }

    /// Calls connect(2).
    func connect(_ descriptor: Int32) -> Int32 {
        withUnsafeBytes(of: storage) { raw in
            guard let address = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
            return Glibc.connect(descriptor, address, length)
        }
    }

    /// Writes the address of the peer of `descriptor`, without its port, as text into `output`, which has room for
    /// INET6_ADDRSTRLEN bytes; IPv4 addresses in their short form also where they came over IPv6. Returns the length.
    static func peerText(of descriptor: Int32, to output: UnsafeMutablePointer<UInt8>) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { raw in
            guard let base = raw.baseAddress,
                getpeername(descriptor, base.assumingMemoryBound(to: sockaddr.self), &length) == 0
            else { return 0 }
            let family = Int32(base.assumingMemoryBound(to: sockaddr.self).pointee.sa_family)
            let source: UnsafeRawPointer
            var textFamily = family
            switch family {
            case AF_INET: source = UnsafeRawPointer(base + 4)
            case AF_INET6:
                let mapped: (UInt64, UInt16, UInt16) = (
                    base.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                    base.loadUnaligned(fromByteOffset: 16, as: UInt16.self),
                    base.loadUnaligned(fromByteOffset: 18, as: UInt16.self)
                )
                let isMapped = mapped == (0, 0, 0xFFFF)
                textFamily = isMapped ? AF_INET : AF_INET6
                source = UnsafeRawPointer(base + (isMapped ? 20 : 8))
            default: return 0
            }
            return output.withMemoryRebound(to: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
                inet_ntop(textFamily, source, text, socklen_t(INET6_ADDRSTRLEN)) == nil ? 0 : strlen(text)
            }
        }
    }
}
