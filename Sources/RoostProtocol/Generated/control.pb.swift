// swift-format-ignore-file
// Generated from Schema/control.proto by Schema/generate. Do not edit.

package enum SupervisorState: ProtobufEnum {
    case unspecified
    case starting
    case running
    /// A worker that should run does not.
    case degraded
    case reloading
    case stopping
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .starting
        case 2: self = .running
        case 3: self = .degraded
        case 4: self = .reloading
        case 5: self = .stopping
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .starting: 1
        case .running: 2
        case .degraded: 3
        case .reloading: 4
        case .stopping: 5
        case .unrecognized(let rawValue): rawValue
        }
    }
}

package enum WorkerState: ProtobufEnum {
    case unspecified
    /// For a dependency.
    case waiting
    case starting
    case running
    case draining
    case backoff
    /// Crash loop.
    case quarantined
    /// What it needs is absent; not a failure.
    case parked
    case stopped
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .waiting
        case 2: self = .starting
        case 3: self = .running
        case 4: self = .draining
        case 5: self = .backoff
        case 6: self = .quarantined
        case 7: self = .parked
        case 8: self = .stopped
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .waiting: 1
        case .starting: 2
        case .running: 3
        case .draining: 4
        case .backoff: 5
        case .quarantined: 6
        case .parked: 7
        case .stopped: 8
        case .unrecognized(let rawValue): rawValue
        }
    }
}

package enum RollStep: ProtobufEnum {
    case unspecified
    /// For a start slot or the spawn budget; there is no process yet.
    case waiting
    case starting
    /// Ready; heartbeats and probes are awaited.
    case proving
    /// The old process finishes what it has.
    case retiring
    /// The new process was not good enough, and ends.
    case abandoning
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .waiting
        case 2: self = .starting
        case 3: self = .proving
        case 4: self = .retiring
        case 5: self = .abandoning
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .waiting: 1
        case .starting: 2
        case .proving: 3
        case .retiring: 4
        case .abandoning: 5
        case .unrecognized(let rawValue): rawValue
        }
    }
}

package enum ExitReason: ProtobufEnum {
    case unspecified
    case exited
    case signaled
    case hung
    case memory
    case startTimeout
    case dependency
    case configuration
    case upgrade
    case requested
    /// Adopted; the kernel does not tell.
    case unknown
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .exited
        case 2: self = .signaled
        case 3: self = .hung
        case 4: self = .memory
        case 5: self = .startTimeout
        case 6: self = .dependency
        case 7: self = .configuration
        case 8: self = .upgrade
        case 9: self = .requested
        case 10: self = .unknown
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .exited: 1
        case .signaled: 2
        case .hung: 3
        case .memory: 4
        case .startTimeout: 5
        case .dependency: 6
        case .configuration: 7
        case .upgrade: 8
        case .requested: 9
        case .unknown: 10
        case .unrecognized(let rawValue): rawValue
        }
    }
}

/// As syslog(3) orders them, the least urgent first.
package enum LogLevel: ProtobufEnum {
    case unspecified
    case trace
    case debug
    case info
    case notice
    case warning
    case error
    case critical
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .trace
        case 2: self = .debug
        case 3: self = .info
        case 4: self = .notice
        case 5: self = .warning
        case 6: self = .error
        case 7: self = .critical
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .trace: 1
        case .debug: 2
        case .info: 3
        case .notice: 4
        case .warning: 5
        case .error: 6
        case .critical: 7
        case .unrecognized(let rawValue): rawValue
        }
    }
}

package struct StatusRequest: ProtobufMessage {
    /// Workers to report; empty: all.
    package var names: [String] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: names.append(try reader.string(field))
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in names { writer.string(value, at: 1, always: true) }
    }
}

package struct StatusReply: ProtobufMessage {
    package var supervisor: SupervisorStatus?
    /// By start order, then instance.
    package var workers: [WorkerStatus] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &supervisor)
        case 2: try reader.message(field, into: &workers)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        if let supervisor { writer.message(supervisor, at: 1) }
        for value in workers { writer.message(value, at: 2) }
    }
}

