import CLinux
import Glibc
package import RoostConfig
import RoostPolicy

extension WorkerSpecification {
    package var isPlain: Bool { isPlainProgram }

    /// The part of the specification that says how an instance lives.
    package func instanceSettings(_ limits: SharedLimits) -> InstanceSettings {
        var restart = RestartSettings()
        restart.rule = .init(self.restart)
        restart.intensity = intensity.restarts
        restart.period = intensity.period
        restart.exceeded = intensity.then == .quarantine ? .quarantine : .escalate
        restart.backoff = RoostPolicy.Backoff(base: backoff.base, max: backoff.maximum)
        restart.healthyAfter = healthyAfter
        var lifecycle = WorkerStateMachine.Settings()
        lifecycle.restart = restart
        lifecycle.startTimeout = startTimeout
        lifecycle.drain = isPlain ? .zero : drain
        lifecycle.stopTimeout = stopTimeout
        return InstanceSettings(
            lifecycle: lifecycle,
            heartbeatDeadline: heartbeat?.deadline ?? .seconds(2),
            memory: MemoryCeiling(soft: memory.soft, hard: memory.hard),
            isPlain: isPlain,
            logLineLimit: limits.logLine
        )
    }

    /// As the spawner takes them.
    package var spawnLimits: [SpawnRequest.Limit] {
        let pairs: [(Int32, UInt64?)] = [
            (Int32(RLIMIT_NOFILE.rawValue), limits.openFiles), (Int32(ROOST_RLIMIT_NPROC), limits.processes),
            (Int32(RLIMIT_CORE.rawValue), limits.core), (Int32(RLIMIT_FSIZE.rawValue), limits.fileSize),
            (Int32(RLIMIT_AS.rawValue), limits.addressSpace), (Int32(RLIMIT_STACK.rawValue), limits.stack),
            (Int32(ROOST_RLIMIT_MEMLOCK), limits.lockedMemory),
        ]
        return pairs.compactMap { resource, value in
            value.map { SpawnRequest.Limit(resource: resource, soft: $0, hard: $0) }
        }
    }
}

extension RestartRule {
    init(_ restart: WorkerSpecification.Restart) {
        self =
            switch restart {
            case .permanent: .permanent
            case .transient: .transient
            case .temporary: .temporary
            }
    }
}
