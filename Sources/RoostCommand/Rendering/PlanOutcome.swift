import RoostJSON
import RoostProtocol

/// What a reload would do.
struct PlanOutcome {
    private let reply: PlanReply

    init(_ reply: PlanReply) { self.reply = reply }

    /// - Throws: `CommandFailure` when a reload would be rejected.
    func say(on call: Call) throws {
        if call.isJSON {
            try call.say(json)
        } else {
            for warning in reply.warnings { call.note("warning: \(PlainText.of(warning))") }
            for problem in reply.problems { call.note(PlainText.of(problem)) }
            if reply.valid { try call.write(text) }
        }
        if let failure { throw failure }
    }

    var failure: CommandFailure? {
        guard !reply.valid else { return nil }
        let count = reply.problems.count
        return CommandFailure(
            code: "rejected",
            "a reload would be rejected (\(count) problem\(count == 1 ? "" : "s")): mend the files; configuration"
                + " \(reply.generation) stays in force"
        )
    }

    // MARK: For people

    /// A line a worker, with a line a key below; then roostd's own settings and the rules.
    var text: String {
        var text = headline + "\n"
        for worker in reply.workers {
            text += "\(worker.name): \(Self.words(worker))\n" + Self.lines(worker.keys)
        }
        if !reply.supervisor.isEmpty { text += "roostd: \(supervisorWords)\n" + Self.lines(reply.supervisor) }
        for rule in reply.rules { text += "rule \(PlainText.of(rule.name)): \(PlainText.of(rule.step))\n" }
        return text
    }

    private var headline: String {
        guard reply.changed else {
            return "the files are those of configuration \(reply.generation)"
        }
        return "a reload would make configuration \(reply.generation + 1); nothing was done, and workers may still"
            + " refuse"
    }

    private var supervisorWords: String {
        reply.supervisor.contains { $0.change == .supervisor } ? "waits in part for a new roostd" : "live change"
    }

    private static func words(_ worker: PlannedWorker) -> String {
        var parts = [worker.step.words]
        for replacement in worker.replaced {
            let cause =
                switch replacement.cause {
                case "executable": "its executable has changed"
                case "unreachable": "it cannot be told"
                default: "needs a new process"
                }
            parts.append("replace \(worker.name)/\(replacement.instance) (\(cause))")
        }
        func list(_ verb: String, _ numbers: [UInt32]) {
            guard !numbers.isEmpty else { return }
            parts.append("\(verb) " + numbers.map { "\(worker.name)/\($0)" }.joined(separator: " "))
        }
        list("start", worker.started)
        list("stop", worker.stopped)
        list("try again", worker.retried)
        return parts.joined(separator: ", ")
    }

    private static func lines(_ keys: [PlannedKey]) -> String {
        keys.map { key in
            let later = key.change == .supervisor ? " (needs a new roostd)" : ""
            let values =
                key.secret
                ? " (not shown)"
                : key.old == nil && key.new == nil
                    ? "" : ": \(PlainText.of(key.old ?? "not set")) -> \(PlainText.of(key.new ?? "not set"))"
            return "  \(PlainText.of(key.key))\(values)\(later)\n"
        }.joined()
    }

    // MARK: For programs

    var json: JSONValue {
        [
            "valid": .bool(reply.valid), "changed": .bool(reply.changed), "generation": .count(reply.generation),
            "problems": .array(reply.problems.map { .string($0) }),
            "warnings": .array(reply.warnings.map { .string($0) }),
            "supervisor": Self.json(reply.supervisor),
            "workers": .array(reply.workers.map(Self.json)),
            "rules": .array(
                reply.rules.map { rule in
                    ["name": .string(rule.name), "change": .string(rule.step), "keys": Self.json(rule.keys)]
                }
            ),
        ]
    }

    private static func json(_ worker: PlannedWorker) -> JSONValue {
        func numbers(_ list: [UInt32]) -> JSONValue { .array(list.map { .count($0) }) }
        return [
            "name": .string(worker.name), "change": .string(worker.step.word), "keys": json(worker.keys),
            "replace": .array(
                worker.replaced.map { ["instance": .count($0.instance), "cause": .string($0.cause)] }
            ),
            "start": numbers(worker.started), "stop": numbers(worker.stopped), "retry": numbers(worker.retried),
        ]
    }

    private static func json(_ keys: [PlannedKey]) -> JSONValue {
        .array(
            keys.map { key in
                [
                    "key": .string(key.key), "change": .string(key.change.word),
                    "old": key.old.map { .string($0) } ?? .null, "new": key.new.map { .string($0) } ?? .null,
                    "secret": .bool(key.secret),
                ]
            }
        )
    }
}

extension PlannedStep {
    /// For programs.
    fileprivate var word: String {
        switch self {
        case .unchanged: "unchanged"
        case .live: "live"
        case .rollingRestart: "rolling_restart"
        case .stop: "stop"
        case .start: "start"
        case .unspecified, .unrecognized: "unknown"
        }
    }

    fileprivate var words: String {
        switch self {
        case .live: "live change"
        case .rollingRestart: "rolling restart"
        default: word
        }
    }
}

extension KeyClass {
    fileprivate var word: String {
        switch self {
        case .live: "live"
        case .rollingRestart: "rolling_restart"
        case .supervisor: "new_roostd"
        case .unspecified, .unrecognized: "unknown"
        }
    }
}
