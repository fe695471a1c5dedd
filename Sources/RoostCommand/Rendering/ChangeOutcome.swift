import RoostJSON
import RoostPolicy
import RoostProtocol

/// What became of a change: one line an instance.
struct ChangeOutcome {
    private let outcomes: [InstanceOutcome]
    private let verb: String

    /// - Parameter verb: What was done to those where it worked, `restarted` for instance.
    init(_ outcomes: [InstanceOutcome], _ verb: String) {
        self.outcomes = outcomes
        self.verb = verb
    }

    /// - Throws: `CommandFailure` when it failed for an instance.
    func say(on call: Call) throws {
        let failed = outcomes.filter { !$0.succeeded }
        if call.isJSON {
            try call.say(["outcomes": json])
        } else {
            for outcome in outcomes where outcome.succeeded { try call.say(line(outcome)) }
        }
        guard !failed.isEmpty else { return }
        throw CommandFailure(code: "failed", failed.map { PlainText.of($0.message) }.joined(separator: "\n"))
    }

    var json: JSONValue {
        .array(
            outcomes.map { outcome in
                [
                    "name": .string(outcome.name), "instance": .integer(Int64(outcome.instance)),
                    "succeeded": .bool(outcome.succeeded), "state": .string(outcome.state.word),
                    "pid_before": outcome.pidBefore.map { .integer(Int64($0)) } ?? .null,
                    "pid_after": outcome.pidAfter.map { .integer(Int64($0)) } ?? .null,
                    "message": .string(outcome.message),
                ]
            }
        )
    }

    /// `proxy/0 restarted: pid 81 -> 92`
    func line(_ outcome: InstanceOutcome) -> String {
        let name = "\(PlainText.of(outcome.name))/\(outcome.instance)"
        let isParked = outcome.state == .parked ? " and is parked" : ""
        switch (outcome.pidBefore, outcome.pidAfter) {
        case (let before?, let after?) where before == after: return "\(name) was running\(isParked): pid \(after)"
        case (let before?, let after?): return "\(name) \(verb)\(isParked): pid \(before) -> \(after)"
        case (nil, let after?): return "\(name) \(verb)\(isParked): pid \(after)"
        case (let before?, nil): return "\(name) \(verb)\(isParked): pid \(before) has ended"
        case (nil, nil): return outcome.state == .stopped ? "\(name) is stopped" : "\(name) \(verb)"
        }
    }
}
