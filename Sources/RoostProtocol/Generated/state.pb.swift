// swift-format-ignore-file
// Generated from Schema/state.proto by Schema/generate. Do not edit.

package struct SavedState: ProtobufMessage {
    /// Of the supervisor that wrote it.
    package var supervisorPid: Int32 = 0
    package var version: String = ""
    package var generation: UInt64 = 0
    package var digest: [UInt8] = []
    /// Why the files as they were do not run.
    package var problems: [String] = []
    /// Instance counts that `scale` has set.
    package var scaled: [SavedScale] = []
    package var instances: [SavedInstance] = []
    /// How long processes that keep a lease go on without a supervisor.
    package var leaseMs: UInt32 = 0
    /// The workers are being told of this generation: which of them work with it is not known.
    package var switching: Bool = false
    /// What workers have left behind and nobody has reaped yet. For the guard.
    package var strays: [SavedProcess] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: supervisorPid = try reader.int32(field)
        case 2: version = try reader.string(field)
        case 3: generation = try reader.uint64(field)
        case 4: digest = try reader.bytes(field)
        case 5: problems.append(try reader.string(field))
        case 6: try reader.message(field, into: &scaled)
        case 7: try reader.message(field, into: &instances)
        case 8: leaseMs = try reader.uint32(field)
        case 9: switching = try reader.bool(field)
        case 20: try reader.message(field, into: &strays)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.int32(supervisorPid, at: 1)
        writer.string(version, at: 2)
        writer.uint64(generation, at: 3)
        writer.bytes(digest, at: 4)
        for value in problems { writer.string(value, at: 5, always: true) }
        for value in scaled { writer.message(value, at: 6) }
        for value in instances { writer.message(value, at: 7) }
        writer.uint32(leaseMs, at: 8)
        writer.bool(switching, at: 9)
        for value in strays { writer.message(value, at: 20) }
    }
}

package struct SavedScale: ProtobufMessage {
    package var name: String = ""
    package var instances: UInt32 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: instances = try reader.uint32(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.uint32(instances, at: 2)
    }
}

package struct SavedInstance: ProtobufMessage {
    package var name: String = ""
    package var instance: UInt32 = 0
    package var phase: SavedPhase?
    package var wanted: Bool = false
    package var askedFor: Bool = false
    /// As ExitReason names it; absent: it was not asked to end.
    package var stopCause: ExitReason = ExitReason(rawValue: 0)
    /// Of the restart policy.
    package var streak: UInt32 = 0
    package var failuresNs: [Int64] = []
    package var restarts: UInt64 = 0
    package var incarnations: UInt64 = 0
    package var lastExit: LastExit?
    package var reason: String = ""
    /// It goes when it has ended.
    package var retiring: Bool = false
    /// The configuration generation that it was last started with.
    package var begunWith: UInt64 = 0
    package var stamp: SavedStamp?
    package var process: SavedProcess?
    /// How the entries of the causal record about it go on: why the next process is started, why the present one was told to
    /// end, and the last entry.
    package var starting: RecordEntry?
    package var ending: RecordEntry?
    package var lastRecord: UInt64 = 0
    /// During a rolling restart.
    package var roll: SavedRoll?
    /// Its process is to be replaced under this reason, configuration or upgrade, as soon as that can be done without a gap.
    package var renewal: ExitReason = ExitReason(rawValue: 0)

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: instance = try reader.uint32(field)
        case 3: try reader.message(field, into: &phase)
        case 4: wanted = try reader.bool(field)
        case 5: askedFor = try reader.bool(field)
        case 6: stopCause = try reader.enumeration(field)
        case 7: streak = try reader.uint32(field)
        case 8: try reader.repeated(field, of: .varint, into: &failuresNs) { (reader, field) throws(ProtobufError) in try reader.int64(field) }
        case 9: restarts = try reader.uint64(field)
        case 10: incarnations = try reader.uint64(field)
        case 11: try reader.message(field, into: &lastExit)
        case 12: reason = try reader.string(field)
        case 13: retiring = try reader.bool(field)
        case 14: begunWith = try reader.uint64(field)
        case 15: try reader.message(field, into: &stamp)
        case 16: try reader.message(field, into: &process)
        case 17: try reader.message(field, into: &roll)
        case 18: try reader.message(field, into: &starting)
        case 19: try reader.message(field, into: &ending)
        case 20: lastRecord = try reader.uint64(field)
        case 21: renewal = try reader.enumeration(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.uint32(instance, at: 2)
        if let phase { writer.message(phase, at: 3) }
        writer.bool(wanted, at: 4)
        writer.bool(askedFor, at: 5)
        writer.enumeration(stopCause, at: 6)
        writer.uint32(streak, at: 7)
        writer.packed(failuresNs, at: 8) { $0.varint(UInt64(bitPattern: $1)) }
        writer.uint64(restarts, at: 9)
        writer.uint64(incarnations, at: 10)
        if let lastExit { writer.message(lastExit, at: 11) }
        writer.string(reason, at: 12)
        writer.bool(retiring, at: 13)
        writer.uint64(begunWith, at: 14)
        if let stamp { writer.message(stamp, at: 15) }
        if let process { writer.message(process, at: 16) }
        if let roll { writer.message(roll, at: 17) }
        if let starting { writer.message(starting, at: 18) }
        if let ending { writer.message(ending, at: 19) }
        writer.uint64(lastRecord, at: 20)
        writer.enumeration(renewal, at: 21)
    }
}

