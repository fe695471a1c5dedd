import RoostProtocol

/// One thing that `roost doctor` has looked at.
struct Finding: Equatable {
    enum Verdict: Int, Comparable {
        case good, warning, bad

        var word: String {
            switch self {
            case .good: "good"
            case .warning: "warning"
            case .bad: "bad"
            }
        }

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Dotted, such as `systemd.unit`.
    let name: String
    let verdict: Verdict
    /// What is the case.
    let finding: String
    /// What to do; empty if nothing.
    let mend: String

    static func good(_ name: String, _ finding: String) -> Finding {
        Finding(name: name, verdict: .good, finding: finding, mend: "")
    }

    static func warning(_ name: String, _ finding: String, _ mend: String) -> Finding {
        Finding(name: name, verdict: .warning, finding: finding, mend: mend)
    }

    static func bad(_ name: String, _ finding: String, _ mend: String) -> Finding {
        Finding(name: name, verdict: .bad, finding: finding, mend: mend)
    }
}

extension Finding {
    /// What the supervisor has found; a verdict of a newer one is a warning.
    init(_ fact: DoctorFact) {
        name = fact.name
        verdict =
            switch fact.verdict {
            case .good: .good
            case .bad: .bad
            case .warning, .unspecified, .unrecognized: .warning
            }
        finding = fact.finding
        mend = fact.mend
    }
}
