/// Frames on their way out, as one run of bytes. Grows as needed; whoever appends looks at `pending` first, which is
/// what bounds it.
package struct FrameOutput: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0
    private var end = 0

    package init() {}

    /// Bytes that are not consumed.
    package var pending: Int { end - start }

    /// Bytes of memory held.
    package var capacity: Int { buffer.count }

    /// Appends a frame; a header and a payload together are at most 4 GiB long.
    package mutating func append(_ header: FrameHeader, payload: [UInt8] = []) {
        let length = FrameHeader.size + payload.count
        makeRoom(FrameHeader.lengthSize + length)
        let place = end..<end + FrameHeader.lengthSize + length
        end = place.upperBound
        var free = buffer.mutableSpan
        var all = unsafe free.mutableBytes  // bytes have no padding
        var bytes = all._mutatingExtracting(place)
        bytes.put(UInt32(length), at: 0)
        bytes.put(FrameHeader.version, at: 4)
        bytes.put(header.kind.rawValue, at: 5)
        bytes.put(header.flags.rawValue, at: 6)
        bytes.put(header.id, at: 8)
        bytes.put(header.method, at: 12)
        bytes.put(UInt16(0), at: 14)
        bytes.put(header.argument, at: 16)
        guard !payload.isEmpty else { return }
        var rest = bytes._mutatingExtracting(FrameHeader.lengthSize + FrameHeader.size..<place.count)
        unsafe rest.withUnsafeMutableBytes { rest in
            // `rest` is what the header left of the place: payload.count bytes.
            unsafe payload.withUnsafeBytes { unsafe rest.copyMemory(from: $0) }
        }
    }

    /// Offers what is pending to `write`, which says how many bytes it took from the beginning. Returns what `write`
    /// gave.
    package mutating func drain(_ write: (RawSpan) -> Int) -> Int {
        let count = write(unsafe buffer.span.bytes.extracting(start..<end))  // bytes have no padding
        guard count > 0 else { return count }
        start += min(count, pending)
        if start == end {
            start = 0
            end = 0
            if buffer.count > Self.keptSize { buffer = [] }
        }
        return count
    }

    /// What is kept of a buffer that has run empty.
    private static let keptSize = 64 << 10

    private mutating func makeRoom(_ count: Int) {
        if buffer.count - end >= count { return }
        if start > 0, start >= pending {
            buffer.replaceSubrange(0..<pending, with: buffer[start..<end])
            end -= start
            start = 0
        }
        let missing = count - (buffer.count - end)
        guard missing > 0 else { return }
        buffer += [UInt8](repeating: 0, count: max(missing, buffer.count, 4096))
    }
}

extension MutableRawSpan {
    /// Stores a number big-endian; traps outside the span.
    @inline(__always)
    fileprivate mutating func put(_ number: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
        storeBytes(of: number.bigEndian, toByteOffset: offset, as: type(of: number))
    }
}
