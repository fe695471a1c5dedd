import Glibc
import RoostPolicy
package import RoostProtocol
package import RoostReactor

/// Connects to the socket of another process.
package struct Dialer: Sendable {
    private let reactor: Reactor
    private let identity: Hello
    private let limits: SessionLimits

    /// How soon a full backlog is tried again.
    private static let pause = Duration.milliseconds(10)

    /// - Parameter identity: What this process says of itself.
    package init(on reactor: Reactor, identity: Hello, limits: SessionLimits = SessionLimits()) {
        self.reactor = reactor
        self.identity = identity
        self.limits = limits
    }

    /// An open connection. While the other process is being replaced, the caller waits in its backlog.
    ///
    /// - Parameter limit: How long connecting and the handshake may take.
    /// - Throws: `UnixSocket.BindError` when nobody holds the socket, `RequestFailure` when the peer refuses or does
    ///   not answer in time, `CancellationError`.
    package func connect(
        to path: String,
        handler: ConnectionHandler = ConnectionHandler(),
        within limit: Duration = .seconds(5)
    ) async throws -> Connection {
        let deadline = reactor.now.advanced(by: limit)
        while true {
            switch try UnixSocket.connect(path) {
            case .connected(let socket):
                var limits = limits
                limits.handshake = max(.milliseconds(1), reactor.now.duration(to: deadline))
                let stream = try ReactorByteStream(socket, on: reactor)
                let connection = Connection(stream, .dialler, identity: identity, handler: handler, limits: limits)
                try await connection.open()
                return connection
            case .full:
                guard reactor.now < deadline else {
                    throw RequestFailure(.deadlineExceeded, "\(path): nobody accepts, and the queue is full")
                }
                try await reactor.sleep(for: Self.pause)
            }
        }
    }
}
