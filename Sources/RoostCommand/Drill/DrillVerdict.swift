import RoostJSON
import RoostPolicy

/// One promise that a drill has looked at.
struct DrillCheck: Equatable {
    /// Stable, for programs: `replaced`, `listener proxy.listen`.
    let name: String
    let passed: Bool
    /// What was seen.
    let detail: String
    /// How long it took, where that is what was promised.
    var took: Duration?
}

/// What a drill has shown.
struct DrillVerdict: Equatable {
    /// `kill`, `hang` or `crash-loop`.
    let drill: String
    /// `proxy/0` or `supervisor`.
    let target: String
    let checks: [DrillCheck]

    /// A drill that has looked at nothing has shown nothing.
    var passed: Bool { !checks.isEmpty && failed.isEmpty }
    private var failed: [String] { checks.filter { !$0.passed }.map(\.name) }

    /// - Throws: `CommandFailure` when a promise was not kept.
    func say(on call: Call) throws {
        if call.isJSON {
            try call.say(json)
        } else {
            try call.write(text(colors: call.world.hasColors))
        }
        guard !passed else { return }
        throw CommandFailure(
            code: "failed",
            "\(drill) of \(target): \(failed.joined(separator: ", ")) did not hold; `roost why` and `roost logs` tell more"
        )
    }

    /// A line a check, and the verdict in the last one.
    func text(colors: Bool) -> String {
        var table = TextTable([("", .left), ("CHECK", .left), ("TIME", .right), ("SEEN", .left)])
        for check in checks {
            let word = check.passed ? TextTable.Cell("good", .green) : TextTable.Cell("bad", .red)
            let time = check.took.map { Self.words($0) } ?? ""
            table.append([word, .init(check.name), .init(time), .init(check.detail)])
        }
        let count = "\(checks.count) check\(checks.count == 1 ? "" : "s")"
        let result = passed ? "passed: " : "failed: "
        let summary = result + "\(drill) of \(target), " + (passed ? count : "\(failed.count) of \(count)")
        return table.text(colors: colors) + summary + "\n"
    }

    /// `4 ms`, `2.3 s`
    static func words(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.wholeNanoseconds / 1_000_000)
        guard milliseconds >= 1000 else { return "\(milliseconds) ms" }
        return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    }

    var json: JSONValue {
        let checks = checks.map { check -> JSONValue in
            var object: JSONObject = [
                "name": .string(check.name), "passed": .bool(check.passed), "detail": .string(check.detail),
            ]
            if let took = check.took {
                object["milliseconds"] = .number((Double(took.wholeNanoseconds) / 1e4).rounded() / 100)
            }
            return .object(object)
        }
        return [
            "drill": .string(drill), "target": .string(target), "passed": .bool(passed), "checks": .array(checks),
        ]
    }
}
