/// Lets one change at a time through; the others wait in their order. For changes that suspend in the middle.
package struct SerialQueue: Sendable {
    /// Callers that may wait; more are refused.
    package static let limit = 32

    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init() {}

    /// Whether another caller can be taken.
    package var hasRoom: Bool { waiting.count < Self.limit }

    /// Takes the turn if it is free.
    package mutating func tryEnter() -> Bool {
        guard !isBusy else { return false }
        isBusy = true
        return true
    }

    package mutating func wait(_ continuation: CheckedContinuation<Void, Never>) { waiting.append(continuation) }

    /// Gives the turn to the next.
    package mutating func leave() {
        guard !waiting.isEmpty else {
            isBusy = false
            return
        }
        waiting.removeFirst().resume()
    }
}
