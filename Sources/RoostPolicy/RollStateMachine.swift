/// One rolling restart of an instance: what happens next to the process beside its serving one.
///
/// A value without I/O and clock, used as `WorkerStateMachine` is, and beside it: that one leads the serving process (the
/// incumbent, from the promotion on the former candidate), this one leads the other, which is first the candidate and
/// from the promotion on the former incumbent. Every state but `spawning`, which its caller ends at once, has a deadline.
///
///     waiting ──admitted──> starting ──ready──> proving ──> entering ──promote──> retiring ──exit──> over
///        │                     └────────────────────┴───────────┴── fails ──> abandoning ──exit──> over
///        └── the incumbent ends: the candidate takes its place, at whatever step it is ──────────> over
package struct RollStateMachine: Sendable {
    package struct Settings: Sendable, Hashable {
        /// How long the candidate may take to be ready, and before that its start to be admitted.
        package var startTimeout = Duration.seconds(10)
        /// Heartbeats that it owes after it was ready.
        package var heartbeats = 2
        /// Whether it is asked if it works, by a request and through a listener of its own.
        package var isProbed = true
        /// From ready until heartbeats and probes have to have come.
        package var probation = Duration.seconds(10)
        /// How long a probe may take, and how long the candidate to take over the listeners.
        package var answerTimeout = Duration.seconds(2)
        /// Whether the candidate has to be told when to take traffic.
        package var isTold = true
        /// From the request to drain until SIGTERM. Zero for programs that cannot be asked.
        package var drain = Duration.seconds(30)
        /// From SIGTERM until SIGKILL.
        package var stopTimeout = Duration.seconds(5)

        package init() {}
    }

    package enum Event: Sendable, Hashable {
        /// A start slot and a spawn are granted.
        case admitted
        case spawned
        case spawnFailed(String)
        case ready
        case heartbeat
        /// The outcome of `probe`; nil: it works.
        case probed(failure: String?)
        /// The outcome of `enter`; nil: it takes traffic.
        case entered(failure: String?)
        /// The candidate cannot be the one: it hangs, is parked, is out of date.
        case unfit(String)
        /// The process that this machine leads has ended.
        case exited(String)
        /// The serving process is being ended, by whatever wants it to end.
        case incumbentEnding(WorkerStateMachine.Teardown, until: MonotonicInstant)
        /// The serving process has ended.
        case incumbentExited
        /// The instance shall not run.
        case stopped
        case deadlinePassed
    }

    package enum Action: Sendable, Hashable {
        case requestAdmission
        case withdrawAdmission
        case spawn
        /// Ask the candidate whether it works; `probed` tells.
        case probe(within: Duration)
        /// Tell the candidate to take traffic; `entered` tells.
        case enter(within: Duration)
        /// The candidate is the serving process now, and the incumbent the one that this machine leads.
        case promote
        /// The candidate is the serving process now, since the incumbent is gone. This machine is over.
        case takeOver(WorkerStateMachine.Successor)
        /// Ask the former incumbent to finish what it has, within the duration.
        case drain(within: Duration)
        /// To the process that this machine leads.
        case signal(WorkerStateMachine.Signal)
        case tell(Outcome)
    }

    /// Told once in every roll, as soon as it is certain.
    package enum Outcome: Sendable, Hashable {
        case promoted
        /// The incumbent serves on, or ends as it was told to.
        case failed(String)
        /// The incumbent has ended before the candidate was proved, or there.
        case incumbentEnded
    }

    package enum Phase: Sendable, Hashable {
        case waiting(until: MonotonicInstant)
        /// Between the action `spawn` and its outcome.
        case spawning
        case starting(until: MonotonicInstant)
        case proving(until: MonotonicInstant, heartbeats: Int, isProbed: Bool)
        case entering(until: MonotonicInstant)
        case retiring(WorkerStateMachine.Teardown, until: MonotonicInstant)
        case abandoning(WorkerStateMachine.Teardown, until: MonotonicInstant)
        case over
    }

    package let settings: Settings
    package private(set) var phase: Phase
    private var incumbentTeardown: (step: WorkerStateMachine.Teardown, until: MonotonicInstant)?
    private var isStopped = false

    package init(settings: Settings, at now: MonotonicInstant) {
        self.settings = settings
        phase = .waiting(until: now.advanced(by: settings.startTimeout))
    }

    /// Goes on where another machine was, with a process that is in the phase.
    package init(settings: Settings, phase: Phase) {
        self.settings = settings
        self.phase = phase
    }

    /// What to do first.
    package var firstActions: [Action] { [.requestAdmission] }

    /// Whether there is a process that this machine leads, and that has to be reaped.
    package var hasProcess: Bool {
        switch phase {
        case .starting, .proving, .entering, .retiring, .abandoning: true
        case .waiting, .spawning, .over: false
        }
    }

    /// Whether its process is the one that may become the serving one.
    package var hasCandidate: Bool {
        switch phase {
        case .starting, .proving, .entering: true
        case .waiting, .spawning, .retiring, .abandoning, .over: false
        }
    }

    /// When `deadlinePassed` is due.
    package var deadline: MonotonicInstant? {
        switch phase {
        case .waiting(let until), .starting(let until), .proving(let until, _, _), .entering(let until),
            .retiring(_, let until), .abandoning(_, let until):
            until
        case .spawning, .over: nil
        }
    }

    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Action] {
        switch event {
        case .admitted: return admitted()
        case .spawned: return spawned(at: now)
        case .spawnFailed(let reason): return spawnFailed(reason)
        case .ready: return ready(at: now)
        case .heartbeat: return heartbeat(at: now)
        case .probed(let failure): return probed(failure, at: now)
        case .entered(let failure): return entered(failure, at: now)
        case .unfit(let reason): return hasCandidate ? abandon(reason, at: now) : []
        case .exited(let reason): return exited(reason)
        case .incumbentEnding(let step, let until):
            incumbentTeardown = (step, until)
            return []
        case .incumbentExited: return incumbentExited()
        case .stopped: return stopped(at: now)
        case .deadlinePassed: return deadlinePassed(at: now)
        }
    }
}

