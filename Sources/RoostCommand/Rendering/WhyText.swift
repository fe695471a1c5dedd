import RoostJSON
import RoostPolicy
import RoostProtocol

/// Answers to "why" and entries of the causal record, for people or as JSON.
enum WhyText {
    /// Each answer as sentences, and below it the chain of what led there.
    static func text(_ answers: [WhyAnswer]) -> String {
        answers.map { answer in
            let chain = answer.chain.count > 1 ? answer.chain.map { "  " + line($0) } : []
            return ([PlainText.of(answer.sentence) + "."] + chain).joined(separator: "\n") + "\n"
        }
        .joined()
    }

    /// One line each.
    static func text(_ entries: [RecordEntry]) -> String { entries.map { line($0) + "\n" }.joined() }

    /// `#17 proxy/0 was started at 2026-03-01T12:00:00.250Z (pid 81) because roostd started; after #16`
    static func line(_ entry: RecordEntry) -> String {
        let parent = entry.parent == 0 ? "" : "; after #\(entry.parent)"
        return "#\(entry.id) \(PlainText.of(entry.sentence))\(parent)"
    }

    static func json(_ answers: [WhyAnswer], _ history: [RecordEntry]?) -> JSONValue {
        var object: JSONObject = [
            "answers": .array(
                answers.map { answer in
                    [
                        "subject": .string(answer.subject), "sentence": .string(answer.sentence),
                        "chain": .array(answer.chain.map(json)), "before": answer.before.map(json) ?? .null,
                    ]
                }
            )
        ]
        if let history { object["history"] = .array(history.map(json)) }
        return .object(object)
    }

    private static func json(_ entry: RecordEntry) -> JSONValue {
        let isInstance = entry.subject == "instance"
        let cause = entry.cause ?? RecordCause()
        return [
            "id": .count(entry.id), "at": .time(entry.atNs), "monotonic_ns": .integer(entry.monotonicNs),
            "boot_id": .string(uuid(entry.bootId)), "event": .string(entry.event), "subject": .string(entry.subject),
            "name": entry.name.isEmpty ? .null : .string(entry.name),
            "instance": isInstance ? .count(entry.instance) : .null, "pid": entry.pid.map { .count($0) } ?? .null,
            "cause": [
                "kind": .string(cause.kind), "sentence": .string(cause.sentence), "inputs": inputs(cause.inputs),
            ],
            "initiator": initiator(cause.initiator ?? RecordInitiator()),
            "decision": entry.decision.map { decision in
                [
                    "what": .string(decision.what), "sentence": .string(decision.sentence),
                    "inputs": inputs(decision.inputs),
                ]
            } ?? .null,
            "parent": entry.parent == 0 ? .null : .count(entry.parent), "sentence": .string(entry.sentence),
        ]
    }

    private static func initiator(_ initiator: RecordInitiator) -> JSONValue {
        func text(_ text: String) -> JSONValue { text.isEmpty ? .null : .string(text) }
        return [
            "kind": .string(initiator.kind), "uid": initiator.uid.map { .count($0) } ?? .null,
            "pid": initiator.pid.map { .count($0) } ?? .null, "on_behalf_of": text(initiator.onBehalfOf),
            "signal": text(initiator.signal), "unit": text(initiator.unit), "worker": text(initiator.worker),
            "generation": initiator.generation == 0 ? .null : .count(initiator.generation),
            "sentence": .string(initiator.sentence),
        ]
    }

    /// Figures by name; the unit is in the key.
    private static func inputs(_ inputs: [RecordInput]) -> JSONValue {
        var object: JSONObject = [:]
        for input in inputs {
            if let count = input.count { object[input.name] = .integer(count) }
            if let duration = input.durationNs { object[input.name + "_seconds"] = .seconds(Double(duration) / 1e9) }
            if let size = input.size { object[input.name + "_bytes"] = .integer(size) }
            if let text = input.text { object[input.name] = .string(text) }
        }
        return .object(object)
    }

    /// As the kernel writes a boot's id.
    private static func uuid(_ bytes: [UInt8]) -> String {
        bytes.enumerated().reduce(into: "") { text, byte in
            if [4, 6, 8, 10].contains(byte.offset) { text += "-" }
            text += byte.element < 16 ? "0" : ""
            text += String(byte.element, radix: 16)
        }
    }
}
