/// The version of a start line (RFC 9112 section 2.3).
enum HTTPVersion {
    /// The minor version of the eight bytes `HTTP/1.x` at `start`.
    @inline(__always)
    static func minor(_ bytes: Span<UInt8>, at start: Int, end: Int) throws(HeadError) -> UInt8 {
        guard start &+ 8 <= end, end <= bytes.count else { throw .badVersion }
        let word = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self)
        let text = UInt64(bigEndian: word)
        if text == 0x4854_5450_2F31_2E31 { return 1 }  // HTTP/1.1
        guard text >> 24 == 0x48_5454_502F, bytes[start &+ 6] == Octet.dot, Octet.isDigit(bytes[start &+ 5]),
            Octet.isDigit(bytes[start &+ 7])
        else { throw .badVersion }
        guard bytes[start &+ 5] == 0x31 else { throw .unsupportedVersion }
        return bytes[start &+ 7] == 0x30 ? 0 : 1
    }
}
