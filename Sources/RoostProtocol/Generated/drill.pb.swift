// swift-format-ignore-file
// Generated from Schema/drill.proto by Schema/generate. Do not edit.

package enum DrillFault: ProtobufEnum {
    case unspecified
    /// SIGKILL to the process of an instance.
    case kill
    /// SIGSTOP: it lives and does nothing.
    case hang
    /// SIGSYS, which counts as a failure of the program.
    case crash
    /// SIGKILL to the supervisor itself, behind its reply; needs admin.
    case supervisorKill
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .kill
        case 2: self = .hang
        case 3: self = .crash
        case 4: self = .supervisorKill
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .kill: 1
        case .hang: 2
        case .crash: 3
        case .supervisorKill: 4
        case .unrecognized(let rawValue): rawValue
        }
    }
}

package struct DrillRequest: ProtobufMessage {
    package var fault: DrillFault = DrillFault(rawValue: 0)
    /// A worker, which stands for its first running instance, or `worker/instance`; empty for the supervisor.
    package var name: String = ""
    /// The process that is meant: with another one nothing is done; 0: whichever runs.
    package var pid: Int32 = 0
    /// Only say whether it would be done, and to whom.
    package var rehearse: Bool = false
    package var onBehalfOf: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: fault = try reader.enumeration(field)
        case 2: name = try reader.string(field)
        case 3: pid = try reader.int32(field)
        case 4: rehearse = try reader.bool(field)
        case 15: onBehalfOf = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.enumeration(fault, at: 1)
        writer.string(name, at: 2)
        writer.int32(pid, at: 3)
        writer.bool(rehearse, at: 4)
        writer.string(onBehalfOf, at: 15)
    }
}

/// To whom it was done, and what the configuration promises of what follows.
package struct DrillReply: ProtobufMessage {
    package var name: String = ""
    package var instance: UInt32 = 0
    package var pid: Int32 = 0
    /// The entry of the causal record about it; 0 for a rehearsal.
    package var record: UInt64 = 0
    package var startTimeoutMs: UInt32 = 0
    /// 0: it has no heartbeats.
    package var heartbeatDeadlineMs: UInt32 = 0
    /// Failures that are tolerated within the period.
    package var intensity: UInt32 = 0
    package var periodMs: UInt32 = 0
    /// The longest pause before a restart.
    package var backoffMs: UInt32 = 0
    /// Workers that are restarted with it, because of its group's strategy.
    package var companions: [String] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: instance = try reader.uint32(field)
        case 3: pid = try reader.int32(field)
        case 4: record = try reader.uint64(field)
        case 5: startTimeoutMs = try reader.uint32(field)
        case 6: heartbeatDeadlineMs = try reader.uint32(field)
        case 7: intensity = try reader.uint32(field)
        case 8: periodMs = try reader.uint32(field)
        case 9: backoffMs = try reader.uint32(field)
        case 10: companions.append(try reader.string(field))
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.uint32(instance, at: 2)
        writer.int32(pid, at: 3)
        writer.uint64(record, at: 4)
        writer.uint32(startTimeoutMs, at: 5)
        writer.uint32(heartbeatDeadlineMs, at: 6)
        writer.uint32(intensity, at: 7)
        writer.uint32(periodMs, at: 8)
        writer.uint32(backoffMs, at: 9)
        for value in companions { writer.string(value, at: 10, always: true) }
    }
}
