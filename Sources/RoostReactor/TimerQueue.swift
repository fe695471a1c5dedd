internal import RoostPolicy

/// Names a timer. A stale token, of a timer that has fired or was cancelled, is harmless.
package struct TimerToken: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
}

/// Timers ordered by deadline: an indexed binary heap, so that cancelling takes a timer out at once and a million
/// cancelled deadlines leave nothing behind.
struct TimerQueue {
    private struct Slot {
        var generation: UInt32 = 0
        var position = -1  // in the heap; -1: free
        var deadline = MonotonicInstant(nanoseconds: 0)
        var sequence: UInt64 = 0
        var fire: (() -> Void)?
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []
    private var heap: [UInt32] = []
    private var sequence: UInt64 = 0

    var count: Int { heap.count }
    var earliest: MonotonicInstant? { heap.first.map { slots[Int($0)].deadline } }

    mutating func insert(at deadline: MonotonicInstant, _ fire: @escaping () -> Void) -> TimerToken {
        let index: UInt32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = UInt32(slots.count)
            slots.append(Slot())
        }
        sequence &+= 1
        slots[Int(index)].deadline = deadline
        slots[Int(index)].sequence = sequence
        slots[Int(index)].fire = fire
        slots[Int(index)].position = heap.count
        heap.append(index)
        siftUp(heap.count - 1)
        return TimerToken(slot: index, generation: slots[Int(index)].generation)
    }

    /// Takes the timer out; false if it is not there any more.
    @discardableResult
    mutating func cancel(_ token: TimerToken) -> Bool { take(token) != nil }

    /// Takes the timer out and gives what it was to call; nil if it is not there any more.
    mutating func take(_ token: TimerToken) -> (() -> Void)? {
        let index = Int(token.slot)
        guard index < slots.count, slots[index].generation == token.generation, slots[index].position >= 0 else {
            return nil
        }
        return remove(at: slots[index].position)
    }

    /// The timers that are due, by deadline, those of one deadline in the order of their making. They stay in, so that
    /// one can cancel the next; and what is made while they fire is not among them, so that a timer that renews itself
    /// holds up nobody.
    func due(at now: MonotonicInstant) -> [TimerToken] {
        var due: [Slot] = []
        var positions = [0]
        while let position = positions.popLast() {  // below a timer that is not due none is
            guard position < heap.count, slots[Int(heap[position])].deadline <= now else { continue }
            due.append(slots[Int(heap[position])])
            positions += [2 * position + 1, 2 * position + 2]
        }
        due.sort { ($0.deadline, $0.sequence) < ($1.deadline, $1.sequence) }
        return due.map { TimerToken(slot: heap[$0.position], generation: $0.generation) }
    }

    private mutating func remove(at position: Int) -> (() -> Void)? {
        let index = Int(heap[position])
        let last = heap.removeLast()
        if position < heap.count {
            heap[position] = last
            slots[Int(last)].position = position
            siftUp(position)
            siftDown(slots[Int(last)].position)
        }
        let fire = slots[index].fire
        slots[index].fire = nil
        slots[index].position = -1
        slots[index].generation &+= 1
        free.append(UInt32(index))
        return fire
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        let (a, b) = (slots[Int(heap[left])], slots[Int(heap[right])])
        return a.deadline < b.deadline || (a.deadline == b.deadline && a.sequence < b.sequence)
    }

    private mutating func exchange(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        slots[Int(heap[left])].position = left
        slots[Int(heap[right])].position = right
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0, precedes(child, (child - 1) / 2) {
            exchange(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && precedes(child, least) {
                least = child
            }
            guard least != parent else { return }
            exchange(parent, least)
            parent = least
        }
    }
}
