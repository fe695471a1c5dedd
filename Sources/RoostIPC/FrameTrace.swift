package import RoostPolicy
package import RoostProtocol
import RoostWire

/// The last frames between this process and another, both ways, for a report about what came before its end. Its room is
/// made with the first frame and used over and over again: a frame costs a copy of its first bytes. On the loop only.
package final class FrameTrace: @unchecked Sendable {  // used on the loop of the connections that it is given to
    /// Bytes of a payload that are kept.
    package static let kept = 48

    package enum Direction: String, Sendable { case received, sent }

    /// One frame.
    package struct Entry: Sendable, Hashable {
        package let at: MonotonicInstant
        package let direction: Direction
        /// As docs/wire-protocol.md names it, such as `event`.
        package let kind: String
        /// Of a request or an event.
        package let method: Method
        /// Of a request and what belongs to it; 0: the connection itself.
        package let id: UInt32
        /// Bytes of the payload.
        package let length: Int
        /// The first of them.
        package let bytes: [UInt8]
    }

    private struct Slot {
        var at = MonotonicInstant(nanoseconds: 0)
        var direction = Direction.received
        var kind = FrameKind.event
        var method: UInt16 = 0
        var id: UInt32 = 0
        var length = 0
    }

    private let capacity: Int
    private var slots: [Slot] = []
    private var bytes: [UInt8] = []
    private var next = 0
    /// Frames that have ever passed.
    package private(set) var total: UInt64 = 0

    package init(capacity: Int = 100) { self.capacity = max(capacity, 1) }

    /// What is kept, the oldest first.
    package var entries: [Entry] {
        let count = Int(min(total, UInt64(capacity)))
        return (0..<count).map { index in entry(at: (next + capacity - count + index) % capacity) }
    }

    private func entry(at place: Int) -> Entry {
        let slot = slots[place]
        return Entry(
            at: slot.at,
            direction: slot.direction,
            kind: "\(slot.kind)",
            method: Method(number: slot.method),
            id: slot.id,
            length: slot.length,
            bytes: Array(bytes[place * Self.kept..<place * Self.kept + min(slot.length, Self.kept)])
        )
    }

    func note(_ direction: Direction, _ header: FrameHeader, _ payload: RawSpan, at now: MonotonicInstant) {
        if slots.isEmpty {
            slots = Array(repeating: Slot(), count: capacity)
            bytes = Array(repeating: 0, count: capacity * Self.kept)
        }
        slots[next] = Slot(
            at: now,
            direction: direction,
            kind: header.kind,
            method: header.method,
            id: header.id,
            length: payload.byteCount
        )
        payload.extracting(0..<min(payload.byteCount, Self.kept)).withUnsafeBytes { source in
            bytes.withUnsafeMutableBytes { room in
                UnsafeMutableRawBufferPointer(rebasing: room[next * Self.kept..<(next + 1) * Self.kept])
                    .copyMemory(from: source)
            }
        }
        next = (next + 1) % capacity
        total += 1
    }
}
