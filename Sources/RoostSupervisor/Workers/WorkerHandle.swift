import CLinux
import Glibc
package import RoostIPC
import RoostJSON
package import RoostPolicy
package import RoostProtocol
package import RoostReactor

/// One worker instance: the shell around `WorkerStateMachine` and `HealthStateMachine` that owns the process, its log
/// pipe, its connection and its timers, and carries out what the machines decide.
///
/// Everything here is synchronous on the reactor: an exit is followed by its replacement's spawn within one event.
package actor WorkerHandle {
    /// What the handle needs of its surroundings. Called on the loop.
    package struct Surroundings: Sendable {
        package var requestAdmission: @Sendable (InstanceID, _ streak: Int) -> Void
        package var withdrawAdmission: @Sendable (InstanceID) -> Void
        /// What to start now; the descriptors 1 and 2 are put in by the handle.
        package var spawnRequest: @Sendable (InstanceID) throws -> SpawnRequest
        /// The state has changed, for status, dependants and the event stream.
        package var changed: @Sendable (InstanceID, _ change: Change) -> Void
        /// It ended by itself: strategies may concern others.
        package var failed: @Sendable (InstanceID, Cause) -> Void
        package var escalate: @Sendable (InstanceID, Cause) -> Void
        /// Takes an entry of the causal record; says its id.
        package var note: @Sendable (InstanceID, CauseTrail.Draft) -> UInt64
        package var log: @Sendable (LogRecord) -> Void
        /// Takes a report about an abnormal end; says where it will be.
        package var report: @Sendable (FlightReport) -> String?
        /// Where a process is noted while it is being started.
        package var state: StateFile?
        /// As `spawnRequest`, for a process beside the serving one.
        package var candidateRequest: @Sendable (InstanceID) throws -> CandidateRequest
        /// Why a proved candidate must not serve after all; nil: it may.
        package var objection: @Sendable (InstanceID) -> String?
        /// A rolling restart has gone a step.
        package var rolled: @Sendable (InstanceID, RollNews) -> Void

        package init(
            requestAdmission: @escaping @Sendable (InstanceID, Int) -> Void,
            withdrawAdmission: @escaping @Sendable (InstanceID) -> Void,
            spawnRequest: @escaping @Sendable (InstanceID) throws -> SpawnRequest,
            changed: @escaping @Sendable (InstanceID, Change) -> Void,
            failed: @escaping @Sendable (InstanceID, Cause) -> Void,
            escalate: @escaping @Sendable (InstanceID, Cause) -> Void,
            note: @escaping @Sendable (InstanceID, CauseTrail.Draft) -> UInt64,
            log: @escaping @Sendable (LogRecord) -> Void,
            report: @escaping @Sendable (FlightReport) -> String? = { _ in nil },
            state: StateFile? = nil,
            candidateRequest: (@Sendable (InstanceID) throws -> CandidateRequest)? = nil,
            objection: @escaping @Sendable (InstanceID) -> String? = { _ in nil },
            rolled: @escaping @Sendable (InstanceID, RollNews) -> Void = { _, _ in }
        ) {
            self.candidateRequest = candidateRequest ?? { CandidateRequest(try spawnRequest($0)) }
            self.objection = objection
            self.rolled = rolled
            self.requestAdmission = requestAdmission
            self.withdrawAdmission = withdrawAdmission
            self.spawnRequest = spawnRequest
            self.changed = changed
            self.failed = failed
            self.escalate = escalate
            self.note = note
            self.log = log
            self.report = report
            self.state = state
        }
    }

    /// A step of an instance's life.
    package struct Change: Sendable {
        package var from: WorkerState
        package var to: WorkerState
        package var pid: Int32?
        /// The end of the incarnation that the step is about, if it is about one.
        package var exit: LastExit?
        package var reason: String
        /// Of the causal record, the newest about this instance.
        package var record: UInt64?
    }

    package nonisolated let id: InstanceID
    nonisolated let reactor: Reactor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    let surroundings: Surroundings
    private(set) var settings: InstanceSettings
    private var random = SystemRandomNumberGenerator()

    package internal(set) var machine: WorkerStateMachine
    /// The process, while there is one.
    var current: Incarnation?
    /// The process beside it: during a rolling restart first the candidate, then the one that was replaced.
    var other: Incarnation?
    var roll: Roll?
    /// What was asked for while a rolling restart was under way; shared by all who asked.
    var nextRoll: RollRequest?
    var rollTimer: TimerToken?
    var rollWaiters: [UInt64: RollWaiter] = [:]
    private var deadlineTimer: TimerToken?

    package internal(set) var lastExit: LastExit?
    /// Why it is in its state, where that is not plain.
    package internal(set) var reason = ""
    /// Why the next process is started, or why the present one was told to end, and the last entries about it.
    var trail: CauseTrail
    /// A report that does not know its entry in the record yet.
    var report: FlightReport?
    /// Of a process that had gone before it could be adopted.
    var departed: FlightLog?
    /// Incarnations that came after the first one.
    package internal(set) var restarts: UInt64 = 0
    var incarnations: UInt64 = 0
    /// The last figures that a process of this instance has handed over.
    private(set) var metrics = MetricsSnapshot()
    var waiters: [UInt64: Waiter] = [:]
    var nextWaiter: UInt64 = 0

    package init(
        _ id: InstanceID,
        settings: InstanceSettings,
        on reactor: Reactor,
        surroundings: Surroundings
    ) {
        self.id = id
        self.reactor = reactor
        self.surroundings = surroundings
        self.settings = settings
        trail = CauseTrail(id)
        machine = WorkerStateMachine(settings: settings.lifecycle)
    }

    /// An instance is not stopped while a process of it is left.
    package var state: WorkerState { machine.state == .stopped && other != nil ? .draining : machine.state }
    package var pid: Int32? { current?.pid }
    package var isReady: Bool { machine.state == .running }
    /// Whether its process is any program; of an instance without one, whether the next will be.
    var isPlain: Bool { current?.isPlain ?? settings.isPlain }
    package var connection: Connection? { current?.connection }

    /// Takes changed settings; they act from the next decision on.
    package func apply(_ settings: InstanceSettings) {
        self.settings = settings
        machine.settings = settings.lifecycle
        current?.apply(settings)
    }
}

