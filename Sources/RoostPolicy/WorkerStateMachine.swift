/// The life of one worker instance: what happens next when something has happened.
///
/// A value without I/O and clock. The caller feeds events with their instant, carries out the actions in their order,
/// and calls `handle(.deadlinePassed)` when `deadline` has come. Every state in which a process is being waited for
/// has a deadline, except `running` and `parked`, which `HealthStateMachine` watches.
///
///     stopped ──start──> waiting ──admitted──> starting ──ready──> running <──> parked
///        ^                  ^                     │ exit             │ exit / stop
///        └──── drain, TERM, KILL (draining) <─────┴──────────────────┘
///                           └──────────── backoff, quarantined <─────┘
package struct WorkerStateMachine: Sendable {
    package struct Settings: Sendable, Hashable {
        package var restart = RestartSettings()
        package var startTimeout = Duration.seconds(10)
        /// From the request to drain until SIGTERM. Zero for programs that cannot be asked.
        package var drain = Duration.seconds(30)
        /// From SIGTERM until SIGKILL.
        package var stopTimeout = Duration.seconds(5)
        /// From SIGABRT until SIGKILL: the time to write a core.
        package var abortTimeout = Duration.milliseconds(50)

        package init() {}
    }

    package enum Event: Sendable, Hashable {
        /// It shall run. Lifts a quarantine.
        case start
        /// It shall not run.
        case stop(StopCause)
        /// It shall run in a new process.
        case restart(StopCause)
        /// What it is configured with, or its executable, has changed.
        case changed
        /// Dependencies are ready, a start slot and a spawn are granted.
        case admitted
        case spawned
        case spawnFailed
        case ready
        case parked
        /// Its heartbeat deadline has passed, or its work does not progress.
        case hung
        case memoryExceeded(isHard: Bool)
        case exited(ExitStatus)
        /// Another process, proved, is its process now; what becomes of the one before is not this machine's any more.
        case replaced
        /// Its process has ended, and another one that is already there takes its place.
        case succeeded(ExitStatus, by: Successor)
        case deadlinePassed
    }

    /// How far a process is that takes the place of one that has ended.
    package enum Successor: Sendable, Hashable {
        case starting(until: MonotonicInstant)
        case running
    }

    package enum Action: Sendable, Hashable {
        case requestAdmission
        case withdrawAdmission
        case spawn
        /// Ask the worker to finish what it has, within the duration.
        case drain(within: Duration)
        case signal(Signal)
        /// It ended by itself: the group's strategy may concern others.
        case reportFailure
        case escalate
    }

    package enum Signal: Int32, Sendable {
        case abort = 6
        case kill = 9
        case terminate = 15
    }

    /// The steps of ending a process; each has a deadline, and the last cannot be refused.
    package enum Teardown: Sendable, Hashable { case draining, terminating, aborting, killing }

    package enum Phase: Sendable, Hashable {
        case stopped
        case waiting
        /// Between the action `spawn` and its outcome.
        case spawning
        case starting(until: MonotonicInstant)
        case running(since: MonotonicInstant)
        case parked
        case ending(Teardown, until: MonotonicInstant, readySince: MonotonicInstant?)
        case backoff(until: MonotonicInstant)
        case quarantined
    }

    /// What follows the end of a process, and by what.
    package enum Aftermath: Sendable, Hashable {
        /// Nothing: it shall not run.
        case unwanted
        /// A new process, which an operator has asked for meanwhile.
        case askedFor
        /// A new process: the end was asked for to make room for it.
        case replaced
        /// What the restart policy has decided.
        case ruled(RestartPolicy.Ruling)
    }

    package var settings: Settings {
        didSet { policy.settings = settings.restart }
    }
    package private(set) var phase = Phase.stopped
    /// Whether it shall run; decides what follows the end of the present process.
    package private(set) var isWanted = false
    /// Why the present process was asked to end.
    package private(set) var stopCause: StopCause?
    package private(set) var policy: RestartPolicy
    /// An operator has asked for a new process while the present one ends: no policy may refuse it.
    private var isAskedFor = false
    /// Of the last end of a process.
    package private(set) var aftermath: Aftermath?

    package init(settings: Settings) {
        self.settings = settings
        policy = RestartPolicy(settings: settings.restart)
    }

    /// Everything that a successor of this process needs to go on with the same machine.
    package struct Memory: Sendable, Equatable {
        package var phase: Phase
        package var isWanted: Bool
        package var isAskedFor: Bool
        package var stopCause: StopCause?
        package var streak: Int
        package var failures: [MonotonicInstant]

        package init(
            phase: Phase,
            isWanted: Bool,
            isAskedFor: Bool,
            stopCause: StopCause?,
            streak: Int,
            failures: [MonotonicInstant]
        ) {
            self.phase = phase
            self.isWanted = isWanted
            self.isAskedFor = isAskedFor
            self.stopCause = stopCause
            self.streak = streak
            self.failures = failures
        }
    }

    package var memory: Memory {
        Memory(
            phase: phase,
            isWanted: isWanted,
            isAskedFor: isAskedFor,
            stopCause: stopCause,
            streak: policy.streak,
            failures: policy.failures
        )
    }

    /// Goes on where another machine was. Its phase must be true of the process that is adopted with it, if any.
    package init(settings: Settings, memory: Memory) {
        self.settings = settings
        policy = RestartPolicy(settings: settings.restart, streak: memory.streak, failures: memory.failures)
        phase = memory.phase
        isWanted = memory.isWanted
        isAskedFor = memory.isAskedFor
        stopCause = memory.stopCause
    }

    /// The state as operators see it.
    package var state: WorkerState {
        switch phase {
        case .stopped: .stopped
        case .waiting, .spawning: .waiting
        case .starting: .starting
        case .running: .running
        case .parked: .parked
        case .ending: .draining
        case .backoff: .backoff
        case .quarantined: .quarantined
        }
    }

    /// Whether a process exists that has to be reaped.
    package var hasProcess: Bool {
        switch phase {
        case .starting, .running, .parked, .ending: true
        case .stopped, .waiting, .spawning, .backoff, .quarantined: false
        }
    }

    /// When `deadlinePassed` is due.
    package var deadline: MonotonicInstant? {
        switch phase {
        case .starting(let until), .ending(_, let until, _), .backoff(let until): until
        case .stopped, .waiting, .spawning, .running, .parked, .quarantined: nil
        }
    }

    /// Takes an event and says what to do. `random`, uniform over 0..<1, is used for the jitter of a backoff.
    package mutating func handle(_ event: Event, at now: MonotonicInstant, random: Double = 0) -> [Action] {
        switch event {
        case .start: start()
        case .stop(let cause): stop(cause, at: now)
        case .restart(let cause): restart(cause, at: now)
        case .changed: changed()
        case .admitted: admitted()
        case .spawned: spawned(at: now)
        case .spawnFailed: spawnFailed(at: now, random: random)
        case .ready: ready(at: now)
        case .parked: park()
        case .hung: hung(at: now)
        case .memoryExceeded(let isHard): memoryExceeded(isHard: isHard, at: now)
        case .exited(let status): exited(status, at: now, random: random)
        case .replaced: replaced(at: now)
        case .succeeded(let status, let successor): succeeded(status, by: successor, at: now, random: random)
        case .deadlinePassed: deadlinePassed(at: now)
        }
    }
}

