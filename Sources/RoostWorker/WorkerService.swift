package import RoostProtocol

/// What a worker is, beside its name: the kit does the rest (hello, configuration, heartbeats, drain, lease).
///
/// All calls come on the loop, one after another. `prepare` and `commit` are the two phases of a configuration change
/// and also how the first configuration comes: serve from the first `commit` on.
package protocol WorkerService: Actor {
    /// A configuration that has been checked and can be put in force without fail.
    associatedtype Prepared: Sendable

    /// Makes the worker. It does nothing yet.
    init(_ context: WorkerContext) throws

    /// Checks a configuration, the worker's section as bytes, and makes ready for it; what is in force stays.
    ///
    /// - Throws: whatever says in one sentence what is wrong and what to do.
    func prepare(_ section: [UInt8], generation: UInt64) async throws -> Prepared

    /// Puts a prepared configuration in force.
    func commit(_ prepared: Prepared) async

    /// This process was proved beside another one, which it replaces now: it serves these listeners as well from here on.
    /// May come before the first `commit`, when the other process has died.
    func takeOver(_ listeners: [WorkerListener]) async

    /// Takes nothing new and finishes what is in flight, within the limit.
    ///
    /// - Parameter idle: how long connections without work may stay open for a last request.
    /// - Returns: how many requests were cut off at the limit.
    func drain(within limit: Duration, idle: Duration) async -> UInt64

    /// What the worker works off, for its heartbeats: liveness means progress.
    func progress() -> WorkerProgress

    /// The worker's figures, for the metrics.
    func metrics() -> [Metric]
}

extension WorkerService {
    package func takeOver(_: [WorkerListener]) async {}
}

/// A bound and listening socket, and the key of the configuration that names it, as `proxy.listen`.
package struct WorkerListener: Sendable {
    package let name: String
    package let descriptor: Int32

    package init(name: String, descriptor: Int32) {
        self.name = name
        self.descriptor = descriptor
    }
}

/// How far a worker is.
package struct WorkerProgress: Sendable {
    /// How long the oldest unanswered request has waited.
    package var oldestRequestAge: Duration = .zero
    package var sources: [Source] = []

    /// One thing that is worked off.
    package struct Source: Sendable {
        package var name: String
        /// Ever finished.
        package var completed: UInt64
        /// Waiting now.
        package var pending: UInt64
        /// How long work may be pending while nothing is completed; nil: as long as it likes.
        package var stallAfter: Duration?

        package init(name: String, completed: UInt64, pending: UInt64, stallAfter: Duration?) {
            self.name = name
            self.completed = completed
            self.pending = pending
            self.stallAfter = stallAfter
        }
    }

    package init() {}
}
