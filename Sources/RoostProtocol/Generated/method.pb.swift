// swift-format-ignore-file
// Generated from Schema/method.proto by Schema/generate. Do not edit.

/// What a request, a stream or an event is about: the `method` of the frame header. Numbers are for ever; gaps leave
/// room beside related ones. 1-99 anybody, 100-199 supervisor and worker, 200-299 control, 300 on worker and worker.
package enum Method: ProtobufEnum {
    case unspecified
    /// Request; the reply's payload is the request's. Every server answers it: for probes of the path and for benches.
    case echo
    /// Event, worker to supervisor: Heartbeat.
    case heartbeat
    /// Event, worker to supervisor: Ready.
    case ready
    /// Event, worker to supervisor: Parked.
    case parked
    /// Event, worker to supervisor: SlowPhase.
    case slowPhase
    /// Event, worker to supervisor: MetricsSnapshot.
    case metricsSnapshot
    /// Event, worker to supervisor: Signaled.
    case signaled
    /// Request, supervisor to worker: Prepare; reply Prepared or Refused in PrepareReply.
    case prepare
    /// Request, supervisor to worker: Commit; reply Committed.
    case commit
    /// Request, supervisor to worker: Abort; reply Aborted.
    case abort
    /// Request, supervisor to worker: Drain; reply Drained.
    case drain
    /// Request, supervisor to worker: Probe; reply ProbeReply.
    case probe
    /// Request, supervisor to worker: Promote; reply Promoted.
    case promote
    /// Requests to the control socket; each names its messages in control.proto. Observe:
    case status
    case configShow
    case configHistory
    case doctor
    case metrics
    case plan
    case why
    /// Server streams.
    case logs
    case events
    /// Operate:
    case restart
    case stop
    case start
    case scale
    case reload
    /// Of the supervisor itself: admin.
    case drill
    /// Admin:
    case configRollback
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .echo
        case 100: self = .heartbeat
        case 101: self = .ready
        case 102: self = .parked
        case 103: self = .slowPhase
        case 104: self = .metricsSnapshot
        case 105: self = .signaled
        case 110: self = .prepare
        case 111: self = .commit
        case 112: self = .abort
        case 120: self = .drain
        case 121: self = .probe
        case 122: self = .promote
        case 200: self = .status
        case 201: self = .configShow
        case 202: self = .configHistory
        case 203: self = .doctor
        case 204: self = .metrics
        case 206: self = .plan
        case 207: self = .why
        case 210: self = .logs
        case 211: self = .events
        case 230: self = .restart
        case 231: self = .stop
        case 232: self = .start
        case 233: self = .scale
        case 234: self = .reload
        case 235: self = .drill
        case 260: self = .configRollback
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .echo: 1
        case .heartbeat: 100
        case .ready: 101
        case .parked: 102
        case .slowPhase: 103
        case .metricsSnapshot: 104
        case .signaled: 105
        case .prepare: 110
        case .commit: 111
        case .abort: 112
        case .drain: 120
        case .probe: 121
        case .promote: 122
        case .status: 200
        case .configShow: 201
        case .configHistory: 202
        case .doctor: 203
        case .metrics: 204
        case .plan: 206
        case .why: 207
        case .logs: 210
        case .events: 211
        case .restart: 230
        case .stop: 231
        case .start: 232
        case .scale: 233
        case .reload: 234
        case .drill: 235
        case .configRollback: 260
        case .unrecognized(let rawValue): rawValue
        }
    }
}
