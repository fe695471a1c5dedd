/// Immutable bytes outside reference counting, for tables that hot paths read. Freed by the owner of the table.
struct ByteText {
    let bytes: UnsafeBufferPointer<UInt8>

    init(_ text: String) {
        let utf8 = Array(text.utf8)
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(utf8.count, 1))
        _ = memory.initialize(from: utf8)
        bytes = UnsafeBufferPointer(rebasing: memory[0..<utf8.count])
    }

    var count: Int { bytes.count }

    func deallocate() { bytes.baseAddress?.deallocate() }

    /// Whether `other` begins with this.
    @inline(__always)
    func isPrefix(of other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard other.count >= bytes.count else { return false }
        var index = 0
        while index < bytes.count {
            guard bytes[index] == other[index] else { return false }
            index &+= 1
        }
        return true
    }

    @inline(__always)
    func isEqual(to other: UnsafeBufferPointer<UInt8>) -> Bool { other.count == bytes.count && isPrefix(of: other) }

    /// Whether `other` ends with this and is longer.
    @inline(__always)
    func isProperSuffix(of other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard other.count > bytes.count else { return false }
        return isEqual(to: UnsafeBufferPointer(rebasing: other[(other.count - bytes.count)...]))
    }
}