// MARK: - The candidate

extension RollStateMachine {
    private mutating func admitted() -> [Action] {
        guard case .waiting = phase else { return [] }  // granted and withdrawn in one round
        phase = .spawning
        return [.spawn]
    }

    private mutating func spawned(at now: MonotonicInstant) -> [Action] {
        guard case .spawning = phase else {
            preconditionFailure("spawned in \(phase): the caller spawns only when told to")
        }
        phase = .starting(until: now.advanced(by: settings.startTimeout))
        return isStopped ? abandon(Self.stopReason, at: now) : []
    }

    private mutating func spawnFailed(_ reason: String) -> [Action] {
        guard case .spawning = phase else {
            preconditionFailure("spawnFailed in \(phase): the caller spawns only when told to")
        }
        phase = .over
        return [.tell(.failed(reason))]
    }

    private mutating func ready(at now: MonotonicInstant) -> [Action] {
        guard case .starting = phase else { return [] }  // said again, or too late
        let until = now.advanced(by: settings.probation)
        phase = .proving(until: until, heartbeats: 0, isProbed: !settings.isProbed)
        return (settings.isProbed ? [.probe(within: settings.answerTimeout)] : []) + proceed(at: now)
    }

    private mutating func heartbeat(at now: MonotonicInstant) -> [Action] {
        guard case .proving(let until, let heartbeats, let isProbed) = phase else { return [] }
        phase = .proving(until: until, heartbeats: min(heartbeats + 1, settings.heartbeats), isProbed: isProbed)
        return proceed(at: now)
    }

    private mutating func probed(_ failure: String?, at now: MonotonicInstant) -> [Action] {
        guard case .proving(let until, let heartbeats, _) = phase else { return [] }
        if let failure { return abandon(failure, at: now) }
        phase = .proving(until: until, heartbeats: heartbeats, isProbed: true)
        return proceed(at: now)
    }

    /// Goes on when everything is proved.
    private mutating func proceed(at now: MonotonicInstant) -> [Action] {
        guard case .proving(_, let heartbeats, isProbed: true) = phase, heartbeats >= settings.heartbeats else {
            return []
        }
        guard settings.isTold else { return promote(at: now) }
        phase = .entering(until: now.advanced(by: settings.answerTimeout))
        return [.enter(within: settings.answerTimeout)]
    }