// MARK: - Events in, actions out

extension WorkerHandle {
    /// Feeds the machine, notes what comes of it in the record, and carries out what the machine says. Events that
    /// people, the configuration or a fault bring about come with their cause.
    package func handle(_ event: WorkerStateMachine.Event, because cause: Cause? = nil) {
        let before = state
        let exit = recordExit(event)
        let actions = machine.handle(event, at: reactor.now, random: Double.random(in: 0..<1, using: &random))
        note(event, from: before, because: cause)
        tellChange(from: before, exit: exit, because: cause?.sentence ?? "")
        armDeadline()
        for action in actions { carryOut(action) }
        tellRoll()
        tellWaiters()
    }

    func tellChange(from before: WorkerState, exit: LastExit?, because reason: String) {
        guard state != before else { return }
        self.reason = reason
        let change = Change(from: before, to: state, pid: pid, exit: exit, reason: reason, record: trail.last)
        surroundings.changed(id, change)
    }

    private func recordExit(_ event: WorkerStateMachine.Event) -> LastExit? {
        let status: ExitStatus
        switch event {
        case .exited(let how), .succeeded(let how, _): status = how
        default: return nil
        }
        let exit = LastExit(at: now, status: status, reason: machine.exitReason(of: status))
        lastExit = exit
        return exit
    }

    private func carryOut(_ action: WorkerStateMachine.Action) {
        switch action {
        case .requestAdmission:
            // An action before this one may have changed what is wanted.
            guard machine.phase == .waiting else { return }
            surroundings.requestAdmission(id, machine.policy.streak)
        case .withdrawAdmission: surroundings.withdrawAdmission(id)
        case .spawn: spawn()
        case .drain(let limit): drain(within: limit)
        case .signal(let signal): current?.signal(signal.rawValue)
        case .reportFailure: surroundings.failed(id, trail.outcome)
        case .escalate: surroundings.escalate(id, trail.outcome)
        }
    }

