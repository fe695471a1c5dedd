package import RoostPolicy

/// The last elements of a stream, for any number of readers, none of whom anybody waits for: a reader goes through the
/// ring by number at its own pace, and what the ring has given up meanwhile is counted as dropped.
package final class Feed<Element: Sendable> {
    package private(set) var ring: BoundedRing<Element>
    private var waiters: [UInt64: () -> Void] = [:]
    private var nextWaiter: UInt64 = 0

    package init(capacity: Int, bytes: Int = .max) { ring = BoundedRing(capacity: capacity, costLimit: bytes) }

    /// Sets new bounds; what does not fit any more is given up.
    package func resize(capacity: Int, bytes: Int = .max) { ring.resize(capacity: capacity, costLimit: bytes) }

    /// Adds an element and wakes the readers; returns its number.
    @discardableResult
    package func append(_ element: Element, cost: Int = 1) -> UInt64 {
        let number = ring.append(element, cost: cost)
        guard !waiters.isEmpty else { return number }
        let waiters = waiters
        self.waiters = [:]
        for waiter in waiters.values { waiter() }
        return number
    }

    /// Calls `action` once, when the next element has come. The token takes it back.
    package func whenAppended(_ action: @escaping () -> Void) -> UInt64 {
        nextWaiter += 1
        waiters[nextWaiter] = action
        return nextWaiter
    }

    package func forget(_ token: UInt64) { waiters[token] = nil }
}
