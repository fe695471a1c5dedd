/// A part of a head's bytes: offsets instead of copies.
package struct ByteRange: Equatable, Sendable {
    package var start: UInt32
    package var count: UInt32

    package init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    /// From `start` up to and without `end`. Offsets of heads are bounded by their limit, far below 32 bits.
    @inline(__always)
    package init(_ start: Int, _ end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.count = UInt32(truncatingIfNeeded: end &- start)
    }

    /// No bytes.
    package static let empty = ByteRange(start: 0, count: 0)

    package var isEmpty: Bool { count == 0 }
    package var end: Int { Int(start) &+ Int(count) }
    package var bounds: Range<Int> { Int(start)..<end }
}
