package import RoostPolicy
package import RoostReactor

/// The proxy's data plane on one reactor: takes connections from inherited listeners, forwards by the rules in force.
///
/// Everything is for the reactor's thread. Nothing is taken before the first `commit`. Lives as long as the process: the
/// reactor's registrations point to it.
package final class DataPlane {
    private let loop: UnsafeMutablePointer<Loop>
    private let reactor: Reactor

    /// A configuration that has been compiled and can be put in force without fail.
    package final class Prepared {
        fileprivate var table: UnsafeMutablePointer<RuleTable>?
        private let loop: UnsafeMutablePointer<Loop>

        fileprivate init(_ table: UnsafeMutablePointer<RuleTable>, _ loop: UnsafeMutablePointer<Loop>) {
            self.table = table
            self.loop = loop
        }

        deinit {
            if let table { loop.pointee.destroy(table) }
        }
    }

    /// Takes over the listeners: bound, listening, non-blocking TCP sockets, which stay the caller's to close.
    ///
    /// - Parameter pseudonym: our name in Via fields, different for each data plane, so that a loop is seen.
    package init(reactor: Reactor, listeners: [Int32], pseudonym: String) {
        self.reactor = reactor
        loop = .allocate(capacity: 1)
        loop.initialize(to: Loop(reactor: reactor, address: loop, pseudonym: pseudonym))
        loop.pointee.listeners = listeners.map { Listener(descriptor: $0, token: nil) }
        let loop = loop
        reactor.atEndOfTurn { loop.pointee.endTurn() }
    }

    /// Takes over further listeners, as those of `init`.
    package func add(_ listeners: [Int32]) { loop.pointee.add(listeners) }

    // MARK: Configuration

    /// Compiles a configuration, with addresses of all its backends (`NameResolver`). Nothing in force changes.
    ///
    /// - Throws: `ProxyConfigurationError` when a backend has no address.
    package func prepare(
        _ configuration: ProxyConfiguration,
        addresses: [String: SocketAddress]
    ) throws -> Prepared {
        Prepared(try loop.pointee.compile(configuration, addresses), loop)
    }

    /// Compiles a configuration whose backends are addresses or `localhost`.
    package func prepare(_ configuration: ProxyConfiguration) throws -> Prepared {
        try prepare(configuration, addresses: NameResolver.literals(configuration.rules.flatMap { $0.backends }))
    }

    /// Puts a prepared configuration in force, for every request whose head comes from now on. No connection is touched.
    package func commit(_ prepared: Prepared) {
        guard let table = prepared.table else { return }
        prepared.table = nil
        loop.pointee.install(table)
    }

    /// The generation in force; 0 before the first commit.
    package var generation: UInt64 { loop.pointee.table.pointee.generation }

    // MARK: Drain

    /// Takes no more connections, answers what is in flight, and calls `completion` when the last connection has ended, at
    /// `deadline` at the latest.
    ///
    /// - Parameter idleDeadline: until when a connection without a request may stay open for one more; nil: `deadline`.
    package func drain(
        deadline: MonotonicInstant,
        idleDeadline: MonotonicInstant? = nil,
        completion: @escaping () -> Void
    ) {
        loop.pointee.beginDrain(deadline: deadline, idleDeadline: idleDeadline ?? deadline, completion: completion)
    }

    package var isDraining: Bool { loop.pointee.drain.hasBegun }
    package var isDrained: Bool { loop.pointee.isDrained }

    // MARK: Progress

    /// Requests that were answered, refused or aborted since the start: grows as long as there is progress.
    package var completed: UInt64 { loop.pointee.completed }
    /// Requests whose head has come and whose answer has not ended.
    package var inFlight: Int { loop.pointee.exchanges.count }
    /// How long the oldest of them has been under way.
    package var oldestRequestAge: Duration? {
        guard let oldest = loop.pointee.oldest else { return nil }
        return MonotonicInstant(nanoseconds: oldest.pointee.started).duration(to: reactor.now)
    }

    /// Client connections.
    package var connections: Int { loop.pointee.clientCount }

    /// All figures, copied. Rules of past generations stay until their last request has ended.
    package func snapshot() -> ProxySnapshot { loop.pointee.snapshot() }
}
