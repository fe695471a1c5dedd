import RoostPolicy
import RoostProtocol

/// What was seen of a process that was made to crash again and again, and whether it is what is promised.
struct CrashLoopJudgement {
    /// Of the first drill.
    let promises: DrillReply
    let before: [WorkerStatus]
    /// When the instance was quarantined, or was given up.
    var during: [WorkerStatus]
    /// When the quarantine was lifted.
    var after: [WorkerStatus]
    var deaths: Int
    /// Since the first death.
    var quarantinedAfter: Duration?
    /// Since the quarantine was lifted.
    var readyAfter: Duration?
    var listeners: [ListenerTally]
    var history: [RecordEntry]
    /// The entry about the last drill.
    var lastDrill: UInt64
    let uid: UInt32

    /// Deaths within which a crash loop is told.
    static func mostDeaths(_ promises: DrillReply) -> Int { Int(promises.intensity) + 1 }

    var verdict: DrillVerdict {
        let target = promises.title
        let state = during.first { $0.title == target }?.state
        let concerned = Set(promises.companions + [target])
        var checks = [quarantine(state)]
        checks += DrillCheck.listeners(listeners)
        checks += [
            .others(before, during, but: concerned),
            .record(history, from: lastDrill, by: uid) { $0.event == "quarantined" && $0.id > lastDrill },
            .ready(readyAfter, since: nil, limit: .milliseconds(promises.startTimeoutMs)).named("lifted"),
            .others(before, after, but: concerned).named("others afterwards"),
        ]
        return DrillVerdict(drill: "crash-loop", target: target, checks: checks)
    }

    private func quarantine(_ state: RoostProtocol.WorkerState?) -> DrillCheck {
        let deaths = "\(deaths) death\(deaths == 1 ? "" : "s")"
        let limit = Self.mostDeaths(promises)
        guard state == .quarantined, let quarantinedAfter else {
            let period = DrillVerdict.words(.milliseconds(promises.periodMs))
            return DrillCheck(
                name: "quarantined",
                passed: false,
                detail: "it is \(state?.word ?? "gone") after \(deaths); \(limit) within \(period) are too many"
            )
        }
        return DrillCheck(
            name: "quarantined",
            passed: self.deaths <= limit,
            detail: "after \(deaths), of at most \(limit)",
            took: quarantinedAfter
        )
    }
}

extension DrillCheck {
    func named(_ name: String) -> DrillCheck { DrillCheck(name: name, passed: passed, detail: detail, took: took) }
}
