import Glibc
import RoostPolicy
import RoostProtocol

/// What was seen of a kill or a hang of one process, and whether it is what is promised.
struct InstanceJudgement {
    enum Fault {
        case kill, hang

        var word: String { self == .kill ? "kill" : "hang" }
    }

    /// A ready worker that was killed is replaced at once; on a loaded host it may take so long.
    static let atOnce = Duration.seconds(1)
    /// Of noticing a hang, over the heartbeat deadline.
    static let margin = Duration.milliseconds(100)

    let fault: Fault
    let promises: DrillReply
    /// All workers.
    let before: [WorkerStatus]
    var after: [WorkerStatus]
    /// Since the fault.
    var replacedAfter: Duration?
    var readyAfter: Duration?
    var listeners: [ListenerTally]
    /// Entries of the causal record about the instance.
    var history: [RecordEntry]
    /// Who has asked for the drill.
    let uid: UInt32

    /// When a replacement is too late: on a loaded host it may take twice as long as promised.
    static func limit(_ fault: Fault, _ promises: DrillReply) -> Duration {
        switch fault {
        case .kill: atOnce
        case .hang: (.milliseconds(promises.heartbeatDeadlineMs) + margin) * 2
        }
    }

    var verdict: DrillVerdict {
        let target = promises.title
        let old = before.first { $0.title == target }
        let new = after.first { $0.title == target }
        let exit: DrillCheck =
            switch fault {
            case .kill: .lastExit(new?.lastExit, "signal 9") { $0.signal == SIGKILL && $0.reason == .signaled }
            case .hang: .lastExit(new?.lastExit, "reason hung") { $0.reason == .hung }
            }
        var checks: [DrillCheck] = [
            .replaced(promises.pid, new?.pid, replacedAfter, within: Self.limit(fault, promises)),
            .ready(readyAfter, since: replacedAfter, limit: .milliseconds(promises.startTimeoutMs)),
        ]
        checks += DrillCheck.listeners(listeners)
        checks += [
            .others(before, after, but: Set(promises.companions + [target])),
            .restarts(old?.restarts ?? 0, new?.restarts), exit,
            .record(history, from: promises.record, by: uid) { $0.event == "started" && $0.pid == new?.pid },
        ]
        return DrillVerdict(drill: fault.word, target: target, checks: checks)
    }
}

extension DrillReply {
    /// `proxy/0`
    var title: String { "\(name)/\(instance)" }
}
