/// The items of a server stream, for one reader. At most `window` of them are held here; letting go of the stream
/// takes it back.
package final class ItemStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    private let connection: Connection
    private let id: UInt32

    init(_ connection: Connection, id: UInt32) {
        self.connection = connection
        self.id = id
    }

    deinit { connection.letGo(of: id) }

    package func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    /// The next item; nil when the stream has ended.
    ///
    /// - Throws: `RequestFailure` of the other side, or when the connection ends; `CancellationError`.
    package func next() async throws -> [UInt8]? { try await connection.nextItem(of: id) }

    package struct Iterator: AsyncIteratorProtocol {
        let stream: ItemStream

        package func next() async throws -> [UInt8]? { try await stream.next() }
    }
}

/// What a stream of ours holds between the wire and its reader.
struct ItemQueue {
    /// How many items may be under way or held.
    let window: UInt32
    private(set) var items: [[UInt8]] = []
    private var first = 0
    private var taken: UInt32 = 0
    var waiter: CheckedContinuation<[UInt8]?, any Error>?
    /// Set when no item comes any more.
    var end: Result<Void, any Error>?

    init(window: UInt32) { self.window = window }

    mutating func append(_ item: [UInt8]) { items.append(item) }

    mutating func popFirst() -> [UInt8]? {
        guard first < items.count else { return nil }
        let item = items[first]
        items[first] = []
        first += 1
        if first == items.count {
            items.removeAll(keepingCapacity: true)
            first = 0
        }
        return item
    }

    /// Notes that the reader has one item more. Gives the credit that is due: half a window at a time, so that credits
    /// are few.
    mutating func credit() -> UInt32? {
        taken += 1
        guard taken >= max(1, window / 2) else { return nil }
        defer { taken = 0 }
        return taken
    }
}
