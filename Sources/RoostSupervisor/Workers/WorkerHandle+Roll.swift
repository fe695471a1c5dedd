import CLinux
import RoostIPC
package import RoostPolicy
import RoostProtocol
import RoostReactor

// Rolling restarts: the shell around `RollStateMachine`. Beside the serving process there is at most one other: first the
// candidate, then the one that it has replaced.
extension WorkerHandle {
    struct RollWaiter {
        let timer: TimerToken?
        let continuation: CheckedContinuation<RollOutcome, Never>
    }

    /// Who may wait for rolling restarts of one instance at once.
    private static let mostRollWaiters = 64

    /// Starts a new process, proves it, and only then lets the present one go.
    ///
    /// While another rolling restart of this instance is under way, the next one begins when that one is over, with the
    /// executable and configuration of then; all who ask meanwhile share it.
    ///
    /// - Parameter limit: how long the caller waits for the outcome; nil: as long as it takes, which is bounded.
    package func roll(
        for stopCause: StopCause,
        because cause: Cause,
        within limit: Duration? = nil
    ) async -> RollOutcome {
        guard rollWaiters.count < Self.mostRollWaiters else {
            return .failed(reason: "too many rolling restarts are waiting; try again", serving: pid)
        }
        guard mayRoll || roll != nil else { return .notRunning }
        return await withCheckedContinuation { continuation in
            nextWaiter += 1
            let token = nextWaiter
            let timer = limit.map { limit in
                reactor.schedule(after: limit) { [unowned self] in
                    assumeIsolated { $0.finishRollWait(token, .notYet) }
                }
            }
            rollWaiters[token] = RollWaiter(timer: timer, continuation: continuation)
            request(RollRequest(stopCause: stopCause, cause: cause, waiters: [token]))
        }
    }

    /// Whether there is a serving process that a rolling restart can begin with.
    var mayRoll: Bool { state == .running && current != nil && roll == nil }

    /// Above the soft ceiling: replaced without a gap if that works, and plainly if not.
    func rollForMemory(_ cause: Cause) {
        Task {
            let outcome = await roll(for: .memory, because: cause)
            guard case .failed(let reason, let pid?) = outcome, pid == self.pid, machine.isWanted else { return }
            say(.warning, "\(id) could not be replaced (\(reason)): restarting it")
            handle(.memoryExceeded(isHard: false), because: cause)
        }
    }

    private func request(_ request: RollRequest) {
        guard roll == nil else {
            if nextRoll != nil { nextRoll?.waiters += request.waiters } else { nextRoll = request }
            return
        }
        // It ran when this was asked for.
        guard mayRoll, let incumbent = current?.pid else {
            return finish(request, .failed(reason: "does not run any more", serving: nil))
        }
        let roll = Roll(request, incumbent: incumbent, RollStateMachine(settings: rollSettings, at: reactor.now))
        self.roll = roll
        roll.record = note(.rollBegun, because: request.cause, pid: incumbent)
        tell(.begun, roll, request.cause.sentence)
        armRollDeadline()
        for action in roll.machine.firstActions { carryOut(action, of: roll) }
    }

    var rollSettings: RollStateMachine.Settings {
        var roll = RollStateMachine.Settings()
        let lifecycle = settings.lifecycle
        roll.startTimeout = lifecycle.startTimeout
        roll.heartbeats = settings.isPlain ? 0 : roll.heartbeats
        roll.isProbed = !settings.isPlain
        roll.isTold = !settings.isPlain
        // Heartbeats of a starved process come late, as `HealthStateMachine` allows.
        roll.probation = settings.heartbeatDeadline * HealthStateMachine.starvationFactor
        roll.drain = lifecycle.drain
        roll.stopTimeout = lifecycle.stopTimeout
        return roll
    }

    private func finish(_ request: RollRequest, _ outcome: RollOutcome) {
        for token in request.waiters { finishRollWait(token, outcome) }
    }

    private func finishRollWait(_ token: UInt64, _ outcome: RollOutcome) {
        guard let waiter = rollWaiters.removeValue(forKey: token) else { return }
        if let timer = waiter.timer { reactor.cancel(timer) }
        waiter.continuation.resume(returning: outcome)
    }
}

