import RoostJSON

/// All findings, for people or as JSON.
struct DoctorReport {
    private let findings: [Finding]

    init(_ findings: [Finding]) { self.findings = findings }

    var worst: Finding.Verdict { findings.map(\.verdict).max() ?? .good }

    /// A line a finding; what to do stands below it.
    func text(colors: Bool) -> String {
        let width = findings.map(\.name.count).max() ?? 0
        let lines = findings.map { finding in
            let verdict = finding.verdict.word
            let color: TextTable.Color =
                switch finding.verdict {
                case .good: .green
                case .warning: .yellow
                case .bad: .red
                }
            let shown = colors ? TextTable.colored(verdict, color) : verdict
            let name = PlainText.of(finding.name)
            let start = shown + Self.space(9 - verdict.count) + name + Self.space(width + 2 - name.count)
            let below = Self.space(width + 11)
            let texts = finding.finding.split(separator: "\n").map { PlainText.of($0) }
            let mend = finding.mend.isEmpty ? "" : "\(below)-> \(PlainText.of(finding.mend))\n"
            return start + texts.joined(separator: "\n" + below) + "\n" + mend
        }
        return lines.joined() + summary + "\n"
    }

    private var summary: String {
        let bad = findings.count { $0.verdict == .bad }
        let warnings = findings.count { $0.verdict == .warning }
        return "\(findings.count) checks: \(bad) bad, \(warnings) warning\(warnings == 1 ? "" : "s")"
    }

    private static func space(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

    var json: JSONValue {
        let facts = findings.map { finding -> JSONValue in
            [
                "name": .string(finding.name), "verdict": .string(finding.verdict.word),
                "finding": .string(finding.finding), "mend": .string(finding.mend),
            ]
        }
        return ["verdict": .string(worst.word), "facts": .array(facts)]
    }
}
