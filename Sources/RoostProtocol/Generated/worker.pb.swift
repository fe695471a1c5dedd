// swift-format-ignore-file
// Generated from Schema/worker.proto by Schema/generate. Do not edit.

/// What a worker does and how it feels, several times per heartbeat deadline. Liveness means progress: see Progress.
package struct Heartbeat: ProtobufMessage {
    /// Counts up by one, from 1.
    package var sequence: UInt64 = 0
    /// How late the loop's timer for this heartbeat fired.
    package var loopLagNs: UInt64 = 0
    /// Age of the oldest request that is not answered; 0 none.
    package var oldestRequestAgeMs: UInt64 = 0
    package var progress: [Progress] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: sequence = try reader.uint64(field)
        case 2: loopLagNs = try reader.uint64(field)
        case 3: oldestRequestAgeMs = try reader.uint64(field)
        case 4: try reader.message(field, into: &progress)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(sequence, at: 1)
        writer.uint64(loopLagNs, at: 2)
        writer.uint64(oldestRequestAgeMs, at: 3)
        for value in progress { writer.message(value, at: 4) }
    }
}

/// One thing that a worker works off. It is stuck when `pending` is not 0 and `completed` stands still for
/// `stall_after_ms`.
package struct Progress: ProtobufMessage {
    package var name: String = ""
    /// Ever finished.
    package var completed: UInt64 = 0
    /// Waiting now.
    package var pending: UInt64 = 0
    /// 0: as the heartbeat deadline; 4294967295: for ever.
    package var stallAfterMs: UInt32 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: completed = try reader.uint64(field)
        case 3: pending = try reader.uint64(field)
        case 4: stallAfterMs = try reader.uint32(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.uint64(completed, at: 2)
        writer.uint64(pending, at: 3)
        writer.uint32(stallAfterMs, at: 4)
    }
}

/// The worker takes traffic.
package struct Ready: ProtobufMessage {
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

/// What the worker needs is absent; not a failure.
package struct Parked: ProtobufMessage {
    package var reason: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: reason = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(reason, at: 1)
    }
}

/// A signal has come that the worker ends for, from this process. Only the one that gets a signal is told who has sent it.
package struct Signaled: ProtobufMessage {
    package var signal: Int32 = 0
    /// 0: the kernel, such as Ctrl-C of a terminal.
    package var senderPid: Int32 = 0
    package var senderUid: UInt32 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: signal = try reader.int32(field)
        case 2: senderPid = try reader.int32(field)
        case 3: senderUid = try reader.uint32(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.int32(signal, at: 1)
        writer.int32(senderPid, at: 2)
        writer.uint32(senderUid, at: 3)
    }
}

/// No heartbeat will come until the phase is over, at the latest after the deadline. The next heartbeat ends it.
package struct SlowPhase: ProtobufMessage {
    package var name: String = ""
    package var deadlineMs: UInt32 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: deadlineMs = try reader.uint32(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.uint32(deadlineMs, at: 2)
    }
}

/// First half of a configuration change: check and hold, change nothing yet. A new process finds the same message in the
/// memory file that it inherits under the name "configuration", and starts with it.
package struct Prepare: ProtobufMessage {
    package var generation: UInt64 = 0
    /// The worker's part as the configuration's checked form.
    package var configuration: [UInt8] = []
    package var heartbeatIntervalMs: UInt32 = 0
    /// How long to go on without a supervisor.
    package var leaseMs: UInt32 = 0
    /// How long to drain at most when no request to drain says otherwise.
    package var drainMs: UInt32 = 0
    /// Bytes of the largest frame, and of what may wait to be sent on a connection.
    package var frameLimit: UInt32 = 0
    package var sendLimit: UInt64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: generation = try reader.uint64(field)
        case 2: configuration = try reader.bytes(field)
        case 3: heartbeatIntervalMs = try reader.uint32(field)
        case 4: leaseMs = try reader.uint32(field)
        case 5: drainMs = try reader.uint32(field)
        case 6: frameLimit = try reader.uint32(field)
        case 7: sendLimit = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(generation, at: 1)
        writer.bytes(configuration, at: 2)
        writer.uint32(heartbeatIntervalMs, at: 3)
        writer.uint32(leaseMs, at: 4)
        writer.uint32(drainMs, at: 5)
        writer.uint32(frameLimit, at: 6)
        writer.uint64(sendLimit, at: 7)
    }
}

package struct PrepareReply: ProtobufMessage {
    package var prepared: Prepared?
    package var refused: Refused?

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.message(field, into: &prepared)
        case 2: try reader.message(field, into: &refused)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        if let prepared { writer.message(prepared, at: 1) }
        if let refused { writer.message(refused, at: 2) }
    }
}