    func armDeadline() {
        if let deadlineTimer { reactor.cancel(deadlineTimer) }
        deadlineTimer = machine.deadline.map { deadline in
            reactor.schedule(at: deadline) { [unowned self] in
                assumeIsolated { $0.handle(.deadlinePassed, because: $0.lateness) }
            }
        }
    }

    /// What a deadline that has passed says of the instance; what ends goes on to end for its old cause.
    private var lateness: Cause? {
        switch machine.phase {
        case .starting: .startTimeout(machine.settings.startTimeout)
        case .stopped, .waiting, .spawning, .running, .parked, .ending, .backoff, .quarantined: nil
        }
    }
}

// MARK: - The process

extension WorkerHandle {
    private func spawn() {
        do {
            try startProcess()
        } catch {
            surroundings.state?.endSpawn()
            say(.error, "cannot start: \(error)")
            handle(.spawnFailed, because: reporting(.spawnFailure(error)))
        }
    }

    private func startProcess() throws {
        let incarnation = try launch(try surroundings.spawnRequest(id))
        current = incarnation
        if incarnations > 0 { restarts += 1 }
        incarnations += 1
        handle(.spawned)
        if incarnation.isPlain { incarnation.awaitSettling() }
    }

    func launch(_ request: SpawnRequest) throws -> Incarnation {
        let incarnation = makeIncarnation(settings)
        try incarnation.start(
            request,
            noting: surroundings.state?.beginSpawn(id),
            lineLimit: settings.logLineLimit,
            log: surroundings.log
        )
        return incarnation
    }

    func makeIncarnation(_ settings: InstanceSettings) -> Incarnation {
        Incarnation(id, settings: settings, on: reactor) { [unowned self] pid, news in
            assumeIsolated { $0.hear(news, of: pid) }
        }
    }

    /// What a process has done or suffered.
    private func hear(_ news: Incarnation.News, of pid: Int32) {
        guard pid == current?.pid else { return hearOther(news, of: pid) }
        switch news {
        case .exited(let status): exited(status)
        case .settled: ready()
        case .hung(let why):
            guard state == .running || state == .parked else { return }
            let cause = Cause.hang(why, deadline: settings.heartbeatDeadline).following(trail.drillRecord)
            say(.error, "\(id) hangs: it \(cause.sentence)")
            handle(.hung, because: cause)
        case .memoryExceeded(isHard: false, _) where roll != nil: break  // it is being replaced
        // Whether two of any program may run at a time only its operator knows: a plain one is restarted plainly.
        case .memoryExceeded(isHard: false, let bytes) where mayRoll && !isPlain:
            say(.warning, "\(id) is above its soft memory ceiling with \(bytes) bytes: replacing it")
            rollForMemory(.memory(isHard: false, bytes: bytes, ceiling: settings.memory.soft))
        case .memoryExceeded(let isHard, let bytes):
            let ceiling = isHard ? settings.memory.hard : settings.memory.soft
            let cause = Cause.memory(isHard: isHard, bytes: bytes, ceiling: ceiling)
            let consequence = isHard ? "killing it" : "restarting it"
            say(isHard ? .error : .warning, "\(id) \(cause.sentence): \(consequence)")
            handle(.memoryExceeded(isHard: isHard), because: cause)
        }
    }

    func exited(_ status: ExitStatus) {
        let former = pid
        let flight = current?.flight ?? departed
        (current, departed) = (nil, nil)
        let exit = LastExit(at: now, status: status, reason: machine.exitReason(of: status))
        let cause = reporting(trail.heard(.ending(exit, of: id, pid: former)), exit, flight, told: trail.ending)
        if !candidateTakesOver(from: status, cause) { handle(.exited(status), because: cause) }
        guard machine.state != .stopped || exit.reason != .requested else { return }
        let level: LogLevel = exit.reason == .requested || status.isSuccess ? .info : .warning
        say(level, "\(id) \(exit.sentence), reason \(exit.reason.rawValue); now \(machine.state.rawValue)")
    }

