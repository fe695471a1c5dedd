/// The form of a path that rules are matched against: unreserved characters decoded, `//` as `/`, dot segments resolved
/// (RFC 3986 section 6.2.2). `%2F` stays a part of its segment. The request goes on with its original bytes.
package enum NormalPath {
    package enum Outcome: Equatable, Sendable {
        /// The path is in this form already.
        case unchanged
        /// That many bytes were written.
        case written(Int)
        /// A bad percent escape, an encoded NUL, or more `..` than there are segments.
        case invalid
    }

    /// Checks `path`, which begins with a slash, and writes its normal form to `output`, which has room for as many bytes.
    package static func normalize(
        _ bytes: Span<UInt8>,
        _ path: ByteRange,
        to output: UnsafeMutablePointer<UInt8>
    ) -> Outcome {
        var index = Int(path.start)
        let end = path.end
        var last: UInt8 = 0
        while index < end {
            let byte = bytes[index]
            if byte == Octet.percent || last == Octet.slash && (byte == Octet.slash || byte == Octet.dot) {
                return rewrite(bytes, path, to: output)
            }
            last = byte
            index &+= 1
        }
        return .unchanged
    }

    private static func rewrite(
        _ bytes: Span<UInt8>,
        _ path: ByteRange,
        to output: UnsafeMutablePointer<UInt8>
    ) -> Outcome {
        var count = 0
        var index = Int(path.start)
        while index < path.end {
            var byte = bytes[index]
            var isEscaped = false
            if byte == Octet.percent {
                guard index &+ 2 < path.end, let high = Octet.hexValue(bytes[index &+ 1]),
                    let low = Octet.hexValue(bytes[index &+ 2])
                else { return .invalid }
                let decoded = high << 4 | low
                guard decoded != 0 else { return .invalid }
                if isUnreserved(decoded) { byte = decoded } else { isEscaped = true }
                index &+= 2
                if isEscaped {
                    output[count] = Octet.percent
                    output[count &+ 1] = upper(bytes[index &- 1])
                    output[count &+ 2] = upper(bytes[index])
                    count &+= 3
                }
            }
            index &+= 1
            if isEscaped { continue }
            if byte == Octet.slash {
                guard closeSegment(output, &count) else { return .invalid }
                if count > 0, output[count &- 1] == Octet.slash { continue }
            }
            output[count] = byte
            count &+= 1
        }
        guard closeSegment(output, &count) else { return .invalid }
        return .written(count)
    }

    /// Resolves the segment that has just ended if it is `.` or `..`.
    private static func closeSegment(_ output: UnsafeMutablePointer<UInt8>, _ count: inout Int) -> Bool {
        if count >= 2, output[count &- 1] == Octet.dot, output[count &- 2] == Octet.slash {
            count &-= 1
        } else if count >= 3, output[count &- 1] == Octet.dot, output[count &- 2] == Octet.dot,
            output[count &- 3] == Octet.slash
        {
            count &-= 3
            guard count > 0 else { return false }
            while count > 0, output[count &- 1] != Octet.slash { count &-= 1 }
        }
        return true
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        Octet.isAlphanumeric(byte) || byte == 0x2D || byte == Octet.dot || byte == 0x5F || byte == 0x7E
    }

    private static func upper(_ byte: UInt8) -> UInt8 { byte &- 0x61 < 26 ? byte & 0xDF : byte }
}