// MARK: - What operators and the configuration ask for

extension WorkerStateMachine {
    private mutating func start() -> [Action] {
        isWanted = true
        switch phase {
        case .stopped, .quarantined, .backoff:
            policy.forget()
            return wait()
        case .waiting, .spawning, .starting, .running, .parked: return []  // under way
        case .ending:
            isAskedFor = true
            return []
        }
    }

    private mutating func stop(_ cause: StopCause, at now: MonotonicInstant) -> [Action] {
        isWanted = false
        isAskedFor = false
        switch phase {
        case .stopped: return []
        case .waiting:
            phase = .stopped
            return [.withdrawAdmission]
        case .backoff, .quarantined:
            phase = .stopped
            return []
        case .spawning: return []  // `spawned` sees that it is not wanted
        case .starting, .running, .parked: return end(for: cause, at: now)
        case .ending:
            return []  // the teardown under way ends in KILL
        }
    }

    private mutating func restart(_ cause: StopCause, at now: MonotonicInstant) -> [Action] {
        if cause == .dependency { return restartAsCompanion(at: now) }
        isWanted = true
        switch phase {
        case .stopped, .quarantined, .backoff:
            policy.forget()
            return wait()
        case .waiting, .spawning: return []  // a new process comes anyway
        case .starting, .running, .parked: return end(for: cause, at: now)
        case .ending:
            isAskedFor = true
            return []
        }
    }