/// A rolling restart that has a process beside the serving one.
package struct SavedRoll: ProtobufMessage {
    package var step: SavedRoll.Step = SavedRoll.Step(rawValue: 0)
    package var process: SavedProcess?
    /// The deadline of the step, and how far the process has been told to end: draining, terminating or killing.
    package var phase: SavedPhase?
    /// Under which reason the end of a former process is recorded.
    package var reason: ExitReason = ExitReason(rawValue: 0)

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: step = try reader.enumeration(field)
        case 2: try reader.message(field, into: &process)
        case 3: try reader.message(field, into: &phase)
        case 4: reason = try reader.enumeration(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.enumeration(step, at: 1)
        if let process { writer.message(process, at: 2) }
        if let phase { writer.message(phase, at: 3) }
        writer.enumeration(reason, at: 4)
    }

    package enum Step: ProtobufEnum {
        case unspecified
        /// Not promoted yet.
        case candidate
        /// The former process is leaving.
        case retiring
        /// The new one was not good enough.
        case abandoning
        /// A number that this build does not know.
        case unrecognized(Int32)

        package init(rawValue: Int32) {
            switch rawValue {
            case 0: self = .unspecified
            case 1: self = .candidate
            case 2: self = .retiring
            case 3: self = .abandoning
            default: self = .unrecognized(rawValue)
            }
        }

        package var rawValue: Int32 {
            switch self {
            case .unspecified: 0
            case .candidate: 1
            case .retiring: 2
            case .abandoning: 3
            case .unrecognized(let rawValue): rawValue
            }
        }
    }
}

package struct SavedPhase: ProtobufMessage {
    package var kind: SavedPhase.Kind = SavedPhase.Kind(rawValue: 0)
    /// The phase's deadline.
    package var untilNs: Int64 = 0
    /// Since when the process has been ready, if it is or was.
    package var readySinceNs: Int64?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: kind = try reader.enumeration(field)
        case 2: untilNs = try reader.int64(field)
        case 3: readySinceNs = try reader.int64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.enumeration(kind, at: 1)
        writer.int64(untilNs, at: 2)
        if let readySinceNs { writer.int64(readySinceNs, at: 3, always: true) }
    }

    package enum Kind: ProtobufEnum {
        case unspecified
        case stopped
        case waiting
        case starting
        case running
        case parked
        case draining
        case terminating
        case aborting
        case killing
        case backoff
        case quarantined
        /// A number that this build does not know.
        case unrecognized(Int32)

        package init(rawValue: Int32) {
            switch rawValue {
            case 0: self = .unspecified
            case 1: self = .stopped
            case 2: self = .waiting
            case 3: self = .starting
            case 4: self = .running
            case 5: self = .parked
            case 6: self = .draining
            case 7: self = .terminating
            case 8: self = .aborting
            case 9: self = .killing
            case 10: self = .backoff
            case 11: self = .quarantined
            default: self = .unrecognized(rawValue)
            }
        }

        package var rawValue: Int32 {
            switch self {
            case .unspecified: 0
            case .stopped: 1
            case .waiting: 2
            case .starting: 3
            case .running: 4
            case .parked: 5
            case .draining: 6
            case .terminating: 7
            case .aborting: 8
            case .killing: 9
            case .backoff: 10
            case .quarantined: 11
            case .unrecognized(let rawValue): rawValue
            }
        }
    }
}

/// Which file an executable was.
package struct SavedStamp: ProtobufMessage {
    package var device: UInt64 = 0
    package var inode: UInt64 = 0
    package var size: Int64 = 0
    package var seconds: Int64 = 0
    package var nanoseconds: Int64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: device = try reader.uint64(field)
        case 2: inode = try reader.uint64(field)
        case 3: size = try reader.int64(field)
        case 4: seconds = try reader.int64(field)
        case 5: nanoseconds = try reader.int64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(device, at: 1)
        writer.uint64(inode, at: 2)
        writer.int64(size, at: 3)
        writer.int64(seconds, at: 4)
        writer.int64(nanoseconds, at: 5)
    }
}

package struct SavedProcess: ProtobufMessage {
    package var pid: Int32 = 0
    /// Field 22 of /proc/PID/stat, in clock ticks since boot: tells the process from a later one with its number.
    package var startTime: UInt64 = 0
    package var plain: Bool = false
    package var spawnedAtNs: Int64 = 0
    /// The configuration generation that it works with.
    package var generation: UInt64 = 0
    /// The numbers that its log pipe's read end and its log tape have in the process itself; 0: it has none.
    package var pipeNumber: Int32 = 0
    package var tapeNumber: Int32 = 0
    /// It has not been told to serve the sockets that it was given under names that begin with "held.".
    package var held: Bool = false

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: pid = try reader.int32(field)
        case 2: startTime = try reader.uint64(field)
        case 3: plain = try reader.bool(field)
        case 4: spawnedAtNs = try reader.int64(field)
        case 5: generation = try reader.uint64(field)
        case 6: pipeNumber = try reader.int32(field)
        case 7: tapeNumber = try reader.int32(field)
        case 8: held = try reader.bool(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.int32(pid, at: 1)
        writer.uint64(startTime, at: 2)
        writer.bool(plain, at: 3)
        writer.int64(spawnedAtNs, at: 4)
        writer.uint64(generation, at: 5)
        writer.int32(pipeNumber, at: 6)
        writer.int32(tapeNumber, at: 7)
        writer.bool(held, at: 8)
    }
}
