/// Writes a head into memory of the caller. What does not fit is left out and `isOverflowed` says so.
package struct HeadWriter {
    private let base: UnsafeMutablePointer<UInt8>
    private let capacity: Int
    package private(set) var count = 0
    package private(set) var isOverflowed = false

    /// `base` has room for `capacity` bytes and outlives the writer.
    package init(_ base: UnsafeMutablePointer<UInt8>, capacity: Int) {
        self.base = base
        self.capacity = capacity
    }

    @inline(__always)
    package mutating func append(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
        guard length <= capacity &- count else {
            isOverflowed = true
            return
        }
        (base + count).update(from: bytes, count: length)
        count &+= length
    }

    @inline(__always)
    package mutating func append(_ text: StaticString) { append(text.utf8Start, text.utf8CodeUnitCount) }

    @inline(__always)
    package mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        append(start, bytes.count)
    }

    /// The bytes `bytes[start..<end]`.
    @inline(__always)
    package mutating func append(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
        guard start < end else { return }
        bytes.extracting(start..<end).withUnsafeBufferPointer { append($0) }
    }

    @inline(__always)
    package mutating func append(_ bytes: Span<UInt8>, _ range: ByteRange) {
        append(bytes, Int(range.start), range.end)
    }

    @inline(__always)
    package mutating func append(byte: UInt8) {
        guard count < capacity else {
            isOverflowed = true
            return
        }
        base[count] = byte
        count &+= 1
    }

    package mutating func append(decimal value: UInt64) {
        var divisor: UInt64 = 1
        while value / divisor >= 10 { divisor &*= 10 }
        while divisor > 0 {
            append(byte: 0x30 &+ UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    package mutating func append(hexadecimal value: UInt64) {
        var shift = max(0, (63 - value.leadingZeroBitCount) / 4 * 4)
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 0x0F
            append(byte: digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
            shift -= 4
        }
    }

    /// Two decimal digits.
    mutating func append(pair value: Int) {
        append(byte: 0x30 &+ UInt8(truncatingIfNeeded: value / 10 % 10))
        append(byte: 0x30 &+ UInt8(truncatingIfNeeded: value % 10))
    }

    /// Takes everything back.
    package mutating func removeAll() {
        count = 0
        isOverflowed = false
    }
}
