package import RoostPolicy
package import RoostProtocol

/// What one side of a connection does when the other asks. Everything is called on the loop's thread and in the order
/// of arrival, and returns at once.
package struct ConnectionHandler: Sendable {
    /// Decides about a peer that dialled; throws to turn it away.
    package var admit: @Sendable (PeerCredentials, Hello) throws(RequestFailure) -> Void
    /// The handshake is done.
    package var opened: @Sendable (Connection) -> Void
    package var request: @Sendable (IncomingRequest) -> Answer
    package var event: @Sendable (IncomingEvent) -> Void
    /// The connection has ended: the last that is heard of it. Nil: in good order.
    package var closed: @Sendable (Connection, RequestFailure?) -> Void
    /// Where the frames between us and the process that has dialled are kept; nil: nowhere.
    package var trace: @Sendable (PeerCredentials) -> FrameTrace?

    /// What is not given admits everybody, knows no method and ignores the rest.
    package init(
        admit: @escaping @Sendable (PeerCredentials, Hello) throws(RequestFailure) -> Void = {
            (_, _) throws(RequestFailure) in
        },
        opened: @escaping @Sendable (Connection) -> Void = { _ in },
        request: @escaping @Sendable (IncomingRequest) -> Answer = { .unknown($0.method) },
        event: @escaping @Sendable (IncomingEvent) -> Void = { _ in },
        closed: @escaping @Sendable (Connection, RequestFailure?) -> Void = { _, _ in },
        trace: @escaping @Sendable (PeerCredentials) -> FrameTrace? = { _ in nil }
    ) {
        self.admit = admit
        self.opened = opened
        self.request = request
        self.event = event
        self.closed = closed
        self.trace = trace
    }
}

/// Who is at the other end of an open connection.
package struct Peer: Sendable, Equatable {
    package let credentials: PeerCredentials
    /// What it says of itself. Of a peer that was dialled: name, pid and version from its welcome.
    package let hello: Hello
}

/// A request or stream that a peer asks for.
package struct IncomingRequest: Sendable {
    package let connection: Connection
    package let peer: Peer
    package let method: Method
    package let payload: [UInt8]
    /// When the caller stops waiting, on this side's clock.
    package let deadline: MonotonicInstant?
    /// Whether the caller wants items.
    package let isStream: Bool
}

/// One-way news from a peer.
package struct IncomingEvent: Sendable {
    package let connection: Connection
    package let peer: Peer
    package let method: Method
    package let payload: [UInt8]
}

/// How a request is answered. Closures run as a task on the loop, which is cancelled when the caller takes the request
/// back, when its deadline passes, and when the connection ends; a `RequestFailure` that they throw goes to the caller.
package enum Answer: Sendable {
    /// Right now: the fast path.
    case reply([UInt8])
    case failure(RequestFailure)
    case later(@Sendable () async throws -> [UInt8])
    /// Items, each of which waits for the caller's credit; the stream ends when the closure returns.
    case items(@Sendable (ItemWriter) async throws -> Void)

    /// An encoded message as the reply.
    package static func message(_ message: some ProtobufMessage) -> Answer { .reply(message.encoded()) }

    package static func failure(_ code: ErrorCode, _ message: String) -> Answer {
        .failure(RequestFailure(code, message))
    }

    /// The answer to a method that is not served.
    package static func unknown(_ method: Method) -> Answer {
        .failure(.unknownMethod, "method \(method.number) is not served here")
    }
}

/// Sends the items of one stream.
package struct ItemWriter: Sendable {
    let connection: Connection
    let id: UInt32

    /// Sends an item as soon as the reader has room for it.
    ///
    /// - Throws: `CancellationError` when nobody reads any more, `RequestFailure` for an item over the frame limit.
    package func send(_ item: [UInt8]) async throws { try await connection.sendItem(item, of: id) }

    package func send(_ item: some ProtobufMessage) async throws { try await send(item.encoded()) }
}