    private func drain(within limit: Duration) {
        // Nobody else answers while this one drains: who is idle is let go soon, for the next process to serve.
        drain(current, within: limit, idle: min(limit, .seconds(1)))
    }

    func drain(_ incarnation: Incarnation?, within limit: Duration, idle: Duration) {
        guard let connection = incarnation?.connection else {
            incarnation?.signal(SIGTERM)  // it cannot be asked: the kit drains at SIGTERM as well
            return
        }
        var message = Drain()
        message.deadlineMs = limit.milliseconds
        message.idleMs = idle.milliseconds
        let payload = message.encoded()
        Task {
            _ = self
            // The exit is the outcome; a refusal or a lost connection ends in SIGTERM at the deadline.
            _ = try? await connection.request(.drain, payload, within: limit)
        }
    }

    /// A line of the supervisor's own about this instance.
    func say(_ level: LogLevel, _ message: String) {
        let source = LogRecord.Source(name: "roostd", instance: 0, pid: getpid())
        let time = WallTime(nanoseconds: roost_wall_now())
        var record = LogRecord(time: time, level: level, source: source, category: "worker", message: message)
        record.metadata["worker"] = .string(id.name)
        record.metadata["instance"] = .integer(Int64(id.instance))
        if let pid { record.metadata["pid"] = .integer(Int64(pid)) }
        surroundings.log(record)
    }
}

// MARK: - What the process says

extension WorkerHandle {
    /// What a worker's process tells of itself.
    package enum Message: Sendable {
        case ready
        case parked(String)
        case heartbeat(Heartbeat)
        case slowPhase(Duration)
        case metrics(MetricsSnapshot)
        /// It ends for a signal.
        case signaled(Int32, by: SignalSender)
    }

    /// The process with this number, if it is one of this instance.
    func incarnation(_ pid: Int32) -> Incarnation? {
        if current?.pid == pid { return current }
        return other?.pid == pid ? other : nil
    }

    package func hasProcess(_ pid: Int32) -> Bool { incarnation(pid) != nil }

    package func attach(_ connection: Connection, of pid: Int32) {
        incarnation(pid)?.attach(connection)
        if pid == current?.pid { enterCurrent() }
    }

    package func detach(_ connection: Connection, of pid: Int32) { incarnation(pid)?.detach(connection) }

    package func hear(_ message: Message, from pid: Int32) {
        guard let incarnation = incarnation(pid) else { return }
        guard incarnation === current else { return hearOther(message, from: incarnation) }
        switch message {
        case .ready: ready()
        case .parked(let reason): parked(reason)
        case .heartbeat(let heartbeat): incarnation.heartbeat(heartbeat)
        case .slowPhase(let limit): incarnation.slowPhase(limit)
        case .metrics(let snapshot): metrics = snapshot
        case .signaled(let signal, let sender): heardOf(signal, from: sender)
        }
    }

    private func ready() {
        current?.endSettling()
        handle(.ready)
        if isReady { watch() }
    }

    private func parked(_ reason: String) {
        handle(.parked, because: Cause(.parked, reason, by: .worker(id, pid: pid)))
        if state == .parked { watch() }
    }

    func watch() {
        if let current, current.health == nil, !current.isPlain { current.beginWatch() }
    }

    /// A plain program has said something of itself.
    func notified(_ notification: ProgramNotification, by pid: Int32? = nil) {
        guard pid == nil || pid == current?.pid else {
            if notification.isReady, let other { hearOther(.ready, from: other) }
            return
        }
        if notification.isReady { ready() }
        if let status = notification.status { reason = status }
    }

    /// Its process has switched to the configuration generation.
    package func setGeneration(_ generation: UInt64) { current?.generation = generation }

    /// Reads the process's figures; called once per tick.
    package func sample() {
        current?.sample()
        other?.sample()
    }

    /// SIGKILL to the processes and their groups, without asking anybody.
    func killGroup() {
        current?.signalGroup(SIGKILL)
        other?.signalGroup(SIGKILL)
    }
}
