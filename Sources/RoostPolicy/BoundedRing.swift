/// The last elements of an endless sequence, numbered from 1 without gaps, bounded in count and in cost.
package struct BoundedRing<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var costs: [Int] = []
    private var capacity: Int
    private var head = 0
    private var costLimit: Int
    /// How many are held.
    package private(set) var count = 0
    /// What those cost together.
    package private(set) var cost = 0
    /// The number of the last element; 0 before the first.
    package private(set) var last: UInt64 = 0

    /// - Parameters:
    ///   - capacity: most elements held, at least 1.
    ///   - costLimit: most cost held, in the unit of the elements' costs, bytes for instance.
    package init(capacity: Int, costLimit: Int = .max) {
        self.capacity = max(capacity, 1)
        self.costLimit = costLimit
    }

    /// Sets new bounds; what does not fit any more is given up, the oldest first.
    package mutating func resize(capacity: Int, costLimit: Int = .max) {
        self.capacity = max(capacity, 1)
        self.costLimit = costLimit
        while count > self.capacity || (count > 0 && cost > costLimit) { removeFirst() }
    }

    /// The number of the first element held; `last + 1` when none is.
    package var first: UInt64 { last + 1 - UInt64(count) }

    /// Adds an element, at the expense of the oldest; returns its number. One that alone costs more than the limit is
    /// numbered, and gone at once with all before it.
    @discardableResult
    package mutating func append(_ element: Element, cost elementCost: Int = 1) -> UInt64 {
        if count == capacity { removeFirst() }
        while count > 0, elementCost > costLimit - cost { removeFirst() }
        last += 1
        guard elementCost <= costLimit else { return last }
        if count == elements.count { grow() }
        let place = (head + count) % elements.count
        elements[place] = element
        costs[place] = elementCost
        count += 1
        cost += elementCost
        return last
    }

    /// The element with a number, if it is still held.
    package subscript(number: UInt64) -> Element? {
        guard number >= first, number <= last else { return nil }
        return elements[(head + Int(number - first)) % elements.count]
    }

    /// Memory grows with what is held, up to the capacity: most rings never get full.
    private mutating func grow() {
        let size = min(capacity, max(16, 2 * elements.count))
        elements = Array(elements[head...] + elements[..<head])
        costs = Array(costs[head...] + costs[..<head])
        head = 0
        elements.append(contentsOf: repeatElement(nil, count: size - elements.count))
        costs.append(contentsOf: repeatElement(0, count: size - costs.count))
    }

    private mutating func removeFirst() {
        cost -= costs[head]
        elements[head] = nil
        head = (head + 1) % elements.count
        count -= 1
    }
}
