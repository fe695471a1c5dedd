// swift-format-ignore-file
// Generated from Schema/plan.proto by Schema/generate. Do not edit.

package enum KeyClass: ProtobufEnum {
    case unspecified
    case live
    case rollingRestart
    /// In force with a new roostd.
    case supervisor
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .live
        case 2: self = .rollingRestart
        case 3: self = .supervisor
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .live: 1
        case .rollingRestart: 2
        case .supervisor: 3
        case .unrecognized(let rawValue): rawValue
        }
    }
}

package enum PlannedStep: ProtobufEnum {
    case unspecified
    case unchanged
    case live
    case rollingRestart
    case stop
    case start
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .unchanged
        case 2: self = .live
        case 3: self = .rollingRestart
        case 4: self = .stop
        case 5: self = .start
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .unchanged: 1
        case .live: 2
        case .rollingRestart: 3
        case .stop: 4
        case .start: 5
        case .unrecognized(let rawValue): rawValue
        }
    }
}

package struct PlanRequest: ProtobufMessage {
    /// The main file of another configuration, absolute; empty: roostd's own. Another one needs the level admin, since
    /// what is wrong with a file tells what is in it.
    package var file: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: file = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(file, at: 1)
    }
}

package struct PlanReply: ProtobufMessage {
    /// False: a reload would be rejected, `problems` say why.
    package var valid: Bool = false
    /// `FILE:LINE:COLUMN: KEY: what is wrong; what to do`
    package var problems: [String] = []
    package var warnings: [String] = []
    /// The configuration in force.
    package var generation: UInt64 = 0
    /// Whether the files differ from those in force, be it in a comment: a reload would make a new generation.
    package var changed: Bool = false
    package var supervisor: [PlannedKey] = []
    /// Every worker, those that go last.
    package var workers: [PlannedWorker] = []
    package var rules: [PlannedRule] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: valid = try reader.bool(field)
        case 2: problems.append(try reader.string(field))
        case 3: warnings.append(try reader.string(field))
        case 4: generation = try reader.uint64(field)
        case 5: changed = try reader.bool(field)
        case 6: try reader.message(field, into: &supervisor)
        case 7: try reader.message(field, into: &workers)
        case 8: try reader.message(field, into: &rules)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.bool(valid, at: 1)
        for value in problems { writer.string(value, at: 2, always: true) }
        for value in warnings { writer.string(value, at: 3, always: true) }
        writer.uint64(generation, at: 4)
        writer.bool(changed, at: 5)
        for value in supervisor { writer.message(value, at: 6) }
        for value in workers { writer.message(value, at: 7) }
        for value in rules { writer.message(value, at: 8) }
    }
}

package struct PlannedKey: ProtobufMessage {
    /// Dotted: `workers.web.nice`, `rules.api.priority`.
    package var key: String = ""
    package var change: KeyClass = KeyClass(rawValue: 0)
    /// Absent: none, or secret.
    package var old: String?
    package var new: String?
    package var secret: Bool = false

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: key = try reader.string(field)
        case 2: change = try reader.enumeration(field)
        case 3: old = try reader.string(field)
        case 4: new = try reader.string(field)
        case 5: secret = try reader.bool(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(key, at: 1)
        writer.enumeration(change, at: 2)
        if let old { writer.string(old, at: 3, always: true) }
        if let new { writer.string(new, at: 4, always: true) }
        writer.bool(secret, at: 5)
    }
}

package struct PlannedWorker: ProtobufMessage {
    package var name: String = ""
    package var step: PlannedStep = PlannedStep(rawValue: 0)
    package var keys: [PlannedKey] = []
    package var replaced: [PlannedReplacement] = []
    /// Instance numbers.
    package var started: [UInt32] = []
    package var stopped: [UInt32] = []
    /// Quarantined or waiting ones that are tried again.
    package var retried: [UInt32] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: step = try reader.enumeration(field)
        case 3: try reader.message(field, into: &keys)
        case 4: try reader.message(field, into: &replaced)
        case 5: try reader.repeated(field, of: .varint, into: &started) { (reader, field) throws(ProtobufError) in try reader.uint32(field) }
        case 6: try reader.repeated(field, of: .varint, into: &stopped) { (reader, field) throws(ProtobufError) in try reader.uint32(field) }
        case 7: try reader.repeated(field, of: .varint, into: &retried) { (reader, field) throws(ProtobufError) in try reader.uint32(field) }
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.enumeration(step, at: 2)
        for value in keys { writer.message(value, at: 3) }
        for value in replaced { writer.message(value, at: 4) }
        writer.packed(started, at: 5) { $0.varint(UInt64($1)) }
        writer.packed(stopped, at: 6) { $0.varint(UInt64($1)) }
        writer.packed(retried, at: 7) { $0.varint(UInt64($1)) }
    }
}

package struct PlannedReplacement: ProtobufMessage {
    package var instance: UInt32 = 0
    /// configuration, executable, unreachable.
    package var cause: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: instance = try reader.uint32(field)
        case 2: cause = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint32(instance, at: 1)
        writer.string(cause, at: 2)
    }
}

package struct PlannedRule: ProtobufMessage {
    package var name: String = ""
    /// added, changed, removed.
    package var step: String = ""
    package var keys: [PlannedKey] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: step = try reader.string(field)
        case 3: try reader.message(field, into: &keys)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.string(step, at: 2)
        for value in keys { writer.message(value, at: 3) }
    }
}
