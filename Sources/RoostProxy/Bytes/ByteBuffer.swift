/// Bytes that wait on a connection: memory of a `BufferPool`, taken when the first byte waits and given back with the
/// last, so that an idle connection has none.
struct ByteBuffer {
    fileprivate(set) var base: UnsafeMutablePointer<UInt8>?
    fileprivate(set) var capacity: UInt32 = 0
    fileprivate(set) var start: UInt32 = 0
    fileprivate(set) var end: UInt32 = 0

    var count: Int { Int(end &- start) }
    var isEmpty: Bool { start == end }
    /// How many bytes fit behind the last one.
    var room: Int { Int(capacity &- end) }

    /// The waiting bytes.
    var bytes: UnsafeMutableBufferPointer<UInt8> {
        guard let base else { return UnsafeMutableBufferPointer(start: nil, count: 0) }
        return UnsafeMutableBufferPointer(start: base + Int(start), count: count)
    }

    /// Where the next byte goes.
    var tail: UnsafeMutablePointer<UInt8>? { base.map { $0 + Int(end) } }

    /// Says that `length` bytes were written at `tail`.
    mutating func commit(_ length: Int) {
        precondition(length >= 0 && length <= room)
        end &+= UInt32(truncatingIfNeeded: length)
    }
}

/// Memory in three sizes. What is given back is kept for the next one, up to a bound per size.
struct BufferPool {
    static let sizes = (small: 4096, medium: 65536, large: 262_144)
    private static let keptBytes = 4 << 20

    private struct Shelf {
        let size: Int
        var free: UnsafeMutableRawPointer?  // a list through the first word of each piece
        var count = 0
    }

    private var small = Shelf(size: sizes.small)
    private var medium = Shelf(size: sizes.medium)
    private var large = Shelf(size: sizes.large)

    /// Memory that connections hold now, and the most that they ever held, in bytes.
    private(set) var bytesInUse = 0
    private(set) var mostBytesInUse = 0

    /// Makes room for `length` more bytes behind the waiting ones: moves them to the front, or to a larger piece. False
    /// if they do not fit the largest.
    mutating func reserve(_ length: Int, in buffer: inout ByteBuffer) -> Bool {
        if buffer.room >= length { return true }
        let needed = buffer.count &+ length
        guard needed <= Self.sizes.large else { return false }
        if needed > Int(buffer.capacity) {
            var larger = take(needed)
            append(UnsafeBufferPointer(buffer.bytes), to: &larger)
            release(&buffer)
            buffer = larger
        } else if let base = buffer.base {
            let count = buffer.count
            base.update(from: base + Int(buffer.start), count: count)
            buffer.start = 0
            buffer.end = UInt32(count)
        }
        return true
    }

    /// Adds bytes; false if they do not fit.
    mutating func append(_ bytes: UnsafePointer<UInt8>, _ length: Int, to buffer: inout ByteBuffer) -> Bool {
        guard length > 0 else { return true }
        guard reserve(length, in: &buffer), let tail = buffer.tail else { return false }
        tail.update(from: bytes, count: length)
        buffer.commit(length)
        return true
    }

    /// Takes `length` bytes off the front; the memory goes back with the last of them.
    mutating func consume(_ length: Int, from buffer: inout ByteBuffer) {
        precondition(length >= 0 && length <= buffer.count)
        buffer.start &+= UInt32(truncatingIfNeeded: length)
        if buffer.isEmpty { release(&buffer) }
    }

    mutating func release(_ buffer: inout ByteBuffer) {
        guard let base = buffer.base else { return }
        bytesInUse -= Int(buffer.capacity)
        switch Int(buffer.capacity) {
        case Self.sizes.small: Self.give(base, to: &small)
        case Self.sizes.medium: Self.give(base, to: &medium)
        default: Self.give(base, to: &large)
        }
        buffer = ByteBuffer()
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>, to buffer: inout ByteBuffer) {
        guard let source = bytes.baseAddress, let tail = buffer.tail else { return }
        tail.update(from: source, count: bytes.count)
        buffer.commit(bytes.count)
    }

    private mutating func take(_ length: Int) -> ByteBuffer {
        let buffer: ByteBuffer
        if length <= Self.sizes.small {
            buffer = Self.take(from: &small)
        } else {
            buffer = length <= Self.sizes.medium ? Self.take(from: &medium) : Self.take(from: &large)
        }
        bytesInUse += Int(buffer.capacity)
        mostBytesInUse = max(mostBytesInUse, bytesInUse)
        return buffer
    }

    private static func take(from shelf: inout Shelf) -> ByteBuffer {
        let memory: UnsafeMutableRawPointer
        if let free = shelf.free {
            memory = free
            shelf.free = free.load(as: UnsafeMutableRawPointer?.self)
            shelf.count -= 1
        } else {
            memory = .allocate(byteCount: shelf.size, alignment: 16)
        }
        let base = memory.assumingMemoryBound(to: UInt8.self)
        return ByteBuffer(base: base, capacity: UInt32(shelf.size), start: 0, end: 0)
    }

    private static func give(_ base: UnsafeMutablePointer<UInt8>, to shelf: inout Shelf) {
        let memory = UnsafeMutableRawPointer(base)
        guard shelf.count < keptBytes / shelf.size else { return memory.deallocate() }
        memory.storeBytes(of: shelf.free, as: UnsafeMutableRawPointer?.self)
        shelf.free = memory
        shelf.count += 1
    }

    /// Frees what is kept.
    mutating func deallocate() {
        Self.empty(&small)
        Self.empty(&medium)
        Self.empty(&large)
    }

    private static func empty(_ shelf: inout Shelf) {
        while let free = shelf.free {
            shelf.free = free.load(as: UnsafeMutableRawPointer?.self)
            free.deallocate()
        }
        shelf.count = 0
    }
}