// MARK: - Events in, actions out

extension WorkerHandle {
    /// Whether a start of it is under way, for which it holds a start slot.
    var isStarting: Bool {
        if let roll, roll.machine.hasCandidate { return true }
        return machine.hasProcess && machine.state != .running
    }

    /// A start was granted: to the instance itself, or to its rolling restart. They never ask at the same time.
    func admitted() {
        if machine.phase == .waiting { handle(.admitted) } else { feed(.admitted) }
    }

    func feed(_ event: RollStateMachine.Event) {
        guard let roll else { return }
        let actions = roll.machine.handle(event, at: reactor.now)
        armRollDeadline()
        for action in actions { carryOut(action, of: roll) }
        guard roll === self.roll, roll.machine.phase == .over else { return }
        self.roll = nil
        armRollDeadline()
        guard let next = nextRoll else { return }
        nextRoll = nil
        request(next)
    }

    /// Lets the rolling restart know what becomes of the serving process.
    func tellRoll() {
        guard roll != nil else { return }
        if case .ending(let step, let until, _) = machine.phase { feed(.incumbentEnding(step, until: until)) }
        if !machine.isWanted { feed(.stopped) }
    }

    func armRollDeadline() {
        if let rollTimer { reactor.cancel(rollTimer) }
        rollTimer = roll?.machine.deadline.map { deadline in
            reactor.schedule(at: deadline) { [unowned self] in assumeIsolated { $0.feed(.deadlinePassed) } }
        }
    }

    private func carryOut(_ action: RollStateMachine.Action, of roll: Roll) {
        switch action {
        case .requestAdmission: surroundings.requestAdmission(id, machine.policy.streak)
        case .withdrawAdmission: surroundings.withdrawAdmission(id)
        case .spawn: spawnCandidate(roll)
        case .probe(let limit): probe(roll, within: limit)
        case .enter(let limit): enter(within: limit)
        case .promote: promote(roll)
        case .takeOver(let successor): takeOver(as: successor, roll)
        case .drain(let limit):
            // The other one serves: who is idle may stay almost to the end, with time left to answer a last request.
            drain(other, within: limit, idle: limit - min(.seconds(1), limit / 10))
        case .signal(let signal): other?.signal(signal.rawValue)
        case .tell(let outcome): conclude(roll, outcome)
        }
    }

    private func conclude(_ roll: Roll, _ outcome: RollStateMachine.Outcome) {
        switch outcome {
        case .promoted:
            note(.rollPromoted, because: roll.request.cause.following(roll.record), pid: roll.candidate)
            tell(.promoted, roll, roll.request.cause.sentence)
            finish(roll.request, .promoted(from: roll.incumbent, to: roll.candidate ?? 0))
        case .failed(let reason):
            let failure = Cause(.rollFailed, "the new process \(reason)", by: .supervisor, parent: roll.record)
            note(.rollFailed, because: failure, pid: roll.incumbent)
            tell(.failed, roll, reason)
            finish(roll.request, .failed(reason: reason, serving: pid))
        case .incumbentEnded:
            tell(.incumbentEnded, roll, roll.request.cause.sentence)
            finish(roll.request, .incumbentEnded)
        }
    }

    private func tell(_ step: RollNews.Step, _ roll: Roll, _ reason: String, exit: LastExit? = nil) {
        let news = RollNews(
            step: step,
            formerPID: roll.incumbent,
            pid: roll.candidate,
            cause: roll.request.stopCause,
            reason: reason,
            exit: exit
        )
        surroundings.rolled(id, news)
    }
}

// MARK: - The two processes

extension WorkerHandle {
    private func spawnCandidate(_ roll: Roll) {
        do {
            let request = try surroundings.candidateRequest(id)
            defer { request.release() }
            let candidate = try launch(request.spawn)
            candidate.isHeld = !candidate.isPlain
            (roll.candidate, roll.probes, other) = (candidate.pid, request.probes, candidate)
            feed(.spawned)
            noteBeside(.started, roll.request.cause.following(roll.record), candidate.pid)
            tell(.started, roll, roll.request.cause.sentence)
            if candidate.isPlain { candidate.awaitSettling(for: .seconds(1)) }
        } catch {
            surroundings.state?.endSpawn()
            feed(.spawnFailed("\(error)"))
        }
    }

