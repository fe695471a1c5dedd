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
        package var failed: @Sendable (InstanceID) -> Void
        package var escalate: @Sendable (InstanceID) -> Void
        package var log: @Sendable (LogRecord) -> Void

        package init(
            requestAdmission: @escaping @Sendable (InstanceID, Int) -> Void,
            withdrawAdmission: @escaping @Sendable (InstanceID) -> Void,
            spawnRequest: @escaping @Sendable (InstanceID) throws -> SpawnRequest,
            changed: @escaping @Sendable (InstanceID, Change) -> Void,
            failed: @escaping @Sendable (InstanceID) -> Void,
            escalate: @escaping @Sendable (InstanceID) -> Void,
            log: @escaping @Sendable (LogRecord) -> Void
        ) {
            self.requestAdmission = requestAdmission
            self.withdrawAdmission = withdrawAdmission
            self.spawnRequest = spawnRequest
            self.changed = changed
            self.failed = failed
            self.escalate = escalate
            self.log = log
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
    }

    package nonisolated let id: InstanceID
    nonisolated let reactor: Reactor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    private let surroundings: Surroundings
    /// A plain program has no heartbeat and no connection.
    private(set) var isPlain: Bool
    private var willBePlain: Bool
    private var heartbeatDeadline: Duration
    private var logLineLimit: Int
    private var random = SystemRandomNumberGenerator()

    package private(set) var machine: WorkerStateMachine
    private var health: HealthStateMachine?
    private var memory: MemoryCeiling
    /// As configured, without the samples of an incarnation.
    private var memoryCeiling: MemoryCeiling
    private var child: ChildProcess?
    private var logPipe: LogPipe?
    package private(set) var connection: Connection?
    private var deadlineTimer: TimerToken?
    private var healthTimer: TimerToken?
    /// At the last heartbeat: when it was, how long the process had run, and how long it had waited for a CPU.
    private var atHeartbeat: (instant: MonotonicInstant, run: Duration, wait: Duration)?
    private var settleTimer: TimerToken?

    package private(set) var spawnedAt: MonotonicInstant?
    package private(set) var lastExit: LastExit?
    /// Why it is in its state, where that is not plain.
    package private(set) var reason = ""
    /// Incarnations that came after the first one.
    package private(set) var restarts: UInt64 = 0
    private var incarnations: UInt64 = 0
    package private(set) var figures: ProcessFigures?
    package private(set) var lastHeartbeat: MonotonicInstant?
    /// The configuration generation that the process works with.
    package private(set) var generation: UInt64 = 0
    package private(set) var metrics = MetricsSnapshot()
    private var waiters: [UInt64: Waiter] = [:]
    private var nextWaiter: UInt64 = 0

    package init(
        _ id: InstanceID,
        settings: InstanceSettings,
        on reactor: Reactor,
        surroundings: Surroundings
    ) {
        self.id = id
        self.reactor = reactor
        self.surroundings = surroundings
        isPlain = settings.isPlain
        willBePlain = settings.isPlain
        heartbeatDeadline = settings.heartbeatDeadline
        logLineLimit = settings.logLineLimit
        machine = WorkerStateMachine(settings: settings.lifecycle)
        memory = settings.memory
        memoryCeiling = settings.memory
    }

    package var state: WorkerState { machine.state }
    package var pid: Int32? { child?.pid }
    package var isReady: Bool { machine.state == .running }

    /// Takes changed settings; they act from the next decision on.
    package func apply(_ settings: InstanceSettings) {
        machine.settings = settings.lifecycle
        willBePlain = settings.isPlain
        let hasNewDeadline = heartbeatDeadline != settings.heartbeatDeadline
        heartbeatDeadline = settings.heartbeatDeadline
        if hasNewDeadline, health != nil { beginWatch() }  // the worker keeps to its new interval from now on
        logLineLimit = settings.logLineLimit
        memory = settings.memory
        memoryCeiling = settings.memory
    }
}