    private mutating func entered(_ failure: String?, at now: MonotonicInstant) -> [Action] {
        guard case .entering = phase else { return [] }
        if let failure { return abandon(failure, at: now) }
        return promote(at: now)
    }

    /// The incumbent is this machine's from here on; a teardown that is under way goes on where it is.
    private mutating func promote(at now: MonotonicInstant) -> [Action] {
        let handOver: [Action] = [.promote, .tell(.promoted)]
        if let (step, until) = incumbentTeardown {
            phase = .retiring(step, until: until)
            return handOver
        }
        guard settings.drain > .zero else {
            phase = .retiring(.terminating, until: now.advanced(by: settings.stopTimeout))
            return handOver + [.signal(.terminate)]
        }
        phase = .retiring(.draining, until: now.advanced(by: settings.drain))
        return handOver + [.drain(within: settings.drain)]
    }

    /// It takes no traffic, so it need not drain.
    private mutating func abandon(_ reason: String, at now: MonotonicInstant) -> [Action] {
        phase = .abandoning(.terminating, until: now.advanced(by: settings.stopTimeout))
        return [.tell(.failed(reason)), .signal(.terminate)]
    }
}

// MARK: - Ends

extension RollStateMachine {
    package static let stopReason = "it was told to stop"

    private mutating func exited(_ reason: String) -> [Action] {
        defer { phase = .over }
        switch phase {
        case .starting, .proving, .entering: return [.tell(.failed(reason))]
        case .retiring, .abandoning: return []
        case .waiting, .spawning, .over: preconditionFailure("exited in \(phase): a process is reaped once")
        }
    }

    private mutating func incumbentExited() -> [Action] {
        defer {
            switch phase {
            case .waiting, .starting, .proving, .entering: phase = .over
            case .spawning, .retiring, .abandoning, .over: break
            }
        }
        switch phase {
        case .waiting: return [.withdrawAdmission, .tell(.incumbentEnded)]
        case .starting(let until): return [.takeOver(.starting(until: until)), .tell(.incumbentEnded)]
        case .proving, .entering: return [.takeOver(.running), .tell(.incumbentEnded)]
        case .spawning: preconditionFailure("an exit between a spawn and its outcome: both are one step of the caller")
        case .retiring, .abandoning, .over: return []  // no candidate: the serving process's own machine goes on
        }
    }

    private mutating func stopped(at now: MonotonicInstant) -> [Action] {
        isStopped = true
        switch phase {
        case .waiting:
            phase = .over
            return [.withdrawAdmission, .tell(.failed(Self.stopReason))]
        case .starting, .proving, .entering: return abandon(Self.stopReason, at: now)
        case .spawning: return []  // `spawned` sees it
        case .retiring, .abandoning, .over: return []  // the teardown under way ends in KILL
        }
    }

    private mutating func deadlinePassed(at now: MonotonicInstant) -> [Action] {
        guard let deadline, deadline <= now else { return [] }  // a timer that was already under way
        switch phase {
        case .waiting:
            phase = .over
            return [.withdrawAdmission, .tell(.failed("no start was granted within \(settings.startTimeout)"))]
        case .starting: return abandon("was not ready within \(settings.startTimeout)", at: now)
        case .proving(_, let heartbeats, let isProbed):
            let missing =
                isProbed ? "sent \(heartbeats) of \(settings.heartbeats) heartbeats" : "did not answer its probe"
            return abandon("\(missing) within \(settings.probation)", at: now)
        case .entering: return abandon("did not take its listeners within \(settings.answerTimeout)", at: now)
        case .retiring(let step, _):
            let (next, signal) = Self.next(step)
            phase = .retiring(next, until: now.advanced(by: settings.stopTimeout))
            return [.signal(signal)]
        case .abandoning(let step, _):
            let (next, signal) = Self.next(step)
            phase = .abandoning(next, until: now.advanced(by: settings.stopTimeout))
            return [.signal(signal)]
        case .spawning, .over: return []
        }
    }

    private static func next(
        _ step: WorkerStateMachine.Teardown
    ) -> (WorkerStateMachine.Teardown, WorkerStateMachine.Signal) {
        switch step {
        case .draining: (.terminating, .terminate)
        // SIGKILL is said again until the process is gone: one in state D outlives it for a while.
        case .terminating, .aborting, .killing: (.killing, .kill)
        }
    }
}
