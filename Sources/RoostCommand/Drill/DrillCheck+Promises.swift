import RoostPolicy
import RoostProtocol

// The promises that several drills look at. Pure: what was seen goes in, the check comes out.
extension DrillCheck {
    /// Whoever came to a listener was let in, or waited.
    static func listeners(_ tallies: [ListenerTally]) -> [DrillCheck] {
        tallies.map { tally in
            let name = "listener \(tally.name)"
            guard tally.attempts > 0 else {
                return DrillCheck(name: name, passed: false, detail: "nobody could be sent to \(tally.address)")
            }
            let refused =
                tally.problems.isEmpty
                ? "none refused"
                : "\(tally.failed) failed: "
                    + tally.problems.joined(separator: ", ")
            return DrillCheck(
                name: name,
                passed: tally.failed == 0,
                detail: "\(tally.attempts) connections to \(tally.address), \(refused)"
            )
        }
    }

    /// Nobody else's process was touched.
    ///
    /// - Parameter concerned: instances and workers that the fault may concern.
    static func others(_ before: [WorkerStatus], _ after: [WorkerStatus], but concerned: Set<String>) -> DrillCheck {
        let others = before.filter { !concerned.contains($0.name) && !concerned.contains($0.title) }
        return untouched("others", others, after, none: "there are no other workers")
    }

    /// Each has the process and the count of restarts that it had.
    static func untouched(
        _ name: String,
        _ before: [WorkerStatus],
        _ after: [WorkerStatus],
        none: String
    ) -> DrillCheck {
        let changes = before.compactMap { worker -> String? in
            guard let now = after.first(where: { $0.title == worker.title }) else { return "\(worker.title) is gone" }
            if now.pid != worker.pid { return "\(worker.title) \(pids(worker.pid, now.pid))" }
            guard now.restarts != worker.restarts else { return nil }
            return "\(worker.title) was restarted \(now.restarts &- worker.restarts) times"
        }
        let calm = before.isEmpty ? none : "\(before.count) kept their processes"
        return DrillCheck(
            name: name,
            passed: changes.isEmpty,
            detail: changes.isEmpty ? calm : changes.joined(separator: "; ")
        )
    }

    /// A new process came within the limit.
    static func replaced(_ before: Int32?, _ after: Int32?, _ took: Duration?, within limit: Duration) -> DrillCheck {
        guard let after, let took, after != before else {
            return DrillCheck(name: "replaced", passed: false, detail: "no new process came")
        }
        let late = took > limit ? ", later than \(DrillVerdict.words(limit))" : ""
        return DrillCheck(
            name: "replaced",
            passed: took <= limit,
            detail: pids(before, after) + late,
            took: took
        )
    }

    /// It was ready so long after its process had come.
    static func ready(_ took: Duration?, since start: Duration?, limit: Duration) -> DrillCheck {
        let name = "ready"
        guard let took else { return DrillCheck(name: name, passed: false, detail: "it did not become ready") }
        let isInTime = took - (start ?? .zero) <= limit
        let words = DrillVerdict.words(limit)
        return DrillCheck(
            name: name,
            passed: isInTime,
            detail: isInTime
                ? "ready within start_timeout (\(words))" : "ready, but later than start_timeout (\(words))",
            took: took
        )
    }

    static func restarts(_ before: UInt64, _ after: UInt64?) -> DrillCheck {
        let passed = after == before &+ 1
        return DrillCheck(
            name: "restarts",
            passed: passed,
            detail: "\(before) -> \(after.map { "\($0)" } ?? "unknown")" + (passed ? "" : ", which is not one more")
        )
    }

    /// - Parameter isRight: whether the exit is what the fault has to lead to.
    static func lastExit(_ exit: LastExit?, _ wanted: String, _ isRight: (LastExit) -> Bool) -> DrillCheck {
        guard let exit else {
            return DrillCheck(name: "last_exit", passed: false, detail: "none is told, not \(wanted)")
        }
        let how = exit.signal.map { "signal \($0)" } ?? exit.code.map { "status \($0)" } ?? "unknown"
        let seen = "\(how), reason \(exit.reason.word)"
        let passed = isRight(exit)
        return DrillCheck(name: "last_exit", passed: passed, detail: passed ? seen : "\(seen), not \(wanted)")
    }

    /// What has happened is led back to the drill, which names who has asked for it.
    ///
    /// - Parameters:
    ///   - isLast: what has to have come of the drill.
    ///   - uid: who has asked.
    static func record(
        _ entries: [RecordEntry],
        from drill: UInt64,
        by uid: UInt32,
        _ isLast: (RecordEntry) -> Bool
    ) -> DrillCheck {
        func check(_ passed: Bool, _ detail: String) -> DrillCheck {
            DrillCheck(name: "record", passed: passed, detail: detail)
        }
        let byID = Dictionary(entries.map { ($0.id, $0) }) { first, _ in first }
        guard let asked = byID[drill] else { return check(false, "it has no entry about the drill") }
        guard asked.cause?.kind == "operator", asked.cause?.initiator?.uid == uid else {
            return check(false, "its entry #\(drill) about the drill does not name uid \(uid)")
        }
        guard let last = entries.first(where: isLast) else {
            return check(false, "it has no entry about what came of the drill, #\(drill)")
        }
        var next: UInt64 = last.id
        for _ in 0..<32 where next != drill { next = byID[next]?.parent ?? 0 }
        guard next == drill else { return check(false, "entry #\(last.id) is not led back to the drill, #\(drill)") }
        return check(true, "#\(last.id) is led back to the drill, #\(drill), of uid \(uid)")
    }

    /// Numbers of log lines or events go on where they were.
    ///
    /// - Parameter first: the first one behind `last`, with how many are missing before it.
    static func ids(_ name: String, after last: UInt64, first: UInt64?, dropped: UInt64) -> DrillCheck {
        guard let first else { return DrillCheck(name: name, passed: false, detail: "nothing came behind #\(last)") }
        let passed = first == last &+ 1 && dropped == 0
        return DrillCheck(
            name: name,
            passed: passed,
            detail: passed ? "#\(first) follows #\(last)" : "#\(first) came behind #\(last), \(dropped) are missing"
        )
    }

    static func pids(_ before: Int32?, _ after: Int32?) -> String {
        "pid \(before.map { "\($0)" } ?? "none") -> \(after.map { "\($0)" } ?? "none")"
    }
}

extension WorkerStatus {
    /// `proxy/0`
    var title: String { "\(name)/\(instance)" }
}
