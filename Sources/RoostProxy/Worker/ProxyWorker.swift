import CLinux
import RoostConfig
import RoostPolicy
package import RoostProtocol
import RoostReactor
package import RoostWorker

/// The proxy as a worker: turns its section of the configuration into one for the data plane, and the data plane's
/// figures into metrics.
package actor ProxyWorker: WorkerService {
    package typealias Prepared = PreparedProxy

    /// A data plane's preparation, on its way from `prepare` to `commit` on one loop.
    package struct PreparedProxy: @unchecked Sendable {  // used on the reactor's thread only
        fileprivate let content: DataPlane.Prepared
    }

    private nonisolated let context: WorkerContext
    package nonisolated var unownedExecutor: UnownedSerialExecutor { context.reactor.asUnownedSerialExecutor() }
    private let dataPlane: DataPlane

    package init(_ context: WorkerContext) throws {
        self.context = context
        dataPlane = DataPlane(
            reactor: context.reactor,
            listeners: context.listeners.filter { $0.name == "proxy.listen" }.map(\.descriptor),
            pseudonym: "roost-\(context.instance)-\(String(UInt32.random(in: 0...(.max)), radix: 16))"
        )
    }

    package func prepare(_ section: [UInt8], generation: UInt64) async throws -> PreparedProxy {
        let section = try ProxySection(decoding: section)
        let configuration = ProxyConfiguration(section, generation: generation)
        let addresses = await NameResolver.resolve(configuration, on: context.reactor)
        return PreparedProxy(content: try dataPlane.prepare(configuration, addresses: addresses))
    }

    package func commit(_ prepared: PreparedProxy) { dataPlane.commit(prepared.content) }

    package func takeOver(_ listeners: [WorkerListener]) {
        dataPlane.add(listeners.filter { $0.name == "proxy.listen" }.map(\.descriptor))
    }

    package func drain(within limit: Duration, idle: Duration) async -> UInt64 {
        let now = context.reactor.now
        let inFlight = dataPlane.inFlight
        await withCheckedContinuation { continuation in
            dataPlane.drain(deadline: now.advanced(by: limit), idleDeadline: now.advanced(by: idle)) {
                continuation.resume()
            }
        }
        return UInt64(min(inFlight, dataPlane.inFlight))
    }

    package func progress() -> WorkerProgress {
        var progress = WorkerProgress()
        progress.oldestRequestAge = dataPlane.oldestRequestAge ?? .zero
        // How long a request takes is the backend's affair and has its own limits; that the loop works them off at all
        // is shown by the heartbeat, which the same loop sends.
        progress.sources = [
            .init(
                name: "requests",
                completed: dataPlane.completed,
                pending: UInt64(dataPlane.inFlight),
                stallAfter: nil
            )
        ]
        return progress
    }

    package func metrics() -> [Metric] { ProxyMetrics.metrics(of: dataPlane.snapshot()) }
}
