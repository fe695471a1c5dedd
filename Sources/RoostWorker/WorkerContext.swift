package import RoostIPC
import RoostProtocol
package import RoostReactor

/// What a worker finds around itself.
package struct WorkerContext: Sendable {
    package let name: String
    package let instance: Int
    package let reactor: Reactor
    package let log: WorkerLog
    /// Bound and listening, by the name of their configuration key, as `proxy.listen`.
    package let listeners: [(name: String, descriptor: Int32)]
    let process: WorkerRuntime

    /// A connection to another worker, by name. While that worker is being replaced, the caller waits.
    ///
    /// - Throws: as `Dialer.connect`; `RequestFailure` when there is no supervisor, so no other worker either.
    package func peer(_ name: String, within limit: Duration = .seconds(5)) async throws -> Connection {
        try await process.dialPeer(name, within: limit)
    }

    /// What the worker needs is absent. It is not restarted for that; `resume` says that it serves again.
    package func park(_ reason: String) { process.assumeIsolated { $0.park(reason) } }

    /// The worker serves again after `park`.
    package func resume() { process.assumeIsolated { $0.sayReady() } }

    /// The worker will be silent for a known reason, for at most `limit`: it is not taken for hung.
    package func announceSlowPhase(_ name: String, atMost limit: Duration) {
        process.assumeIsolated { $0.announce(name, limit) }
    }
}
