/// Takes bytes in any pieces and gives frames. Bytes of any origin: the length is checked before room is made for it,
/// and the room grows with what has come, not with what was announced.
///
///     fill or append, then next() until nil; after each header `payload` and `withPayload` give the frame's content
package struct FrameDecoder: Sendable {
    /// Room that is kept ready for the next read, unless configured.
    package static let standardReadSize = 16 << 10

    /// Bytes of a frame behind its length field that are accepted.
    package let limit: Int
    /// Room that is kept ready for the next read, in bytes.
    package let readSize: Int

    private var buffer: [UInt8] = []
    private var start = 0
    private var end = 0
    private var content = 0..<0
    private var failure: FrameError?

    package init(limit: Int = FrameLimits.standardLength, readSize: Int = standardReadSize) {
        self.limit = limit
        self.readSize = max(readSize, FrameHeader.lengthSize + FrameHeader.size)
    }

    /// Bytes that have come and are not part of a frame given out.
    package var pending: Int { end - start }

    /// Bytes of memory held.
    package var capacity: Int { buffer.count }

    /// Offers free room to `read`, which says how many bytes it has put at its beginning. Returns that number and the
    /// size of the room, or what `read` gave if it is not positive.
    package mutating func fill(_ read: (inout MutableRawSpan) -> Int) -> (count: Int, room: Int) {
        makeRoom()
        let place = end..<buffer.count
        let room = place.count
        var free = buffer.mutableSpan
        var bytes = unsafe free.mutableBytes  // bytes have no padding
        var tail = bytes._mutatingExtracting(place)
        let count = read(&tail)
        guard count > 0 else { return (count, room) }
        end += min(count, room)
        return (count, room)
    }

    /// Takes bytes that came some other way.
    package mutating func append(_ bytes: RawSpan) {
        var offset = 0
        while offset < bytes.byteCount {
            let taken = fill { room in
                let count = min(room.byteCount, bytes.byteCount - offset)
                unsafe room.withUnsafeMutableBytes { room in
                    // `count` bytes lie within both.
                    unsafe bytes.extracting(offset..<offset + count).withUnsafeBytes {
                        unsafe room.copyMemory(from: $0)
                    }
                }
                return count
            }
            offset += taken.count
        }
    }

    /// The next frame's header, or nil when more bytes are needed. The payload stays valid until the next call of
    /// anything mutating.
    ///
    /// - Throws: `FrameError`, and the same one ever after.
    package mutating func next() throws(FrameError) -> FrameHeader? {
        if let failure { throw failure }
        do throws(FrameError) {
            guard let (header, length) = try parse() else { return nil }
            let payload = start + FrameHeader.lengthSize + FrameHeader.size
            start += FrameHeader.lengthSize + length
            content = payload..<start
            return header
        } catch {
            failure = error
            throw error
        }
    }

    /// The payload of the frame that `next` gave last.
    package var payload: [UInt8] { Array(buffer[content]) }

    /// The payload of the frame that `next` gave last, where it lies.
    package func withPayload<Result>(_ body: (RawSpan) -> Result) -> Result {
        body(unsafe buffer.span.bytes.extracting(content))  // bytes have no padding
    }

    /// The frame that the bytes begin with, and its length field, once it is complete.
    private func parse() throws(FrameError) -> (FrameHeader, length: Int)? {
        guard pending >= FrameHeader.lengthSize else { return nil }
        let bytes = unsafe buffer.span.bytes.extracting(start..<end)  // bytes have no padding
        let length = Int(bytes.number(at: 0, as: UInt32.self))
        guard length >= FrameHeader.size else { throw .tooShort(length: length) }
        guard length <= limit else { throw .frameTooLarge(length: length, limit: limit) }
        guard bytes.byteCount >= 6 else { return nil }
        let version = bytes.number(at: 4, as: UInt8.self)
        guard version == FrameHeader.version else { throw .badVersion(version) }
        guard let kind = FrameKind(rawValue: bytes.number(at: 5, as: UInt8.self)) else {
            throw .unknownKind(bytes.number(at: 5, as: UInt8.self))
        }
        guard bytes.byteCount - FrameHeader.lengthSize >= length else { return nil }
        let header = FrameHeader(
            kind,
            flags: FrameFlags(rawValue: bytes.number(at: 6, as: UInt16.self)),
            id: bytes.number(at: 8, as: UInt32.self),
            method: bytes.number(at: 12, as: UInt16.self),
            argument: bytes.number(at: 16, as: UInt32.self)
        )
        return (header, length)
    }

    /// Sees to it that something can be read: moves a rest to the front, grows while a long frame comes in, and gives
    /// the room of a long frame back once it is through.
    private mutating func makeRoom() {
        content = 0..<0
        if start == end {
            start = 0
            end = 0
            if buffer.count > 4 * readSize { buffer = [] }
        }
        if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: readSize) }
        guard end == buffer.count else { return }
        if start > 0 {
            buffer.replaceSubrange(0..<end - start, with: buffer[start..<end])
            end -= start
            start = 0
        }
        if buffer.count - end < buffer.count / 2 {
            buffer += [UInt8](repeating: 0, count: buffer.count)
        }
    }
}

extension RawSpan {
    /// The big-endian number at `offset`; traps outside the span, as every access does.
    @inline(__always)
    func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as _: Number.Type) -> Number {
        // Every bit pattern is an integer; the span checks the bounds.
        Number(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}
