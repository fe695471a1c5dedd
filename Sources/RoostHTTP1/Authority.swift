/// Host and optional port (RFC 9110 section 7.2), in the strict subset that names real hosts: letters, digits, `-._~`,
/// or an IPv6 address in brackets. No user information, no percent-encoding, no empty host.
package enum Authority {
    package static func isValid(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        guard !range.isEmpty, range.count <= 261, range.end <= bytes.count else { return false }
        var index = Int(range.start)
        let end = range.end
        if bytes[index] == 0x5B {
            index &+= 1
            let start = index
            while index < end,
                bytes[index] == Octet.colon || bytes[index] == Octet.dot
                    || Octet.hexValue(bytes[index]) != nil
            { index &+= 1 }
            guard index > start &+ 1, index < end, bytes[index] == 0x5D else { return false }
            index &+= 1
        } else {
            let start = index
            while index < end, isHostByte(bytes[index]) { index &+= 1 }
            guard index > start else { return false }
        }
        guard index < end else { return true }
        guard bytes[index] == Octet.colon, end &- index <= 6 else { return false }
        index &+= 1
        var port = 0
        let portStart = index
        while index < end {
            guard Octet.isDigit(bytes[index]) else { return false }
            port = port &* 10 &+ Int(bytes[index] &- 0x30)
            index &+= 1
        }
        return index > portStart && port <= 65535
    }

    /// The host without its port.
    package static func host(_ bytes: Span<UInt8>, _ range: ByteRange) -> ByteRange {
        guard !range.isEmpty else { return range }
        var index = Int(range.start)
        if bytes[index] == 0x5B {
            while index < range.end, bytes[index] != 0x5D { index &+= 1 }
            return ByteRange(Int(range.start), min(index &+ 1, range.end))
        }
        while index < range.end, bytes[index] != Octet.colon { index &+= 1 }
        return ByteRange(Int(range.start), index)
    }

    @inline(__always)
    private static func isHostByte(_ byte: UInt8) -> Bool {
        Octet.isAlphanumeric(byte) || byte == 0x2D || byte == Octet.dot || byte == 0x5F || byte == 0x7E
    }
}