package struct SupervisorStatus: ProtobufMessage {
    package var pid: Int32 = 0
    package var version: String = ""
    package var state: SupervisorState = SupervisorState(rawValue: 0)
    package var uptimeSeconds: Double = 0
    package var configGeneration: UInt64 = 0
    package var watchdog: Watchdog?
    package var rssBytes: UInt64 = 0
    package var cpuSeconds: Double = 0
    package var openFds: UInt32 = 0
    /// Times the loop came back from waiting.
    package var wakeUps: UInt64 = 0
    /// Why the last configuration change was rejected; empty if it was not.
    package var configProblems: [String] = []
    /// One line, as systemd gets it.
    package var summary: String = ""
    package var listeners: [ListenerStatus] = []
    /// Files that are not as they were when the running configuration was read, relative to its folder: rejected, or not
    /// taken over yet.
    package var configDrift: [String] = []
    /// The systemd unit that starts it again when it dies; empty: nobody does.
    package var unit: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: pid = try reader.int32(field)
        case 2: version = try reader.string(field)
        case 3: state = try reader.enumeration(field)
        case 4: uptimeSeconds = try reader.double(field)
        case 5: configGeneration = try reader.uint64(field)
        case 6: try reader.message(field, into: &watchdog)
        case 7: rssBytes = try reader.uint64(field)
        case 8: cpuSeconds = try reader.double(field)
        case 9: openFds = try reader.uint32(field)
        case 10: wakeUps = try reader.uint64(field)
        case 11: configProblems.append(try reader.string(field))
        case 12: summary = try reader.string(field)
        case 13: try reader.message(field, into: &listeners)
        case 16: configDrift.append(try reader.string(field))
        case 20: unit = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.int32(pid, at: 1)
        writer.string(version, at: 2)
        writer.enumeration(state, at: 3)
        writer.double(uptimeSeconds, at: 4)
        writer.uint64(configGeneration, at: 5)
        if let watchdog { writer.message(watchdog, at: 6) }
        writer.uint64(rssBytes, at: 7)
        writer.double(cpuSeconds, at: 8)
        writer.uint32(openFds, at: 9)
        writer.uint64(wakeUps, at: 10)
        for value in configProblems { writer.string(value, at: 11, always: true) }
        writer.string(summary, at: 12)
        for value in listeners { writer.message(value, at: 13) }
        for value in configDrift { writer.string(value, at: 16, always: true) }
        writer.string(unit, at: 20)
    }
}

package struct Watchdog: ProtobufMessage {
    package var enabled: Bool = false
    package var intervalSeconds: Double = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: enabled = try reader.bool(field)
        case 2: intervalSeconds = try reader.double(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.bool(enabled, at: 1)
        writer.double(intervalSeconds, at: 2)
    }
}

package struct ListenerStatus: ProtobufMessage {
    /// As in LISTEN_FDNAMES, such as "proxy.listen".
    package var name: String = ""
    package var address: String = ""
    /// Given by systemd rather than bound by us.
    package var inherited: Bool = false

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: address = try reader.string(field)
        case 3: inherited = try reader.bool(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.string(address, at: 2)
        writer.bool(inherited, at: 3)
    }
}

package struct WorkerStatus: ProtobufMessage {
    package var name: String = ""
    package var instance: UInt32 = 0
    package var state: WorkerState = WorkerState(rawValue: 0)
    package var ready: Bool = false
    package var pid: Int32?
    package var uptimeSeconds: Double = 0
    package var configGeneration: UInt64 = 0
    package var restarts: UInt64 = 0
    package var rssBytes: UInt64 = 0
    package var cpuSeconds: Double = 0
    package var lastExit: LastExit?
    package var openFds: UInt32 = 0
    package var threads: UInt32 = 0
    /// Why it is in this state, where that is not plain: what it waits for, why it is parked or quarantined.
    package var reason: String = ""
    /// Of backoff: until the next start.
    package var nextStartSeconds: Double = 0
    /// Of a worker with heartbeats: since the last one.
    package var heartbeatAgeSeconds: Double?
    /// Started by `command:`.
    package var plain: Bool = false
    /// While a rolling restart is under way.
    package var rolling: Rolling?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: instance = try reader.uint32(field)
        case 3: state = try reader.enumeration(field)
        case 4: ready = try reader.bool(field)
        case 5: pid = try reader.int32(field)
        case 6: uptimeSeconds = try reader.double(field)
        case 7: configGeneration = try reader.uint64(field)
        case 8: restarts = try reader.uint64(field)
        case 9: rssBytes = try reader.uint64(field)
        case 10: cpuSeconds = try reader.double(field)
        case 11: try reader.message(field, into: &lastExit)
        case 12: openFds = try reader.uint32(field)
        case 13: threads = try reader.uint32(field)
        case 14: reason = try reader.string(field)
        case 15: nextStartSeconds = try reader.double(field)
        case 16: heartbeatAgeSeconds = try reader.double(field)
        case 17: plain = try reader.bool(field)
        case 18: try reader.message(field, into: &rolling)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.uint32(instance, at: 2)
        writer.enumeration(state, at: 3)
        writer.bool(ready, at: 4)
        if let pid { writer.int32(pid, at: 5, always: true) }
        writer.double(uptimeSeconds, at: 6)
        writer.uint64(configGeneration, at: 7)
        writer.uint64(restarts, at: 8)
        writer.uint64(rssBytes, at: 9)
        writer.double(cpuSeconds, at: 10)
        if let lastExit { writer.message(lastExit, at: 11) }
        writer.uint32(openFds, at: 12)
        writer.uint32(threads, at: 13)
        writer.string(reason, at: 14)
        writer.double(nextStartSeconds, at: 15)
        if let heartbeatAgeSeconds { writer.double(heartbeatAgeSeconds, at: 16, always: true) }
        writer.bool(plain, at: 17)
        if let rolling { writer.message(rolling, at: 18) }
    }
}