// MARK: - Events in, actions out

extension WorkerHandle {
    /// Feeds the machine and carries out what it says.
    package func handle(_ event: WorkerStateMachine.Event, because reason: String = "") {
        let before = machine.state
        let exit = recordExit(event)
        let actions = machine.handle(event, at: reactor.now, random: Double.random(in: 0..<1, using: &random))
        if machine.state != before {
            self.reason = reason
            surroundings.changed(
                id,
                Change(from: before, to: machine.state, pid: child?.pid, exit: exit, reason: reason)
            )
        }
        armDeadline()
        for action in actions { carryOut(action) }
        tellWaiters()
    }

    private func recordExit(_ event: WorkerStateMachine.Event) -> LastExit? {
        guard case .exited(let status) = event else { return nil }
        let exit = LastExit(
            at: WallTime(nanoseconds: roost_wall_now()),
            status: status,
            reason: machine.exitReason(of: status)
        )
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
        case .signal(let signal): child?.signal(signal.rawValue)
        case .reportFailure: surroundings.failed(id)
        case .escalate: surroundings.escalate(id)
        }
    }

    private func armDeadline() {
        if let deadlineTimer { reactor.cancel(deadlineTimer) }
        deadlineTimer = machine.deadline.map { deadline in
            reactor.schedule(at: deadline) { [unowned self] in
                assumeIsolated { $0.handle(.deadlinePassed, because: $0.lateness) }
            }
        }
    }

    private var lateness: String {
        switch machine.phase {
        case .starting: "was not ready within \(machine.settings.startTimeout)"
        case .ending(.draining, _, _): "did not finish draining within \(machine.settings.drain)"
        case .ending: "did not end when it was told to"
        case .stopped, .waiting, .spawning, .running, .parked, .backoff, .quarantined: ""
        }
    }
}

// MARK: - The process

extension WorkerHandle {
    private func spawn() {
        do {
            try startProcess()
        } catch {
            say(.error, "cannot start: \(error)")
            handle(.spawnFailed, because: "\(error)")
        }
    }

    private func startProcess() throws {
        isPlain = willBePlain
        var request = try surroundings.spawnRequest(id)
        let origin = LogRecord.Source(name: id.name, instance: id.instance, pid: 0)
        let pipe = try LogPipe(reactor, source: origin, lineLimit: logLineLimit, emit: surroundings.log)
        request.descriptors.replaceSubrange(1...2, with: [pipe.writeEnd, pipe.writeEnd])
        let child = try ChildProcess(request, on: reactor) { [unowned self] status in
            assumeIsolated { $0.exited(status) }
        }
        pipe.closeWriteEnd()
        pipe.speak(for: LogRecord.Source(name: id.name, instance: id.instance, pid: child.pid))
        self.child = child
        logPipe = pipe
        spawnedAt = reactor.now
        memory = memoryCeiling
        if incarnations > 0 { restarts += 1 }
        incarnations += 1
        handle(.spawned)
        if isPlain { settle() }
    }

    /// A plain program is ready when it says so (sd_notify(3)) or has survived its first moments.
    private func settle() {
        settleTimer = reactor.schedule(after: .milliseconds(100)) { [unowned self] in
            assumeIsolated { $0.ready() }
        }
    }

    private func exited(_ status: ExitStatus) {
        logPipe?.end()
        logPipe = nil
        child = nil
        figures = nil
        spawnedAt = nil
        endWatch()
        disconnect()
        let exit = LastExit(at: WallTime(nanoseconds: 0), status: status, reason: machine.exitReason(of: status))
        handle(.exited(status), because: exit.sentence)
        guard machine.state != .stopped || exit.reason != .requested else { return }
        let level: LogLevel = exit.reason == .requested || status.isSuccess ? .info : .warning
        say(level, "\(id) \(exit.sentence), reason \(exit.reason.rawValue); now \(machine.state.rawValue)")
    }

