import RoostJSON
import RoostProtocol

/// What became of a reload or rollback.
struct ReloadOutcome {
    private let reply: ReloadReply

    init(_ reply: ReloadReply) { self.reply = reply }

    /// - Throws: `CommandFailure` when the change was rejected or did not reach an instance.
    func say(on call: Call) throws {
        if call.isJSON {
            try call.say(json)
        } else {
            for warning in reply.warnings { call.note("warning: \(PlainText.of(warning))") }
            for problem in reply.problems { call.note(PlainText.of(problem)) }
            if let headline { try call.say(headline) }
            for outcome in reply.outcomes where outcome.succeeded {
                try call.say(ChangeOutcome(reply.outcomes, "changed").line(outcome))
            }
        }
        if let failure { throw failure }
    }

    var headline: String? {
        guard reply.accepted else { return nil }
        return reply.changed
            ? "configuration \(reply.generation) is in force" : "nothing has changed: configuration \(reply.generation)"
    }

    var failure: CommandFailure? {
        guard reply.accepted else {
            let count = reply.problems.count
            return CommandFailure(
                code: "rejected",
                "rejected (\(count) problem\(count == 1 ? "" : "s")), configuration \(reply.generation) stays in force: "
                    + "mend the files and run `roost reload`"
            )
        }
        let failed = reply.outcomes.filter { !$0.succeeded }
        guard !failed.isEmpty else { return nil }
        return CommandFailure(code: "failed", failed.map(\.message).joined(separator: "\n"))
    }

    var json: JSONValue {
        [
            "accepted": .bool(reply.accepted), "changed": .bool(reply.changed), "generation": .count(reply.generation),
            "problems": .array(reply.problems.map { .string($0) }),
            "warnings": .array(reply.warnings.map { .string($0) }),
            "outcomes": ChangeOutcome(reply.outcomes, "changed").json,
        ]
    }
}
