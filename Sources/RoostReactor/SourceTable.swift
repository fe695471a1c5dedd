/// Names a registered descriptor. A stale token is harmless.
package struct SourceToken: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32

    var word: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    init(word: UInt64) { self.init(slot: UInt32(truncatingIfNeeded: word), generation: UInt32(word >> 32)) }
}

/// What a descriptor is ready for, as epoll_ctl(2) has it.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// EPOLLIN
    package static let readable = Readiness(rawValue: 0x001)
    /// EPOLLOUT
    package static let writable = Readiness(rawValue: 0x004)
    /// EPOLLERR; always reported
    package static let error = Readiness(rawValue: 0x008)
    /// EPOLLHUP; always reported
    package static let hangUp = Readiness(rawValue: 0x010)
    /// EPOLLRDHUP
    package static let peerClosed = Readiness(rawValue: 0x2000)
    /// EPOLLET; only asked for
    package static let edgeTriggered = Readiness(rawValue: 1 << 31)
}

/// Called on the reactor's thread when a descriptor is ready. A plain function and its context, so that a hot path
/// costs no reference count; see `Reactor.register(_:for:handler:)` for the closure form.
package typealias RawHandler = @convention(c) (_ context: UnsafeMutableRawPointer, _ readiness: UInt32) -> Void

/// Called with a source's context to take what has come without asking epoll; says whether anything had. See
/// `Reactor.expectSoon(on:_:)`.
package typealias Attempt = @convention(c) (_ context: UnsafeMutableRawPointer) -> Bool

/// The descriptors of a reactor, addressed by slot and generation, so that an event for a descriptor that was taken
/// out a moment ago, or whose number was given out again, reaches nobody.
struct SourceTable {
    enum Target {
        case none
        case closure((Readiness) -> Void)
        case raw(RawHandler, UnsafeMutableRawPointer)
    }

    struct Slot {
        var descriptor: Int32 = -1
        var generation: UInt32 = 0
        var target = Target.none
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []
    private(set) var count = 0

    mutating func insert(_ descriptor: Int32, _ target: Target) -> SourceToken {
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = UInt32(slots.count)
            slots.append(Slot())
        }
        slots[Int(index)].descriptor = descriptor
        slots[Int(index)].target = target
        count += 1
        return SourceToken(slot: index, generation: slots[Int(index)].generation)
    }

    /// The slot, if the token is not stale.
    @inline(__always)
    func find(_ token: SourceToken) -> Slot? {
        let index = Int(token.slot)
        guard index < slots.count, slots[index].generation == token.generation, slots[index].descriptor >= 0 else {
            return nil
        }
        return slots[index]
    }

    /// Takes the descriptor out and says which it was.
    mutating func remove(_ token: SourceToken) -> Int32? {
        guard let slot = find(token) else { return nil }
        let index = Int(token.slot)
        slots[index].descriptor = -1
        slots[index].target = .none
        slots[index].generation &+= 1
        free.append(token.slot)
        count -= 1
        return slot.descriptor
    }
}