/// The process beside the serving one during a rolling restart: until it is promoted the new one, then the old one.
package struct Rolling: ProtobufMessage {
    package var step: RollStep = RollStep(rawValue: 0)
    package var pid: Int32?
    package var uptimeSeconds: Double = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: step = try reader.enumeration(field)
        case 2: pid = try reader.int32(field)
        case 3: uptimeSeconds = try reader.double(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.enumeration(step, at: 1)
        if let pid { writer.int32(pid, at: 2, always: true) }
        writer.double(uptimeSeconds, at: 3)
    }
}

package struct LastExit: ProtobufMessage {
    package var atNs: Int64 = 0
    package var code: Int32?
    package var signal: Int32?
    package var reason: ExitReason = ExitReason(rawValue: 0)

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: atNs = try reader.int64(field)
        case 2: code = try reader.int32(field)
        case 3: signal = try reader.int32(field)
        case 4: reason = try reader.enumeration(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.int64(atNs, at: 1)
        if let code { writer.int32(code, at: 2, always: true) }
        if let signal { writer.int32(signal, at: 3, always: true) }
        writer.enumeration(reason, at: 4)
    }
}

package struct RestartRequest: ProtobufMessage {
    package var names: [String] = []
    /// Start and prove the new process before the old one drains.
    package var rolling: Bool = false
    /// How long the caller waits for the outcome; 0: the worker's own limits.
    package var timeoutMs: UInt32 = 0
    package var onBehalfOf: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: names.append(try reader.string(field))
        case 2: rolling = try reader.bool(field)
        case 3: timeoutMs = try reader.uint32(field)
        case 15: onBehalfOf = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in names { writer.string(value, at: 1, always: true) }
        writer.bool(rolling, at: 2)
        writer.uint32(timeoutMs, at: 3)
        writer.string(onBehalfOf, at: 15)
    }
}

package struct StopRequest: ProtobufMessage {
    package var names: [String] = []
    package var onBehalfOf: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: names.append(try reader.string(field))
        case 15: onBehalfOf = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in names { writer.string(value, at: 1, always: true) }
        writer.string(onBehalfOf, at: 15)
    }
}

package struct StartRequest: ProtobufMessage {
    package var names: [String] = []
    package var onBehalfOf: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: names.append(try reader.string(field))
        case 15: onBehalfOf = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in names { writer.string(value, at: 1, always: true) }
        writer.string(onBehalfOf, at: 15)
    }
}

package struct ScaleRequest: ProtobufMessage {
    package var name: String = ""
    package var instances: UInt32 = 0
    package var onBehalfOf: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: instances = try reader.uint32(field)
        case 15: onBehalfOf = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.uint32(instances, at: 2)
        writer.string(onBehalfOf, at: 15)
    }
}

/// The outcome of a change, given when it is reached.
package struct ChangeReply: ProtobufMessage {
    package var outcomes: [InstanceOutcome] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &outcomes)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in outcomes { writer.message(value, at: 1) }
    }
}