    private func drain(within limit: Duration) {
        guard let connection else {
            child?.signal(SIGTERM)  // it cannot be asked: the kit drains at SIGTERM as well
            return
        }
        var message = Drain()
        message.deadlineMs = limit.milliseconds
        // Nobody else answers while this one drains: who is idle is let go soon, for the next process to serve.
        message.idleMs = min(limit, .seconds(1)).milliseconds
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
        if let pid = child?.pid { record.metadata["pid"] = .integer(Int64(pid)) }
        surroundings.log(record)
    }
}

// MARK: - What the worker says

extension WorkerHandle {
    /// The instance's own connection is there.
    package func attach(_ connection: Connection) {
        let former = self.connection
        self.connection = connection
        if let former, former !== connection { former.assumeIsolated { $0.close() } }
        generation = connection.assumeIsolated { $0.peer?.hello.generation } ?? 0
    }

    /// The connection is gone. The process may still be well; its heartbeats decide.
    package func detach(_ connection: Connection) {
        if self.connection === connection { self.connection = nil }
    }

    private func disconnect() {
        connection?.assumeIsolated { $0.close() }
        connection = nil
    }

    package func ready() {
        if let settleTimer { reactor.cancel(settleTimer) }
        settleTimer = nil
        let wasReady = isReady
        handle(.ready)
        if isReady, !wasReady, health == nil, !isPlain { beginWatch() }
    }

    package func parked(_ reason: String) {
        handle(.parked, because: reason)
        if state == .parked, health == nil, !isPlain { beginWatch() }
    }

    /// A plain program has said something of itself.
    func notified(_ notification: ProgramNotification) {
        if notification.isReady { ready() }
        if let status = notification.status { reason = status }
    }

    package func setGeneration(_ generation: UInt64) { self.generation = generation }
    package func setMetrics(_ metrics: MetricsSnapshot) { self.metrics = metrics }

    package func heartbeat(_ heartbeat: Heartbeat) {
        lastHeartbeat = reactor.now
        guard health != nil, let pid = child?.pid else { return }
        let progress = heartbeat.progress.map {
            HealthStateMachine.Progress(
                name: $0.name,
                completed: $0.completed,
                pending: $0.pending,
                stallAfter: stallAfter($0.stallAfterMs)
            )
        }
        let wait = ProcessFigures.runQueueWait(pid: pid)
        atHeartbeat = (reactor.now, ProcessFigures.running(pid: pid).time, wait)
        act(on: health?.heartbeat(progress, at: reactor.now, runQueueWait: wait))
        armHealth()
    }

    private func stallAfter(_ milliseconds: UInt32) -> Duration? {
        switch milliseconds {
        case 0: heartbeatDeadline
        case .max: nil
        default: .milliseconds(milliseconds)
        }
    }

    package func slowPhase(_ name: String, _ duration: Duration) {
        health?.slowPhase(duration, at: reactor.now)
        armHealth()
    }
}

// MARK: - Health

extension WorkerHandle {
    private func beginWatch() {
        guard let pid = child?.pid else { return }
        let wait = ProcessFigures.runQueueWait(pid: pid)
        atHeartbeat = (reactor.now, ProcessFigures.running(pid: pid).time, wait)
        health = HealthStateMachine(deadline: heartbeatDeadline, at: reactor.now, runQueueWait: wait)
        armHealth()
    }

    private func endWatch() {
        if let healthTimer { reactor.cancel(healthTimer) }
        if let settleTimer { reactor.cancel(settleTimer) }
        (healthTimer, settleTimer, health, lastHeartbeat) = (nil, nil, nil, nil)
    }

