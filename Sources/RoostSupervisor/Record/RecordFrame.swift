/// How entries lie in a segment of the record:
///
///     0        4        8
///     | length | CRC-32 | payload: a RecordEntry message, `length` bytes |     numbers are little-endian
///
/// An entry is whole or not there: a frame that is cut, or damaged, ends the segment. A length of 0 is no frame, so that
/// the zeros that a file system may leave after a power failure are not taken for entries.
package enum RecordFrame {
    package static let headerLength = 8
    /// Larger ones are not written, and not believed.
    package static let longestPayload = 64 * 1024

    /// The frame of a payload of 1 to `longestPayload` bytes.
    package static func encode(_ payload: [UInt8]) -> [UInt8] {
        bytes(UInt32(clamping: payload.count)) + bytes(CRC32.of(payload)) + payload
    }

    /// The payloads of all whole frames, and how many bytes they take with their headers.
    package static func decode(_ segment: [UInt8]) -> (payloads: [ArraySlice<UInt8>], length: Int) {
        var payloads: [ArraySlice<UInt8>] = []
        var place = 0
        while segment.count - place >= headerLength {
            let length = Int(number(segment[place..<place + 4]))
            let start = place + headerLength
            guard (1...longestPayload).contains(length), segment.count - start >= length else { break }
            let payload = segment[start..<start + length]
            guard CRC32.of(payload) == number(segment[place + 4..<start]) else { break }
            payloads.append(payload)
            place = start + length
        }
        return (payloads, place)
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// The checksum of IEEE 802.3, as zlib and PNG have it (RFC 1952, section 8).
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 0 ? rest >> 1 : rest >> 1 ^ 0xedb8_8320 }
    }

    static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in sum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] }
    }
}
