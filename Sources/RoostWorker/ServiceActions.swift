import RoostProtocol
import RoostReactor

/// A service with its type forgotten, and the configuration that it has prepared.
struct ServiceActions: Sendable {
    let prepare: @Sendable (_ section: [UInt8], _ generation: UInt64) async throws -> Void
    let commit: @Sendable () async -> Void
    let abort: @Sendable () -> Void
    let takeOver: @Sendable (_ listeners: [WorkerListener]) async -> Void
    let drain: @Sendable (_ limit: Duration, _ idle: Duration) async -> UInt64
    let progress: @Sendable () -> WorkerProgress
    let metrics: @Sendable () -> [Metric]

    init<Service: WorkerService>(_ service: Service) {
        let prepared = Box<Service.Prepared>()
        prepare = { section, generation in
            prepared.attempt += 1
            prepared.value = nil
            let attempt = prepared.attempt
            let value = try await service.prepare(section, generation: generation)
            // Aborted, or prepared anew, meanwhile.
            guard attempt == prepared.attempt else { throw CancellationError() }
            prepared.value = value
        }
        commit = {
            guard let value = prepared.value else { return }
            prepared.value = nil
            await service.commit(value)
        }
        abort = {
            prepared.attempt += 1
            prepared.value = nil
        }
        takeOver = { await service.takeOver($0) }
        drain = { await service.drain(within: $0, idle: $1) }
        progress = { service.assumeIsolated { $0.progress() } }
        metrics = { service.assumeIsolated { $0.metrics() } }
    }

    private final class Box<Value>: @unchecked Sendable {  // used on the reactor's thread only
        var value: Value?
        var attempt = 0
    }
}
