import RoostJSON
import RoostPolicy
import RoostProtocol

// The contract's words for the schema's numbers. A number of a newer supervisor is `unknown`.

extension RoostProtocol.WorkerState {
    var word: String {
        switch self {
        case .waiting: "waiting"
        case .starting: "starting"
        case .running: "running"
        case .draining: "draining"
        case .backoff: "backoff"
        case .quarantined: "quarantined"
        case .parked: "parked"
        case .stopped: "stopped"
        case .unspecified, .unrecognized: "unknown"
        }
    }
}

extension RollStep {
    var word: String {
        switch self {
        case .waiting: "waiting"
        case .starting: "starting"
        case .proving: "proving"
        case .retiring: "retiring"
        case .abandoning: "abandoning"
        case .unspecified, .unrecognized: "unknown"
        }
    }
}

extension SupervisorState {
    var word: String {
        switch self {
        case .starting: "starting"
        case .running: "running"
        case .degraded: "degraded"
        case .reloading: "reloading"
        case .stopping: "stopping"
        case .unspecified, .unrecognized: "unknown"
        }
    }
}

extension RoostProtocol.ExitReason {
    var word: String {
        switch self {
        case .exited: "exited"
        case .signaled: "signaled"
        case .hung: "hung"
        case .memory: "memory"
        case .startTimeout: "start_timeout"
        case .dependency: "dependency"
        case .configuration: "configuration"
        case .upgrade: "upgrade"
        case .requested: "requested"
        case .unknown, .unspecified, .unrecognized: "unknown"
        }
    }
}

extension LogLevel {
    var word: String {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        case .critical: "critical"
        case .unspecified, .unrecognized: "unknown"
        }
    }
}

extension JSONValue {
    /// Milliseconds are enough; a whole number is written as one.
    static func seconds(_ value: Double) -> JSONValue {
        guard value.isFinite, abs(value) < 1e12 else { return .null }
        let rounded = (value * 1000).rounded() / 1000
        return rounded == rounded.rounded() ? .integer(Int64(rounded)) : .number(rounded)
    }

    static func count(_ value: some BinaryInteger) -> JSONValue { .integer(Int64(clamping: value)) }

    /// RFC 3339, UTC; null for no time.
    static func time(_ nanoseconds: Int64) -> JSONValue {
        nanoseconds == 0 ? .null : .string(WallTime(nanoseconds: nanoseconds).description)
    }
}
