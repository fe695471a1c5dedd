/// Finds the end of a head, however the bytes are cut, looking at each byte once.
///
/// The offsets are relative to the first byte of the message; the caller keeps the bytes in one place, and keeps this
/// value (eight bytes) with them.
package struct HeadScanner: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        case incomplete
        /// The head is `bytes[start..<end]`, the empty line included; `start` is 2 if one empty line came before it.
        case complete(start: Int, end: Int)
        case malformed(HeadError)
    }

    private var position: UInt32 = 0
    private var lineStart: UInt32 = 0
    /// Where the first line begins: 0, or 2 after one tolerated CRLF (RFC 9112 section 2.2).
    private var start: UInt32 = 0

    package init() {}

    /// Whether a whole first line has been seen; until then a full buffer means that the target is too long.
    package var hasFirstLine: Bool { lineStart > start }
    /// How many bytes have been looked at.
    package var scanned: Int { Int(position) }

    package mutating func scan(_ bytes: Span<UInt8>) -> Outcome {
        var index = Int(position)
        while true {
            index = Self.lineFeed(in: bytes, from: index)
            guard index < bytes.count else {
                position = UInt32(truncatingIfNeeded: bytes.count)
                return .incomplete
            }
            guard index > Int(lineStart), bytes[index &- 1] == Octet.carriageReturn else {
                return .malformed(.bareLineFeed)
            }
            let isEmpty = index &- 1 == Int(lineStart)
            index &+= 1
            if isEmpty {
                if lineStart > start { return .complete(start: Int(start), end: index) }
                guard start == 0 else { return .malformed(.badRequestLine) }
                start = 2
            }
            lineStart = UInt32(truncatingIfNeeded: index)
        }
    }

    /// The offset of the next LF, or the count: eight bytes at a time.
    @inline(__always)
    private static func lineFeed(in bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        let raw = bytes.bytes
        let ones: UInt64 = 0x0101_0101_0101_0101
        while index &+ 8 <= raw.byteCount {
            let word = raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) ^ (ones &* 0x0A)
            let hit = (word &- ones) & ~word & (ones &* 0x80)
            if hit != 0 { return index &+ (UInt64(littleEndian: hit).trailingZeroBitCount >> 3) }
            index &+= 8
        }
        while index < bytes.count, bytes[index] != Octet.lineFeed { index &+= 1 }
        return index
    }
}