package struct InstanceOutcome: ProtobufMessage {
    package var name: String = ""
    package var instance: UInt32 = 0
    package var succeeded: Bool = false
    package var state: WorkerState = WorkerState(rawValue: 0)
    package var pidBefore: Int32?
    package var pidAfter: Int32?
    /// One sentence: what was done, or why it did not work.
    package var message: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: instance = try reader.uint32(field)
        case 3: succeeded = try reader.bool(field)
        case 4: state = try reader.enumeration(field)
        case 5: pidBefore = try reader.int32(field)
        case 6: pidAfter = try reader.int32(field)
        case 7: message = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.uint32(instance, at: 2)
        writer.bool(succeeded, at: 3)
        writer.enumeration(state, at: 4)
        if let pidBefore { writer.int32(pidBefore, at: 5, always: true) }
        if let pidAfter { writer.int32(pidAfter, at: 6, always: true) }
        writer.string(message, at: 7)
    }
}

package struct ReloadRequest: ProtobufMessage {
    package var onBehalfOf: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 15: onBehalfOf = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(onBehalfOf, at: 15)
    }
}

package struct ReloadReply: ProtobufMessage {
    /// False: the running configuration stays, `problems` say why.
    package var accepted: Bool = false
    /// False with `accepted`: nothing differs.
    package var changed: Bool = false
    package var generation: UInt64 = 0
    /// `FILE:LINE:COLUMN: KEY: what is wrong; what to do`
    package var problems: [String] = []
    /// Of the files, though accepted.
    package var warnings: [String] = []
    package var outcomes: [InstanceOutcome] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: accepted = try reader.bool(field)
        case 2: changed = try reader.bool(field)
        case 3: generation = try reader.uint64(field)
        case 4: problems.append(try reader.string(field))
        case 5: warnings.append(try reader.string(field))
        case 6: try reader.message(field, into: &outcomes)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.bool(accepted, at: 1)
        writer.bool(changed, at: 2)
        writer.uint64(generation, at: 3)
        for value in problems { writer.string(value, at: 4, always: true) }
        for value in warnings { writer.string(value, at: 5, always: true) }
        for value in outcomes { writer.message(value, at: 6) }
    }
}

package struct ConfigShowRequest: ProtobufMessage {
    /// 0: the running one.
    package var generation: UInt64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: generation = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(generation, at: 1)
    }
}

package struct ConfigShowReply: ProtobufMessage {
    package var generation: UInt64 = 0
    /// The files as they were read, roost.yaml first, then rules.d by name.
    package var files: [SourceFile] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: generation = try reader.uint64(field)
        case 2: try reader.message(field, into: &files)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(generation, at: 1)
        for value in files { writer.message(value, at: 2) }
    }
}

package struct ConfigHistoryRequest: ProtobufMessage {
    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
    }
}

package struct ConfigHistoryReply: ProtobufMessage {
    /// The newest first.
    package var generations: [ConfigGeneration] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &generations)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in generations { writer.message(value, at: 1) }
    }
}

package struct ConfigGeneration: ProtobufMessage {
    package var generation: UInt64 = 0
    package var atNs: Int64 = 0
    /// Who caused it: a uid and pid, a signal, the watched files, an earlier generation.
    package var initiator: String = ""
    /// The one that runs.
    package var current: Bool = false
    /// Lower-case hexadecimal SHA-256, or another digest that is told apart by its length, of all files.
    package var digest: String = ""
    /// Names of the files that differ from the generation before.
    package var changedFiles: [String] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: generation = try reader.uint64(field)
        case 2: atNs = try reader.int64(field)
        case 3: initiator = try reader.string(field)
        case 4: current = try reader.bool(field)
        case 5: digest = try reader.string(field)
        case 6: changedFiles.append(try reader.string(field))
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(generation, at: 1)
        writer.int64(atNs, at: 2)
        writer.string(initiator, at: 3)
        writer.bool(current, at: 4)
        writer.string(digest, at: 5)
        for value in changedFiles { writer.string(value, at: 6, always: true) }
    }
}

package struct ConfigRollbackRequest: ProtobufMessage {
    /// 0: the one before the running one.
    package var generation: UInt64 = 0
    package var onBehalfOf: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: generation = try reader.uint64(field)
        case 15: onBehalfOf = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(generation, at: 1)
        writer.string(onBehalfOf, at: 15)
    }
}

