import RoostPolicy
import RoostProtocol
import RoostReactor

// What a rolling restart leaves to the next supervisor. A candidate whose proof was interrupted ends, unless the serving
// process is gone: then it takes its place. What was ending goes on ending.
extension WorkerHandle {
    var savedRoll: SavedRoll? {
        guard let roll, let other else { return nil }
        var saved = SavedRoll()
        saved.process = other.saved
        saved.reason = .init(roll.exitReason)
        let until = roll.machine.deadline ?? reactor.now
        var phase = WorkerStateMachine.Phase.starting(until: until)
        switch roll.machine.phase {
        case .retiring(let step, _): (saved.step, phase) = (.retiring, .ending(step, until: until, readySince: nil))
        case .abandoning(let step, _): (saved.step, phase) = (.abandoning, .ending(step, until: until, readySince: nil))
        case .proving, .entering: (saved.step, phase) = (.candidate, .running(since: reactor.now))
        case .starting, .waiting, .spawning, .over: saved.step = .candidate
        }
        saved.phase = SavedPhase(phase)
        return saved
    }

    /// - Parameter spawned: a process that was being started when that supervisor died, beside the serving one or in the
    ///   place of one that had just died. Whether it was to be promoted first is not known; being told so harms nobody.
    func restoreRoll(_ saved: SavedInstance, spawned: SavedProcess?, ends: (SavedProcess) -> LogEnds?) {
        var left = saved.roll
        if var spawned, left == nil {
            var roll = SavedRoll()
            spawned.held = true
            (roll.step, roll.process) = (.candidate, spawned)
            left = roll
        }
        guard let left, let process = left.process else { return }
        let end = reactor.now.advanced(by: rollSettings.startTimeout)
        let phase = left.phase.map { WorkerStateMachine.Phase($0) } ?? .starting(until: end)
        var settings = settings
        settings.isPlain = process.plain
        let incarnation = makeIncarnation(settings)
        let log = surroundings.log
        guard incarnation.adopt(process, ends(process), lineLimit: settings.logLineLimit, log: log) else { return }
        other = incarnation
        let request = RollRequest(
            stopCause: StopCause(left.reason) ?? .requested,
            cause: Cause(.adoption, "was being replaced when its supervisor was", by: .supervisor),
            waiters: []
        )
        let roll = Roll(
            request,
            incumbent: left.step == .retiring ? process.pid : saved.process?.pid ?? 0,
            RollStateMachine(settings: rollSettings, phase: Self.rollPhase(left.step, phase, end))
        )
        roll.candidate = left.step == .retiring ? saved.process?.pid : process.pid
        self.roll = roll
    }

    private static func rollPhase(
        _ step: SavedRoll.Step,
        _ phase: WorkerStateMachine.Phase,
        _ end: MonotonicInstant
    ) -> RollStateMachine.Phase {
        switch (step, phase) {
        case (.retiring, .ending(let teardown, let until, _)): .retiring(teardown, until: until)
        case (.abandoning, .ending(let teardown, let until, _)): .abandoning(teardown, until: until)
        case (_, .running): .proving(until: end, heartbeats: 0, isProbed: false)
        case (_, .starting(let until)): .starting(until: until)
        default: .starting(until: end)
        }
    }

    /// After the serving process has been looked at: where that is gone, the candidate serves already.
    func resumeRoll() {
        guard let roll else { return }
        guard roll.machine.hasCandidate else { return armRollDeadline() }
        feed(.unfit("was being proved when its supervisor was replaced; try again"))
    }
}
