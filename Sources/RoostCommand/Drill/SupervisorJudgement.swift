import RoostPolicy
import RoostProtocol

/// What was seen of a SIGKILL of roostd itself, and whether it is what is promised.
struct SupervisorJudgement {
    /// A sequence of numbers, over the death.
    struct Sequence: Equatable {
        /// The last one before.
        var last: UInt64
        /// The first one behind it.
        var first: UInt64?
        /// Missing between them.
        var dropped: UInt64 = 0
    }

    /// From the death until a new roostd answers.
    static let limit = Duration.seconds(5)

    let former: Int32
    let before: [WorkerStatus]
    var next: Int32?
    var after: [WorkerStatus]
    /// Since the fault.
    var backAfter: Duration?
    var listeners: [ListenerTally]
    var logs: Sequence
    var events: Sequence
    /// Entries of the causal record about roostd.
    var history: [RecordEntry]
    let drill: UInt64
    let uid: UInt32

    var verdict: DrillVerdict {
        var checks: [DrillCheck] = [
            .replaced(former, next, backAfter, within: Self.limit),
            .untouched("workers", before, after, none: "there are no workers"),
        ]
        checks += DrillCheck.listeners(listeners)
        checks += [
            .ids("logs", after: logs.last, first: logs.first, dropped: logs.dropped),
            .ids("events", after: events.last, first: events.first, dropped: events.dropped),
            .record(history, from: drill, by: uid) { $0.event == "booted" && $0.pid == next },
        ]
        return DrillVerdict(drill: "kill", target: "supervisor", checks: checks)
    }
}