/// Server stream of LogLines.
package struct LogsRequest: ProtobufMessage {
    /// Workers, and "roostd" for the supervisor; empty: all.
    package var names: [String] = []
    /// Go on with what comes.
    package var follow: Bool = false
    /// Lines from this time of day on; absent: all that are kept.
    package var sinceNs: Int64?
    /// This urgent or more.
    package var level: LogLevel = LogLevel(rawValue: 0)
    /// Lines behind this id, for a reader that goes on; absent: all that are kept.
    package var sinceId: UInt64?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: names.append(try reader.string(field))
        case 2: follow = try reader.bool(field)
        case 3: sinceNs = try reader.int64(field)
        case 4: level = try reader.enumeration(field)
        case 5: sinceId = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in names { writer.string(value, at: 1, always: true) }
        writer.bool(follow, at: 2)
        if let sinceNs { writer.int64(sinceNs, at: 3, always: true) }
        writer.enumeration(level, at: 4)
        if let sinceId { writer.uint64(sinceId, at: 5, always: true) }
    }
}

/// One item of the stream: at least one line, or a count of dropped ones.
package struct LogLines: ProtobufMessage {
    package var lines: [LogLine] = []
    /// Lines that are missing before these, because this reader was slow.
    package var dropped: UInt64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &lines)
        case 2: dropped = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in lines { writer.message(value, at: 1) }
        writer.uint64(dropped, at: 2)
    }
}

package struct LogLine: ProtobufMessage {
    package var id: UInt64 = 0
    package var atNs: Int64 = 0
    /// The worker, or "roostd".
    package var source: String = ""
    package var instance: UInt32 = 0
    package var pid: Int32 = 0
    package var level: LogLevel = LogLevel(rawValue: 0)
    package var message: String = ""
    /// The other members of a structured line, as one compact JSON object; empty if there are none.
    package var fieldsJson: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: id = try reader.uint64(field)
        case 2: atNs = try reader.int64(field)
        case 3: source = try reader.string(field)
        case 4: instance = try reader.uint32(field)
        case 5: pid = try reader.int32(field)
        case 6: level = try reader.enumeration(field)
        case 7: message = try reader.string(field)
        case 8: fieldsJson = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(id, at: 1)
        writer.int64(atNs, at: 2)
        writer.string(source, at: 3)
        writer.uint32(instance, at: 4)
        writer.int32(pid, at: 5)
        writer.enumeration(level, at: 6)
        writer.string(message, at: 7)
        writer.string(fieldsJson, at: 8)
    }
}

/// Server stream of Events.
package struct EventsRequest: ProtobufMessage {
    package var follow: Bool = false
    /// Such as "worker" or "config_changed"; empty: all.
    package var types: [String] = []
    /// Events behind this id; absent: with `follow` only new ones, without it all that are kept.
    package var sinceId: UInt64?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: follow = try reader.bool(field)
        case 2: types.append(try reader.string(field))
        case 3: sinceId = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.bool(follow, at: 1)
        for value in types { writer.string(value, at: 2, always: true) }
        if let sinceId { writer.uint64(sinceId, at: 3, always: true) }
    }
}

/// One item of the stream.
package struct Events: ProtobufMessage {
    package var events: [Event] = []
    /// Events that are missing before these.
    package var dropped: UInt64 = 0
    /// In the first item, which has no events, of a stream of new ones only: the id that they come behind.
    package var last: UInt64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &events)
        case 2: dropped = try reader.uint64(field)
        case 3: last = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in events { writer.message(value, at: 1) }
        writer.uint64(dropped, at: 2)
        writer.uint64(last, at: 3)
    }
}

package struct Event: ProtobufMessage {
    /// Ascending by one.
    package var id: UInt64 = 0
    package var type: String = ""
    package var atNs: Int64 = 0
    /// The event's data as one compact JSON object.
    package var dataJson: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: id = try reader.uint64(field)
        case 2: type = try reader.string(field)
        case 3: atNs = try reader.int64(field)
        case 4: dataJson = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(id, at: 1)
        writer.string(type, at: 2)
        writer.int64(atNs, at: 3)
        writer.string(dataJson, at: 4)
    }
}