    private func promote(_ roll: Roll) {
        if let cause = machine.stopCause { roll.exitReason = cause.exitReason }
        (current, other) = (other, current)
        other?.endWatch()  // its drain has a deadline of its own
        restarts += 1
        handle(.replaced, because: roll.request.cause)
    }

    /// The serving process has ended: the candidate takes its place, if there is one; says whether.
    func candidateTakesOver(from status: ExitStatus, _ cause: Cause) -> Bool {
        guard let roll else { return false }
        // Nobody takes the place of what shall not run.
        guard machine.isWanted else {
            feed(.stopped)
            return false
        }
        roll.incumbentEnd = (status, cause)
        feed(.incumbentExited)
        return current != nil
    }

    private func takeOver(as successor: WorkerStateMachine.Successor, _ roll: Roll) {
        guard let end = roll.incumbentEnd else { return }  // set by whoever feeds the event
        (current, other) = (other, nil)
        restarts += 1
        let ended = noteBeside(.ended, end.cause, roll.incumbent)
        let promotion = roll.request.cause.following(ended)
        note(.rollPromoted, because: promotion, pid: roll.candidate)
        handle(.succeeded(end.status, by: successor), because: promotion)
        enterCurrent()
    }

    /// What the process beside the serving one has done or suffered.
    func hearOther(_ news: Incarnation.News, of pid: Int32) {
        guard let incarnation = other, incarnation.pid == pid else { return }
        switch news {
        case .exited(let status): otherExited(status)
        case .settled: hearOther(.ready, from: incarnation)
        case .hung(let why):
            feed(.unfit("hangs: it \(Cause.hang(why, deadline: settings.heartbeatDeadline).sentence)"))
        case .memoryExceeded(isHard: false, _): break
        case .memoryExceeded(isHard: true, let bytes):
            feed(.unfit("is above its hard memory ceiling with \(bytes) bytes"))
            incarnation.signal(WorkerStateMachine.Signal.kill.rawValue)
        }
    }

    func hearOther(_ message: Message, from incarnation: Incarnation) {
        guard let roll, roll.machine.hasCandidate else { return }  // nobody minds what a retiring process says
        switch message {
        case .ready:
            incarnation.endSettling()
            if incarnation.health == nil, !incarnation.isPlain { incarnation.beginWatch() }
            feed(.ready)
        case .parked(let reason): feed(.unfit("is parked: \(reason)"))
        case .heartbeat(let heartbeat):
            incarnation.heartbeat(heartbeat)
            feed(.heartbeat)
        case .slowPhase(let limit): incarnation.slowPhase(limit)
        case .metrics, .signaled: break  // of the serving process they count
        }
    }

    /// An entry about a process beside the one that the trail of causes follows.
    @discardableResult
    private func noteBeside(_ step: RecordEntry.Step, _ cause: Cause, _ pid: Int32) -> UInt64 {
        surroundings.note(id, CauseTrail.Draft(step: step, pid: pid, cause: cause, decision: nil))
    }

    private func otherExited(_ status: ExitStatus) {
        guard let roll else { return }
        let before = state
        let pid = other?.pid ?? 0
        let wasRetiring = if case .retiring = roll.machine.phase { true } else { false }
        let reason = wasRetiring ? roll.exitReason : ExitReason(of: status)
        let exit = LastExit(at: WallTime(nanoseconds: roost_wall_now()), status: status, reason: reason)
        other = nil
        if wasRetiring {
            lastExit = exit
            noteBeside(.ended, roll.request.cause.following(roll.record), pid)
            tell(.retired, roll, roll.request.cause.sentence, exit: exit)
        }
        say(.info, "pid \(pid) of \(id) \(exit.sentence), reason \(reason.rawValue)")
        feed(.exited(exit.sentence))
        tellChange(from: before, exit: exit, because: exit.sentence)
        tellWaiters()
    }
}
