import CLinux
import Glibc
import RoostPolicy
package import RoostProtocol
package import RoostReactor

/// Accepts connections on a listening Unix-domain socket, and serves each with the same handler.
package actor Listener {
    package nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    private nonisolated let reactor: Reactor
    private let socket: Descriptor
    private let identity: Hello
    private let handler: ConnectionHandler
    private let limits: SessionLimits
    private let mostConnections: Int

    private var source: SourceToken?
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var claims: [ObjectIdentifier: ConnectionShares.Claim] = [:]
    private var fairness: Fairness?
    /// Given up when the process has no descriptors left, so that there is one for the next caller.
    private var spare: Descriptor?
    private var isPaused = false
    private var isStopped = false

    /// How long accepting rests when the process has no descriptors left.
    private static let pause = Duration.milliseconds(100)

    /// Divides the connections among users, instead of giving them to whoever comes first.
    package struct Fairness: Sendable {
        var shares: ConnectionShares
        let standing: @Sendable (PeerCredentials) -> ConnectionShares.Standing

        /// - Parameter callers: Connections at once; more are refused with `exhausted`.
        package init(
            callers: Int,
            standing: @escaping @Sendable (PeerCredentials) -> ConnectionShares.Standing
        ) {
            shares = ConnectionShares(callers: callers)
            self.standing = standing
        }
    }

    /// Takes over a listening socket, made by `UnixSocket.bind` or inherited.
    ///
    /// - Parameters:
    ///   - identity: What this process says of itself.
    ///   - mostConnections: More wait in the backlog.
    ///   - fairness: Nil: whoever comes first is served first.
    package init(
        _ socket: consuming Descriptor,
        on reactor: Reactor,
        identity: Hello,
        handler: ConnectionHandler,
        limits: SessionLimits = SessionLimits(),
        mostConnections: Int = 256,
        fairness: Fairness? = nil
    ) {
        self.reactor = reactor
        self.socket = socket
        self.identity = identity
        self.handler = handler
        self.limits = limits
        self.mostConnections = mostConnections
        self.fairness = fairness
        spare = Self.openSpare()
    }

    /// How many peers are connected.
    package var connectionCount: Int { connections.count }

    /// Begins to accept.
    package func start() throws(SystemError) {
        let result = roost_set_nonblocking(socket.number, true)
        guard result == 0 else { throw SystemError("fcntl", code: -result) }
        source = try reactor.register(socket.number, for: .readable) { _ in self.assumeIsolated { $0.accept() } }
    }

    /// Stops accepting; callers wait in the backlog of whoever else holds the socket. Open connections go on.
    package func stop() {
        isStopped = true
        if let source { reactor.unregister(source) }
        source = nil
    }

    /// Stops accepting, and says goodbye to every peer: what is under way is answered.
    package func drain() {
        stop()
        for connection in connections.values { connection.assumeIsolated { $0.drain() } }
    }

    /// Stops accepting and closes every connection.
    package func close() {
        stop()
        for connection in connections.values { connection.assumeIsolated { $0.close() } }
    }

    private func accept() {
        while !isStopped {
            guard connections.count < mostConnections else { return pause(true) }
            let number = roost_accept(socket.number)
            switch -number {
            case _ where number >= 0: serve(Descriptor(owning: number))
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return
            case EMFILE, ENFILE:
                guard spare != nil else { fallthrough }
                spare = nil  // for the caller who waits
            default:
                // No descriptors or memory: what waits stays in the backlog, and the loop must not spin over it.
                pause(true)
                reactor.schedule(after: Self.pause) { [weak self] in self?.assumeIsolated { $0.pause(false) } }
                return
            }
        }
    }

    private func pause(_ wanted: Bool) {
        guard wanted != isPaused, let source else { return }
        isPaused = wanted
        reactor.modify(source, for: wanted ? [] : .readable)
    }

    private func serve(_ socket: consuming Descriptor) {
        var handler = handler
        let closed = handler.closed
        handler.closed = { [weak self] connection, failure in
            self?.assumeIsolated { $0.forget(connection) }
            closed(connection, failure)
        }
        // A failure here is a peer that is gone before it was looked at, or epoll without memory: it sees the end.
        guard let stream = try? ReactorByteStream(socket, on: reactor) else { return restoreSpare() }
        let claim = fairness.map { ConnectionShares.Claim($0.standing(stream.credentials), stream.credentials) }
        let refusal = claim.flatMap { fairness?.shares.enter($0) }
        let connection = Connection(stream, .acceptor, identity: identity, handler: handler, limits: limits)
        if let refusal { return connection.assumeIsolated { $0.breakOff(refusal) } }
        connections[ObjectIdentifier(connection)] = connection
        claims[ObjectIdentifier(connection)] = claim
        guard (try? connection.assumeIsolated({ try $0.start() })) == nil else { return }
        forget(connection)
    }

    private func forget(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        if let claim = claims.removeValue(forKey: ObjectIdentifier(connection)) { fairness?.shares.leave(claim) }
        restoreSpare()
        if connections.count < mostConnections { pause(false) }
    }

    private static func openSpare() -> Descriptor? {
        let number = roost_open("/dev/null", O_RDONLY, 0)
        return number >= 0 ? Descriptor(owning: number) : nil
    }

    private func restoreSpare() {
        if spare == nil { spare = Self.openSpare() }
    }
}
