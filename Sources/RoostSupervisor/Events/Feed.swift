package import RoostProtocol
package import RoostReactor

/// What a feed holds: a message that is told with its number.
package protocol Numbered: ProtobufMessage {
    /// Given by the feed.
    var id: UInt64 { get set }
}

extension LogLine: Numbered {}
extension RoostProtocol.Event: Numbered {}

/// The last elements of a stream, for any number of readers, none of whom anybody waits for: a reader goes through the
/// ring by number at its own pace, and what the ring has given up meanwhile is counted as dropped.
///
/// The ring holds the elements as they are sent, `prefix` bytes of the feed's owner before each; with a path they outlive
/// this process.
package final class Feed<Element: Numbered> {
    package let ring: SharedRing
    private let prefix: Int
    private var waiters: [UInt64: () -> Void] = [:]
    private var nextWaiter: UInt64 = 0

    /// - Throws: `SystemError` when there is no memory.
    package init(capacity: Int = .max, bytes: Int, path: String? = nil, prefix: Int = 0) throws(SystemError) {
        ring = try SharedRing(path: path, capacityBytes: bytes, mostRecords: capacity)
        self.prefix = prefix
    }

    /// Sets new bounds; what does not fit any more is given up. Without memory for them the old ones stay.
    package func resize(capacity: Int = .max, bytes: Int) {
        do throws(SystemError) { try ring.resize(capacityBytes: bytes, mostRecords: capacity) } catch {}
    }

    /// The element with a number, if it is still held.
    package subscript(number: UInt64) -> Element? {
        guard let bytes = ring[number], bytes.count >= prefix,
            var element = try? Element(decoding: bytes[prefix...])
        else { return nil }
        element.id = number
        return element
    }

    /// Adds an element that was encoded with its prefix and wakes the readers; returns its number.
    @discardableResult
    package func append(encoded bytes: [UInt8]) -> UInt64 {
        let number = ring.append(bytes)
        guard !waiters.isEmpty else { return number }
        let waiters = waiters
        self.waiters = [:]
        for waiter in waiters.values { waiter() }
        return number
    }

    /// Adds an element of a feed without prefix.
    @discardableResult
    package func append(_ element: Element) -> UInt64 { append(encoded: element.encoded()) }

    /// Calls `action` once, when the next element has come. The token takes it back.
    package func whenAppended(_ action: @escaping () -> Void) -> UInt64 {
        nextWaiter += 1
        waiters[nextWaiter] = action
        return nextWaiter
    }

    package func forget(_ token: UInt64) { waiters[token] = nil }
}