    /// Another member of its group has failed: replaces a process that works. Whether it shall run, and what its own
    /// failures have led to, is not for the other to change.
    private mutating func restartAsCompanion(at now: MonotonicInstant) -> [Action] {
        switch phase {
        case .starting, .running, .parked: end(for: .dependency, at: now)
        case .stopped, .waiting, .spawning, .ending, .backoff, .quarantined: []
        }
    }

    private mutating func changed() -> [Action] {
        switch phase {
        case .quarantined, .backoff:
            policy.forget()
            return wait()
        case .stopped, .waiting, .spawning, .starting, .running, .parked, .ending: return []
        }
    }

    private mutating func wait() -> [Action] {
        phase = .waiting
        return [.requestAdmission]
    }
}

// MARK: - The process

extension WorkerStateMachine {
    private mutating func admitted() -> [Action] {
        switch phase {
        case .waiting:
            phase = .spawning
            stopCause = nil
            return [.spawn]
        case .stopped, .spawning, .starting, .running, .parked, .ending, .backoff, .quarantined:
            return []  // granted and withdrawn in one round
        }
    }

    private mutating func spawned(at now: MonotonicInstant) -> [Action] {
        guard case .spawning = phase else {
            preconditionFailure("spawned in \(phase): the caller spawns only when told to")
        }
        phase = .starting(until: now.advanced(by: settings.startTimeout))
        return isWanted ? [] : end(for: .requested, at: now)
    }

    private mutating func spawnFailed(at now: MonotonicInstant, random: Double) -> [Action] {
        guard case .spawning = phase else {
            preconditionFailure("spawnFailed in \(phase): the caller spawns only when told to")
        }
        return ended(.code(127), readySince: nil, at: now, random: random)
    }

    private mutating func ready(at now: MonotonicInstant) -> [Action] {
        switch phase {
        case .starting, .parked: phase = .running(since: now)
        case .running, .ending: break  // said again, or too late
        case .stopped, .waiting, .spawning, .backoff, .quarantined: break  // a message that its process outlived
        }
        return []
    }

    private mutating func park() -> [Action] {
        switch phase {
        case .starting, .running: phase = .parked
        case .parked, .ending: break
        case .stopped, .waiting, .spawning, .backoff, .quarantined: break  // a message that its process outlived
        }
        return []
    }

    private mutating func hung(at now: MonotonicInstant) -> [Action] {
        switch phase {
        case .starting, .running, .parked:
            stopCause = .hung
            phase = .ending(.aborting, until: now.advanced(by: settings.abortTimeout), readySince: readySince)
            return [.signal(.abort)]
        case .stopped, .waiting, .spawning, .ending, .backoff, .quarantined: return []
        }
    }

    private mutating func memoryExceeded(isHard: Bool, at now: MonotonicInstant) -> [Action] {
        switch phase {
        case .starting, .running, .parked: return isHard ? kill(for: .memory, at: now) : end(for: .memory, at: now)
        case .ending(.killing, _, _): return []
        case .ending: return isHard ? kill(for: .memory, at: now) : []
        case .stopped, .waiting, .spawning, .backoff, .quarantined: return []
        }
    }

    private mutating func exited(_ status: ExitStatus, at now: MonotonicInstant, random: Double) -> [Action] {
        switch phase {
        case .starting, .running, .parked, .ending:
            return ended(status, readySince: readySince, at: now, random: random)
        case .stopped, .waiting, .spawning, .backoff, .quarantined:
            preconditionFailure("exited in \(phase): a process is reaped once")
        }
    }

    private mutating func replaced(at now: MonotonicInstant) -> [Action] {
        guard hasProcess, isWanted else {
            preconditionFailure("replaced in \(phase): what is not wanted or not there has no successor")
        }
        (stopCause, isAskedFor) = (nil, false)
        phase = .running(since: now)
        return []
    }

