// swift-format-ignore-file
// Generated from Schema/record.proto by Schema/generate. Do not edit.

package struct RecordEntry: ProtobufMessage {
    /// Ascending over restarts of the supervisor and reboots.
    package var id: UInt64 = 0
    /// Time of day, nanoseconds since the epoch.
    package var atNs: Int64 = 0
    /// On the monotonic clock of the boot.
    package var monotonicNs: Int64 = 0
    /// 16 bytes: which boot.
    package var bootId: [UInt8] = []
    /// What was done: "started", "ended", "quarantined", ...
    package var event: String = ""
    /// Of "worker" and "instance" with its name, "configuration", "supervisor".
    package var subject: String = ""
    package var name: String = ""
    package var instance: UInt32 = 0
    package var pid: Int32?
    package var cause: RecordCause?
    package var decision: RecordDecision?
    /// The entry that led to this one; 0: none.
    package var parent: UInt64 = 0
    /// Only in answers: the entry for people.
    package var sentence: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: id = try reader.uint64(field)
        case 2: atNs = try reader.int64(field)
        case 3: monotonicNs = try reader.int64(field)
        case 4: bootId = try reader.bytes(field)
        case 5: event = try reader.string(field)
        case 6: subject = try reader.string(field)
        case 7: name = try reader.string(field)
        case 8: instance = try reader.uint32(field)
        case 9: pid = try reader.int32(field)
        case 10: try reader.message(field, into: &cause)
        case 11: try reader.message(field, into: &decision)
        case 12: parent = try reader.uint64(field)
        case 13: sentence = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(id, at: 1)
        writer.int64(atNs, at: 2)
        writer.int64(monotonicNs, at: 3)
        writer.bytes(bootId, at: 4)
        writer.string(event, at: 5)
        writer.string(subject, at: 6)
        writer.string(name, at: 7)
        writer.uint32(instance, at: 8)
        if let pid { writer.int32(pid, at: 9, always: true) }
        if let cause { writer.message(cause, at: 10) }
        if let decision { writer.message(decision, at: 11) }
        writer.uint64(parent, at: 12)
        writer.string(sentence, at: 13)
    }
}

package struct RecordCause: ProtobufMessage {
    /// "exit", "missed_heartbeats", "operator", ...
    package var kind: String = ""
    /// The kind in words, with its figures.
    package var sentence: String = ""
    package var initiator: RecordInitiator?
    package var inputs: [RecordInput] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: kind = try reader.string(field)
        case 2: sentence = try reader.string(field)
        case 3: try reader.message(field, into: &initiator)
        case 4: try reader.message(field, into: &inputs)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(kind, at: 1)
        writer.string(sentence, at: 2)
        if let initiator { writer.message(initiator, at: 3) }
        for value in inputs { writer.message(value, at: 4) }
    }
}

/// Who caused it, as far as it can be known.
package struct RecordInitiator: ProtobufMessage {
    /// "peer", "signal", "file", "boot", "supervisor", "worker", "unit", "generation", "unknown".
    package var kind: String = ""
    package var uid: UInt32?
    package var pid: Int32?
    package var onBehalfOf: String = ""
    package var signal: String = ""
    /// The systemd unit.
    package var unit: String = ""
    /// The instance, such as "proxy/0".
    package var worker: String = ""
    package var generation: UInt64 = 0
    /// Only in answers: the initiator for people.
    package var sentence: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: kind = try reader.string(field)
        case 2: uid = try reader.uint32(field)
        case 3: pid = try reader.int32(field)
        case 4: onBehalfOf = try reader.string(field)
        case 5: signal = try reader.string(field)
        case 6: unit = try reader.string(field)
        case 7: worker = try reader.string(field)
        case 8: generation = try reader.uint64(field)
        case 9: sentence = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(kind, at: 1)
        if let uid { writer.uint32(uid, at: 2, always: true) }
        if let pid { writer.int32(pid, at: 3, always: true) }
        writer.string(onBehalfOf, at: 4)
        writer.string(signal, at: 5)
        writer.string(unit, at: 6)
        writer.string(worker, at: 7)
        writer.uint64(generation, at: 8)
        writer.string(sentence, at: 9)
    }
}

/// What followed, and what that went by.
package struct RecordDecision: ProtobufMessage {
    /// "restart_at_once", "restart_later", "quarantine", ...
    package var what: String = ""
    package var inputs: [RecordInput] = []
    /// Only in answers: the decision for people.
    package var sentence: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: what = try reader.string(field)
        case 2: try reader.message(field, into: &inputs)
        case 3: sentence = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(what, at: 1)
        for value in inputs { writer.message(value, at: 2) }
        writer.string(sentence, at: 3)
    }
}

/// One named figure; one of the values is there.
package struct RecordInput: ProtobufMessage {
    package var name: String = ""
    package var count: Int64?
    package var durationNs: Int64?
    package var size: Int64?
    package var text: String?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: count = try reader.int64(field)
        case 3: durationNs = try reader.int64(field)
        case 4: size = try reader.int64(field)
        case 5: text = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        if let count { writer.int64(count, at: 2, always: true) }
        if let durationNs { writer.int64(durationNs, at: 3, always: true) }
        if let size { writer.int64(size, at: 4, always: true) }
        if let text { writer.string(text, at: 5, always: true) }
    }
}
