/// A stream's place in the wheel.
struct TimerNode {
    /// When the stream times out, in nanoseconds of the monotonic clock; `.max`: never.
    fileprivate(set) var deadline = Int64.max
    fileprivate var tick = Int64.max
    fileprivate var slot: Int32 = -1
    fileprivate var previous: StreamPointer?
    fileprivate var next: StreamPointer?
}

/// Coarse timeouts for many streams: a deadline that moves to later costs one store. A stream lies in the slot of the
/// earliest deadline that it had; when that comes, it moves on to the slot of its present one.
struct TimerWheel {
    /// A tick is 2^27 ns = 134 ms; a timeout fires up to one tick late.
    private static let shift: Int64 = 27
    private static let slotCount = 512

    private let slots: UnsafeMutablePointer<StreamPointer?>
    private let occupied: UnsafeMutablePointer<UInt64>
    /// The last tick that was handled.
    private var current: Int64

    init(now: Int64) {
        slots = .allocate(capacity: Self.slotCount)
        slots.initialize(repeating: nil, count: Self.slotCount)
        occupied = .allocate(capacity: Self.slotCount / 64)
        occupied.initialize(repeating: 0, count: Self.slotCount / 64)
        current = now >> Self.shift
    }

    func deallocate() {
        slots.deallocate()
        occupied.deallocate()
    }

    /// Sets a stream's deadline. Returns the instant at which the wheel has to turn for it, if it lies in a new slot.
    @inline(__always)
    mutating func set(_ stream: StreamPointer, to deadline: Int64, now: Int64) -> Int64? {
        stream.pointee.timer.deadline = deadline
        guard deadline != .max else { return nil }
        let tick = (deadline >> Self.shift) &+ 1
        guard tick < stream.pointee.timer.tick else { return nil }
        return insert(stream, tick, now)
    }

    private mutating func insert(_ stream: StreamPointer, _ wanted: Int64, _ now: Int64) -> Int64 {
        remove(stream)
        if isEmpty { current = max(current, now >> Self.shift) }
        let tick = max(current + 1, min(wanted, current + Int64(Self.slotCount) - 1))
        let slot = Int(tick & Int64(Self.slotCount - 1))
        stream.pointee.timer.tick = tick
        stream.pointee.timer.slot = Int32(slot)
        stream.pointee.timer.previous = nil
        stream.pointee.timer.next = slots[slot]
        slots[slot]?.pointee.timer.previous = stream
        slots[slot] = stream
        occupied[slot >> 6] |= 1 << UInt64(slot & 63)
        return tick << Self.shift
    }

    /// Takes a stream out. Its deadline stays what it was.
    mutating func remove(_ stream: StreamPointer) {
        let slot = Int(stream.pointee.timer.slot)
        guard slot >= 0 else { return }
        let (previous, next) = (stream.pointee.timer.previous, stream.pointee.timer.next)
        next?.pointee.timer.previous = previous
        if let previous {
            previous.pointee.timer.next = next
        } else {
            slots[slot] = next
            if next == nil { occupied[slot >> 6] &= ~(1 << UInt64(slot & 63)) }
        }
        stream.pointee.timer.slot = -1
        stream.pointee.timer.tick = .max
    }

    var isEmpty: Bool {
        for word in 0..<Self.slotCount / 64 where occupied[word] != 0 { return false }
        return true
    }

    /// The instant of the next tick that has something in its slot.
    var next: Int64? {
        for distance in 1...Int64(Self.slotCount) {
            let slot = Int((current + distance) & Int64(Self.slotCount - 1))
            if occupied[slot >> 6] & (1 << UInt64(slot & 63)) != 0 { return (current + distance) << Self.shift }
        }
        return nil
    }

    /// Turns the wheel up to `now` and gives the next stream that has timed out; nil when there is no more. Others of a
    /// slot that has come move on.
    mutating func popExpired(now: Int64) -> StreamPointer? {
        while true {
            let slot = Int(current & Int64(Self.slotCount - 1))
            while let stream = slots[slot], stream.pointee.timer.tick <= current {
                let deadline = stream.pointee.timer.deadline
                remove(stream)
                if deadline <= now { return stream }
                if deadline != .max { _ = insert(stream, (deadline >> Self.shift) &+ 1, now) }
            }
            guard current < now >> Self.shift else { return nil }
            current += 1
        }
    }
}