package struct WhyRequest: ProtobufMessage {
    /// Workers, `worker/instance`, "configuration" or "roostd"; empty: every worker.
    package var names: [String] = []
    /// Every entry about them, besides the answers.
    package var history: Bool = false
    /// Of the history: entries before this id; 0: the newest. For going on where a reply has ended.
    package var beforeId: UInt64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: names.append(try reader.string(field))
        case 2: history = try reader.bool(field)
        case 3: beforeId = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in names { writer.string(value, at: 1, always: true) }
        writer.bool(history, at: 2)
        writer.uint64(beforeId, at: 3)
    }
}

package struct WhyReply: ProtobufMessage {
    /// One a subject, in the order of the status. None in a reply that goes on with a history.
    package var answers: [WhyAnswer] = []
    /// The newest first.
    package var history: [RecordEntry] = []
    /// There is more of the history: ask with this; 0: that was all.
    package var nextBeforeId: UInt64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &answers)
        case 2: try reader.message(field, into: &history)
        case 3: nextBeforeId = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in answers { writer.message(value, at: 1) }
        for value in history { writer.message(value, at: 2) }
        writer.uint64(nextBeforeId, at: 3)
    }
}

/// Why a subject is as it is.
package struct WhyAnswer: ProtobufMessage {
    /// Such as "proxy/0".
    package var subject: String = ""
    /// The whole answer for people; says so if the record has nothing.
    package var sentence: String = ""
    /// What happened last, and what led to it, each followed by its cause.
    package var chain: [RecordEntry] = []
    /// How the process came about that was there before; absent if none is known.
    package var before: RecordEntry?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: subject = try reader.string(field)
        case 2: sentence = try reader.string(field)
        case 3: try reader.message(field, into: &chain)
        case 4: try reader.message(field, into: &before)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(subject, at: 1)
        writer.string(sentence, at: 2)
        for value in chain { writer.message(value, at: 3) }
        if let before { writer.message(before, at: 4) }
    }
}

package struct DoctorRequest: ProtobufMessage {
    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
    }
}

/// What only the running supervisor can tell; the command adds what it sees itself.
package struct DoctorReply: ProtobufMessage {
    package var facts: [DoctorFact] = []
    /// What roostd runs with, as absolute paths.
    package var configFile: String = ""
    package var stateDirectory: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &facts)
        case 2: configFile = try reader.string(field)
        case 3: stateDirectory = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in facts { writer.message(value, at: 1) }
        writer.string(configFile, at: 2)
        writer.string(stateDirectory, at: 3)
    }
}

package struct DoctorFact: ProtobufMessage {
    /// Dotted, such as "systemd.watchdog".
    package var name: String = ""
    package var verdict: DoctorFact.Verdict = DoctorFact.Verdict(rawValue: 0)
    /// What is the case.
    package var finding: String = ""
    /// What to do; empty if nothing.
    package var mend: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: verdict = try reader.enumeration(field)
        case 3: finding = try reader.string(field)
        case 4: mend = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.enumeration(verdict, at: 2)
        writer.string(finding, at: 3)
        writer.string(mend, at: 4)
    }

    package enum Verdict: ProtobufEnum {
        case unspecified
        case good
        case warning
        case bad
        /// A number that this build does not know.
        case unrecognized(Int32)

        package init(rawValue: Int32) {
            switch rawValue {
            case 0: self = .unspecified
            case 1: self = .good
            case 2: self = .warning
            case 3: self = .bad
            default: self = .unrecognized(rawValue)
            }
        }

        package var rawValue: Int32 {
            switch self {
            case .unspecified: 0
            case .good: 1
            case .warning: 2
            case .bad: 3
            case .unrecognized(let rawValue): rawValue
            }
        }
    }
}

package struct MetricsRequest: ProtobufMessage {
    /// Workers; empty: all.
    package var names: [String] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: names.append(try reader.string(field))
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in names { writer.string(value, at: 1, always: true) }
    }
}

package struct MetricsReply: ProtobufMessage {
    package var processes: [ProcessMetrics] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &processes)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in processes { writer.message(value, at: 1) }
    }
}

package struct ProcessMetrics: ProtobufMessage {
    /// The worker, or "roostd".
    package var name: String = ""
    package var instance: UInt32 = 0
    /// Counters and histograms are summed over the restarts of the instance.
    package var snapshot: MetricsSnapshot?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: instance = try reader.uint32(field)
        case 3: try reader.message(field, into: &snapshot)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.uint32(instance, at: 2)
        if let snapshot { writer.message(snapshot, at: 3) }
    }
}