    /// The kernel counts a wait for a CPU when it is over: what a process that waits at this moment has neither run nor
    /// waited for by its books is the wait under way.
    private func wholeWait(_ pid: Int32) -> Duration {
        let wait = ProcessFigures.runQueueWait(pid: pid)
        let running = ProcessFigures.running(pid: pid)
        // The kernel's books are in real time.
        guard running.isRunnable, let start = atHeartbeat, case .monotonic = reactor.clock else { return wait }
        let accounted = (running.time - start.run) + (wait - start.wait)
        return wait + max(start.instant.duration(to: reactor.now) - accounted, .zero)
    }

    private func armHealth() {
        if let healthTimer { reactor.cancel(healthTimer) }
        healthTimer = health.map { health in
            reactor.schedule(at: health.nextCheck) { [unowned self] in assumeIsolated { $0.checkHealth() } }
        }
    }

    private func checkHealth() {
        guard let pid = child?.pid, let due = health?.nextCheck else { return }
        // Roostd itself has not run: stopped, or frozen together with its workers. What they have said meanwhile may
        // still be on its way.
        guard due.duration(to: reactor.now) <= heartbeatDeadline / 2 else { return beginWatch() }
        act(on: health?.check(at: reactor.now, runQueueWait: wholeWait(pid)))
        if machine.state != .draining { armHealth() }
    }

    private func act(on verdict: HealthStateMachine.Verdict?) {
        guard case .hung(let why) = verdict, state == .running || state == .parked else { return }
        let sentence =
            switch why {
            case .silent(let duration): "no heartbeat for \(duration)"
            case .stalled(let source, let duration): "\(source) has had work and finished none for \(duration)"
            }
        say(.error, "\(id) hangs: \(sentence)")
        handle(.hung, because: sentence)
    }

    /// Reads the process's figures; called once per tick.
    package func sample() {
        guard let pid = child?.pid, let figures = ProcessFigures(pid: pid) else { return }
        self.figures = figures
        switch memory.sample(figures.residentBytes) {
        case .within: break
        case .softExceeded:
            say(.warning, "\(id) is above its soft memory ceiling with \(figures.residentBytes) bytes: restarting it")
            handle(.memoryExceeded(isHard: false), because: "above its soft memory ceiling")
        case .hardExceeded:
            say(.error, "\(id) is above its hard memory ceiling with \(figures.residentBytes) bytes: killing it")
            handle(.memoryExceeded(isHard: true), because: "above its hard memory ceiling")
        }
    }
}

// MARK: - Waiting for an outcome

extension WorkerHandle {
    /// What somebody who waits looks at.
    package struct Glimpse: Sendable {
        package let state: WorkerState
        package let pid: Int32?
    }

    package var glimpse: Glimpse { Glimpse(state: machine.state, pid: child?.pid) }

    /// Suspends until the condition holds, or `limit` has passed; says how things are then.
    package func wait(
        within limit: Duration,
        until isDone: @escaping @Sendable (Glimpse) -> Bool
    ) async -> Glimpse {
        if isDone(glimpse) { return glimpse }
        return await withCheckedContinuation { continuation in
            nextWaiter += 1
            let token = nextWaiter
            let timer = reactor.schedule(after: limit) { [unowned self] in
                assumeIsolated { $0.finishWaiting(token) }
            }
            waiters[token] = Waiter(isDone: isDone, timer: timer, continuation: continuation)
        }
    }

    private func finishWaiting(_ token: UInt64) {
        guard let waiter = waiters.removeValue(forKey: token) else { return }
        reactor.cancel(waiter.timer)
        waiter.continuation.resume(returning: glimpse)
    }

    private func tellWaiters() {
        for (token, waiter) in waiters where waiter.isDone(glimpse) { finishWaiting(token) }
    }

    struct Waiter {
        let isDone: @Sendable (Glimpse) -> Bool
        let timer: TimerToken
        let continuation: CheckedContinuation<Glimpse, Never>
    }

    /// SIGKILL to the process and its group, without asking anybody.
    func killGroup() { child?.signalGroup(SIGKILL) }
}
