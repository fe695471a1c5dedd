import RoostPolicy
package import RoostProtocol

// An entry on disk and on the wire. Reading takes what any version has written; nothing in it can trap.

extension RecordEntry {
    package init(_ message: RoostProtocol.RecordEntry) {
        self.init(
            id: message.id,
            at: WallTime(nanoseconds: message.atNs),
            instant: MonotonicInstant(nanoseconds: message.monotonicNs),
            boot: RecordedBoot(bytes: message.bootId),
            Step(rawValue: message.event) ?? .unknown,
            Subject(message),
            pid: message.pid,
            because: Cause(message.cause ?? RecordCause(), parent: message.parent),
            decision: message.decision.map { Decision($0) }
        )
    }

    package var message: RoostProtocol.RecordEntry {
        var message = RoostProtocol.RecordEntry()
        message.id = id
        message.atNs = at.nanoseconds
        message.monotonicNs = instant.nanoseconds
        message.bootId = boot.bytes
        message.event = step.rawValue
        switch subject {
        case .supervisor: message.subject = "supervisor"
        case .configuration: message.subject = "configuration"
        case .worker(let name): (message.subject, message.name) = ("worker", name)
        case .instance(let id):
            (message.subject, message.name) = ("instance", id.name)
            message.instance = UInt32(clamping: id.instance)
        }
        message.pid = pid
        message.cause = cause.message
        message.decision = decision?.message
        message.parent = cause.parent ?? 0
        return message
    }
}

extension RecordEntry.Subject {
    fileprivate init(_ message: RoostProtocol.RecordEntry) {
        self =
            switch message.subject {
            case "instance": .instance(InstanceID(name: message.name, instance: Int(message.instance)))
            case "worker": .worker(message.name)
            case "configuration": .configuration
            default: .supervisor
            }
    }
}

extension Cause {
    fileprivate init(_ message: RecordCause, parent: UInt64) {
        self.init(
            Kind(rawValue: message.kind) ?? .unknown,
            message.sentence,
            by: Initiator(message.initiator ?? RecordInitiator()),
            parent: parent == 0 ? nil : parent,
            inputs: message.inputs.map { Input($0) }
        )
    }

    fileprivate var message: RecordCause {
        var message = RecordCause()
        message.kind = kind.rawValue
        message.sentence = sentence
        message.initiator = initiator.message
        message.inputs = inputs.map(\.message)
        return message
    }
}

extension Decision {
    fileprivate init(_ message: RecordDecision) {
        self.init(What(rawValue: message.what) ?? .unknown, message.inputs.map { Input($0) })
    }

    fileprivate var message: RecordDecision {
        var message = RecordDecision()
        message.what = what.rawValue
        message.inputs = inputs.map(\.message)
        return message
    }
}

extension Input {
    fileprivate init(_ message: RecordInput) {
        let figure: Figure =
            if let count = message.count {
                .count(count)
            } else if let duration = message.durationNs {
                .duration(.nanoseconds(duration))
            } else if let size = message.size {
                .size(size)
            } else {
                .text(message.text ?? "")
            }
        self.init(message.name, figure)
    }

    fileprivate var message: RecordInput {
        var message = RecordInput()
        message.name = name
        switch figure {
        case .count(let count): message.count = count
        case .duration(let duration): message.durationNs = duration.wholeNanoseconds
        case .size(let bytes): message.size = bytes
        case .text(let text): message.text = text
        }
        return message
    }
}

extension Initiator {
    fileprivate init(_ message: RecordInitiator) {
        let pid = message.pid ?? 0
        self =
            switch message.kind {
            case "peer": .peer(uid: message.uid ?? .max, pid: pid, onBehalfOf: message.onBehalfOf)
            case "signal": .signal(message.signal, pid: pid, uid: message.uid)
            case "file": .watch
            case "boot": .boot
            case "supervisor": .supervisor
            case "worker": InstanceID(message.worker).map { .worker($0, pid: message.pid) } ?? .unknown
            case "unit": .unit(message.unit)
            case "generation": .generation(message.generation)
            default: .unknown
            }
    }

    fileprivate var message: RecordInitiator {
        var message = RecordInitiator()
        switch self {
        case .peer(let uid, let pid, let onBehalfOf):
            (message.kind, message.uid, message.pid, message.onBehalfOf) = ("peer", uid, pid, onBehalfOf)
        case .signal(let name, let pid, let uid):
            (message.kind, message.signal, message.pid, message.uid) = ("signal", name, pid, uid)
        case .watch: message.kind = "file"
        case .boot: message.kind = "boot"
        case .supervisor: message.kind = "supervisor"
        case .worker(let id, let pid): (message.kind, message.worker, message.pid) = ("worker", "\(id)", pid)
        case .unit(let name): (message.kind, message.unit) = ("unit", name)
        case .generation(let generation): (message.kind, message.generation) = ("generation", generation)
        case .unknown: message.kind = "unknown"
        }
        return message
    }
}

extension InstanceID {
    /// From `proxy/0`.
    package init?(_ text: String) {
        guard let slash = text.lastIndex(of: "/"), slash != text.startIndex,
            let instance = UInt32(text[text.index(after: slash)...])
        else { return nil }
        self.init(name: String(text[..<slash]), instance: Int(instance))
    }
}