    /// The history takes the end as it is; what follows is settled, since the successor is there.
    private mutating func succeeded(
        _ status: ExitStatus,
        by successor: Successor,
        at now: MonotonicInstant,
        random: Double
    ) -> [Action] {
        guard hasProcess, isWanted else {
            preconditionFailure("succeeded in \(phase): what is not wanted or not there has no successor")
        }
        var actions: [Action] = []
        switch stopCause {
        case .requested, .dependency, .configuration, .upgrade: break
        case .hung, .memory, .startTimeout, nil:
            let ending = RestartPolicy.Ending(
                status: status,
                reason: exitReason(of: status),
                readyFor: readySince.map { $0.duration(to: now) }
            )
            if policy.ended(ending, at: now, random: random) != .finished { actions = [.reportFailure] }
        }
        (stopCause, isAskedFor) = (nil, false)
        switch successor {
        case .starting(let until): phase = .starting(until: until)
        case .running: phase = .running(since: now)
        }
        return actions
    }

    private mutating func deadlinePassed(at now: MonotonicInstant) -> [Action] {
        guard let deadline, deadline <= now else { return [] }  // a timer that was already under way
        switch phase {
        case .starting: return end(for: .startTimeout, at: now)
        case .backoff: return wait()
        case .ending(.draining, _, let readySince): return terminate(readySince: readySince, at: now)
        case .ending(.terminating, _, _), .ending(.aborting, _, _): return kill(for: stopCause ?? .requested, at: now)
        case .ending(.killing, _, let readySince):
            // Nothing outlives SIGKILL but a process stuck in the kernel (state D); say it again until it is gone.
            phase = .ending(.killing, until: now.advanced(by: settings.stopTimeout), readySince: readySince)
            return [.signal(.kill)]
        case .stopped, .waiting, .spawning, .running, .parked, .quarantined: return []
        }
    }
}

// MARK: - Ending

extension WorkerStateMachine {
    private var readySince: MonotonicInstant? {
        switch phase {
        case .running(let since): since
        case .ending(_, _, let readySince): readySince
        case .stopped, .waiting, .spawning, .starting, .parked, .backoff, .quarantined: nil
        }
    }

    private mutating func end(for cause: StopCause, at now: MonotonicInstant) -> [Action] {
        stopCause = cause
        let readySince = readySince
        guard readySince != nil, settings.drain > .zero else { return terminate(readySince: readySince, at: now) }
        phase = .ending(.draining, until: now.advanced(by: settings.drain), readySince: readySince)
        return [.drain(within: settings.drain)]
    }

    private mutating func terminate(readySince: MonotonicInstant?, at now: MonotonicInstant) -> [Action] {
        phase = .ending(.terminating, until: now.advanced(by: settings.stopTimeout), readySince: readySince)
        return [.signal(.terminate)]
    }

    private mutating func kill(for cause: StopCause, at now: MonotonicInstant) -> [Action] {
        stopCause = cause
        phase = .ending(.killing, until: now.advanced(by: settings.stopTimeout), readySince: readySince)
        return [.signal(.kill)]
    }

    /// The process is gone (or never came): what follows?
    private mutating func ended(
        _ status: ExitStatus,
        readySince: MonotonicInstant?,
        at now: MonotonicInstant,
        random: Double
    ) -> [Action] {
        guard isWanted else {
            aftermath = .unwanted
            phase = .stopped
            return []
        }
        if isAskedFor {
            aftermath = .askedFor
            isAskedFor = false
            policy.forget()
            return wait()
        }
        switch stopCause {
        case .requested, .dependency, .configuration, .upgrade:
            aftermath = .replaced
            return wait()
        case .hung, .memory, .startTimeout, nil: return failed(status, readySince: readySince, at: now, random: random)
        }
    }

    private mutating func failed(
        _ status: ExitStatus,
        readySince: MonotonicInstant?,
        at now: MonotonicInstant,
        random: Double
    ) -> [Action] {
        let ending = RestartPolicy.Ending(
            status: status,
            reason: exitReason(of: status),
            readyFor: readySince.map { $0.duration(to: now) }
        )
        let decision = policy.ended(ending, at: now, random: random)
        aftermath = policy.ruling.map { .ruled($0) }
        switch decision {
        case .restart(after: .zero):
            return [.reportFailure] + wait()
        case .restart(let pause):
            phase = .backoff(until: now.advanced(by: pause))
            return [.reportFailure]
        case .finished:
            isWanted = false
            phase = .stopped
            return []
        case .quarantine:
            phase = .quarantined
            return [.reportFailure]
        case .escalate:
            phase = .quarantined
            return [.reportFailure, .escalate]
        }
    }

    /// Under which reason an end with `status` is recorded at this moment.
    package func exitReason(of status: ExitStatus) -> ExitReason {
        stopCause?.exitReason ?? ExitReason(of: status)
    }
}
