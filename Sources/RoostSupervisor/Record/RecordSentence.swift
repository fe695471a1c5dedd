import RoostPolicy

/// Entries of the record in plain sentences.
package enum RecordSentence {
    /// `proxy/0 was restarted at 2026-03-01T12:00:00.250Z (pid 92) because it missed heartbeats for 2.1 s (deadline 2 s);
    /// policy: restart at once, since it had been ready for 41 s; initiator: roostd`
    ///
    /// - Parameter parent: the entry that led to it: a start says more with the end before it.
    package static func of(_ entry: RecordEntry, after parent: RecordEntry? = nil) -> String {
        let isRestart = entry.step == .started && (parent?.step == .ended || parent?.step == .startFailed)
        var text = "\(entry.subject) \(isRestart ? "was restarted" : verb(entry.step)) at \(entry.at)"
        if let pid = entry.pid { text += " (pid \(pid))" }
        text += " because \(cause(entry))"
        if let decision = entry.decision ?? (isRestart ? parent?.decision : nil) { text += "; policy: \(of(decision))" }
        if let initiator = initiator(entry) { text += "; initiator: \(initiator)" }
        if let report = entry.cause.inputs.text("report") { text += "; report: \(report)" }
        return text
    }

    private static func verb(_ step: RecordEntry.Step) -> String {
        switch step {
        case .asked: "was asked for"
        case .refused: "refused a request"
        case .started: "was started"
        case .startFailed: "failed to start"
        case .stopping: "was told to end"
        case .ended: "ended"
        case .stopped: "was stopped"
        case .drilled: "was drilled"
        case .quarantined: "was quarantined"
        case .lifted: "was let out of quarantine"
        case .parked: "was parked"
        case .resumed: "went on"
        case .adopted: "was adopted"
        case .rollBegun: "got a candidate for its place"
        case .rollPromoted: "was handed over to its candidate"
        case .rollFailed: "kept its place"
        case .configured: "was changed"
        case .rejected: "was not changed"
        case .rolledBack: "was put back"
        case .booted: "started"
        case .lost: "was lost"
        case .upgraded: "was upgraded"
        case .escalated: "gave up"
        case .shutDown: "began to stop"
        case .unknown: "did something that this version has no word for"
        }
    }

    private static func cause(_ entry: RecordEntry) -> String {
        let cause = entry.cause
        guard !cause.sentence.isEmpty else { return "of a reason that is not recorded" }
        switch cause.kind {
        case .exit, .signal, .spawnFailure, .startTimeout, .missedHeartbeats, .stalledWork, .memorySoft, .memoryHard,
            .unknown:
            return "it \(cause.sentence)" + ending(entry)
        case .dependency, .operator, .configuration, .rollback, .upgrade, .boot, .adoption, .supervisorDeath,
            .shutdown, .escalation, .quarantine, .parked, .resumed, .rollBegun, .rollPromoted,
            .rollFailed, .refusal:
            return cause.sentence + ending(entry)
        }
    }

    /// How the process ended that was asked to end, which its cause does not say.
    private static func ending(_ entry: RecordEntry) -> String {
        let cause = entry.cause
        guard entry.step == .ended, cause.kind != .exit, cause.kind != .signal else { return "" }
        if let name = cause.inputs.text("signal_name") { return ", and was ended by \(name)" }
        return cause.inputs.count("code").map { ", and exited with status \($0)" } ?? ""
    }

    /// Nil where the cause names it.
    private static func initiator(_ entry: RecordEntry) -> String? {
        switch (entry.cause.kind, entry.cause.initiator) {
        case (.operator, .peer): nil
        case (.signal, .unknown): "unknown, since the kernel does not tell who has sent a signal"
        case (_, .worker(let id, _)) where entry.subject == .instance(id): "the process itself"
        case (_, let initiator): "\(initiator)"
        }
    }
}

extension RecordSentence {
    /// `restart at once, since it had been ready for 41 s`
    package static func of(_ decision: Decision) -> String {
        let inputs = decision.inputs
        switch decision.what {
        case .restartAtOnce: return "restart at once" + ground(inputs)
        case .restartLater:
            let pause = inputs.duration("backoff").map { " after \(Words.duration($0))" } ?? " after a pause"
            return "restart" + pause + ground(inputs)
        case .finish:
            let rule = inputs.text("rule") ?? "temporary"
            return "leave it ended, since it is \(rule)" + (rule == "transient" ? " and has done its work" : "")
        case .quarantine: return "quarantine it" + intensity(inputs)
        case .escalate: return "give up as a whole" + intensity(inputs)
        case .stop: return "leave it stopped, since it is not wanted"
        case .keep: return "go on as before"
        case .unknown: return "one that this version has no word for"
        }
    }

    private static func ground(_ inputs: [Input]) -> String {
        switch inputs.text("ground") {
        case RestartPolicy.Ruling.Ground.health.rawValue:
            inputs.duration("ready_for").map { ", since it had been ready for \(Words.duration($0))" } ?? ""
        case RestartPolicy.Ruling.Ground.first.rawValue: ", since nothing had failed before" + tolerated(inputs)
        case RestartPolicy.Ruling.Ground.streak.rawValue:
            (inputs.count("streak").map { ", since it is failure \($0 &+ 1) in a row" } ?? "") + tolerated(inputs)
        case RestartPolicy.Ruling.Ground.killedFromOutside.rawValue:
            " and do not count it, since a ready worker that dies of SIGKILL was killed from outside"
        case "asked_for": ", since a new process was asked for meanwhile"
        case "replaced": ", since it has ended to make room for its replacement"
        default: ""
        }
    }

    private static func tolerated(_ inputs: [Input]) -> String {
        guard let failures = inputs.count("failures"), let intensity = inputs.count("intensity"),
            let period = inputs.duration("period")
        else { return "" }
        return " (\(failures) of \(intensity) tolerated within \(Words.duration(period)))"
    }

    private static func intensity(_ inputs: [Input]) -> String {
        guard let failures = inputs.count("failures"), let intensity = inputs.count("intensity"),
            let period = inputs.duration("period")
        else { return "" }
        return ", since it has failed \(failures) times within \(Words.duration(period)) and \(intensity) are tolerated"
    }
}