package struct Prepared: ProtobufMessage {
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

package struct Refused: ProtobufMessage {
    /// One sentence each, in the form of a configuration error where it is one.
    package var problems: [String] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: problems.append(try reader.string(field))
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        for value in problems { writer.string(value, at: 1, always: true) }
    }
}

/// Second half: switch to what was prepared.
package struct Commit: ProtobufMessage {
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

package struct Committed: ProtobufMessage {
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

/// Forget what was prepared.
package struct Abort: ProtobufMessage {
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

package struct Aborted: ProtobufMessage {
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

/// Stop accepting, finish what is in flight, reply, exit.
package struct Drain: ProtobufMessage {
    package var deadlineMs: UInt32 = 0
    /// How long a connection without a request in flight may stay open for one more; at most the deadline.
    package var idleMs: UInt32 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: deadlineMs = try reader.uint32(field)
        case 2: idleMs = try reader.uint32(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint32(deadlineMs, at: 1)
        writer.uint32(idleMs, at: 2)
    }
}

package struct Drained: ProtobufMessage {
    /// Requests that were cut off at the deadline.
    package var abandoned: UInt64 = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: abandoned = try reader.uint64(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(abandoned, at: 1)
    }
}

/// Asks whether the worker can do its work, not only whether it breathes.
package struct Probe: ProtobufMessage {
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

package struct ProbeReply: ProtobufMessage {
    package var healthy: Bool = false
    package var reason: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: healthy = try reader.bool(field)
        case 2: reason = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.bool(healthy, at: 1)
        writer.string(reason, at: 2)
    }
}

/// To a process that was started beside the one it is to replace: it is proved, and serves from now on what it was given
/// under names that begin with "held.", as "held.proxy.listen" for "proxy.listen".
package struct Promote: ProtobufMessage {
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

package struct Promoted: ProtobufMessage {
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

/// All figures of a worker; replaces the one before.
package struct MetricsSnapshot: ProtobufMessage {
    /// Wall clock, nanoseconds since the epoch.
    package var takenAtNs: Int64 = 0
    package var metrics: [Metric] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: takenAtNs = try reader.int64(field)
        case 2: try reader.message(field, into: &metrics)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.int64(takenAtNs, at: 1)
        for value in metrics { writer.message(value, at: 2) }
    }
}

package struct Metric: ProtobufMessage {
    /// As Prometheus has it: unit last, counters end in _total.
    package var name: String = ""
    package var kind: Metric.Kind = Metric.Kind(rawValue: 0)
    package var labels: [Label] = []
    /// Of a counter or gauge.
    package var value: Double = 0
    /// Of a histogram: upper bounds, ascending, without the last, infinite one.
    package var bounds: [Double] = []
    /// Of a histogram: observations per bucket, not summed up; one more than bounds.
    package var buckets: [UInt64] = []
    /// Of a histogram: the sum of all observations.
    package var sum: Double = 0

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: kind = try reader.enumeration(field)
        case 3: try reader.message(field, into: &labels)
        case 4: value = try reader.double(field)
        case 5: try reader.repeated(field, of: .fixed64, into: &bounds) { (reader, field) throws(ProtobufError) in try reader.double(field) }
        case 6: try reader.repeated(field, of: .varint, into: &buckets) { (reader, field) throws(ProtobufError) in try reader.uint64(field) }
        case 7: sum = try reader.double(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.enumeration(kind, at: 2)
        for value in labels { writer.message(value, at: 3) }
        writer.double(value, at: 4)
        writer.packed(bounds, at: 5) { $0.fixed($1.bitPattern) }
        writer.packed(buckets, at: 6) { $0.varint($1) }
        writer.double(sum, at: 7)
    }

    package enum Kind: ProtobufEnum {
        case unspecified
        /// Only grows while the process lives.
        case counter
        case gauge
        case histogram
        /// A number that this build does not know.
        case unrecognized(Int32)

        package init(rawValue: Int32) {
            switch rawValue {
            case 0: self = .unspecified
            case 1: self = .counter
            case 2: self = .gauge
            case 3: self = .histogram
            default: self = .unrecognized(rawValue)
            }
        }

        package var rawValue: Int32 {
            switch self {
            case .unspecified: 0
            case .counter: 1
            case .gauge: 2
            case .histogram: 3
            case .unrecognized(let rawValue): rawValue
            }
        }
    }
}

package struct Label: ProtobufMessage {
    package var name: String = ""
    package var value: String = ""

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: value = try reader.string(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(name, at: 1)
        writer.string(value, at: 2)
    }
}
