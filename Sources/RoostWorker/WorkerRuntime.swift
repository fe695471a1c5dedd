import CLinux
import Glibc
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

/// The life of a worker process around its service: first configuration, supervisor link, heartbeats, reloads, drain.
package actor WorkerRuntime {
    nonisolated let reactor: Reactor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }

    let identity: Hello
    let log: WorkerLog
    let runtimeDirectory: String?
    let keepsake: Keepsake?
    let limits: SessionLimits
    private var actions: ServiceActions?

    var heartbeatInterval: Duration
    var drainLimit: Duration
    var lease: LeaseStateMachine
    var connection: Connection?
    private(set) var generation: UInt64
    var state = State.starting
    private var heartbeats: UInt64 = 0
    private var heartbeatDue = MonotonicInstant(nanoseconds: 0)
    private var ownListener: RoostIPC.Listener?
    /// What waits for the promotion of this process; empty if it has been told, or never had to be.
    private var held: [WorkerListener]
    private var exitStatus: Int32?
    var hasToldFailure = false
    /// What the service has prepared, between the two phases of a change.
    private var pending: Prepare?
    /// The one drain of this process.
    private var drained: Task<UInt64, Never>?

    enum State: Equatable {
        case starting
        case ready
        case parked(String)
        case draining
    }

    /// Snapshots of the figures are sent with every so many heartbeats, in the same write.
    private static let heartbeatsPerSnapshot: UInt64 = 5

    init(
        _ reactor: Reactor,
        identity: Hello,
        log: WorkerLog,
        runtimeDirectory: String?,
        sockets: [(name: String, number: Int32)] = [],
        start: Prepare,
        held: [WorkerListener] = []
    ) {
        self.reactor = reactor
        self.identity = identity
        self.log = log
        self.runtimeDirectory = runtimeDirectory
        keepsake = runtimeDirectory.map { Keepsake(sockets: sockets, path: $0 + "/notify.sock") }
        self.held = held
        heartbeatInterval = .milliseconds(max(start.heartbeatIntervalMs, 10))
        drainLimit = .milliseconds(start.drainMs)
        lease = LeaseStateMachine(duration: .milliseconds(start.leaseMs))
        generation = start.generation
        var limits = SessionLimits()
        if start.frameLimit > 0 { limits.frameLength = Int(start.frameLimit) }
        if start.sendLimit > 0 { limits.outputLimit = Int(clamping: start.sendLimit) }
        self.limits = limits
    }

    /// Configures the service for the first time, and serves.
    ///
    /// - Throws: what the service's `prepare` throws.
    func begin(_ actions: ServiceActions, _ start: Prepare, socket: Int32?) async throws {
        self.actions = actions
        async let link: Void = attachFirst()
        try await actions.prepare(start.configuration, start.generation)
        guard state != .draining else { return }  // told to end while it was preparing: it never begins to serve
        await actions.commit()
        try serveOwnSocket(socket)
        if state == .starting { state = .ready }
        await link
        introduce()
        armHeartbeat()
    }

    private func attachFirst() async {
        guard runtimeDirectory != nil else { return }
        await link(firstTime: true)
    }

    /// Ends the process with the status, once what was written is sent.
    func end(_ status: Int32) {
        exitStatus = status
        reactor.schedule(after: .zero) { [reactor] in reactor.stop() }
    }

    /// Whether the end of the process is decided.
    var hasEnded: Bool { exitStatus != nil }

    /// With which status the process ends.
    nonisolated var status: Int32 { assumeIsolated { $0.exitStatus ?? 0 } }
}

// MARK: - Saying

extension WorkerRuntime {
    func sayReady() {
        if case .parked = state { state = .ready }
        guard state == .ready else { return }
        send(.ready, Ready())
    }

    func park(_ reason: String) {
        guard state != .draining else { return }
        state = .parked(reason)
        var message = Parked()
        message.reason = reason
        send(.parked, message)
    }

    func announce(_ name: String, _ limit: Duration) {
        var message = SlowPhase()
        message.name = name
        message.deadlineMs = UInt32(clamping: limit.wholeNanoseconds / 1_000_000)
        send(.slowPhase, message)
        connection?.assumeIsolated { $0.flush() }
    }

    /// A supervisor has come: it hears what it would have heard before.
    func introduce() {
        switch state {
        case .starting, .draining: break
        case .ready: sayReady()
        case .parked(let reason): park(reason)
        }
    }

    /// Events are dropped while nobody takes them: the next heartbeat replaces the last, counters are cumulative.
    private func send(_ method: Method, _ message: some ProtobufMessage) {
        let payload = message.encoded()
        connection?.assumeIsolated { try? $0.sendEvent(method, payload) }
    }

    /// Heartbeats are sent at multiples of the interval on the monotonic clock, by all workers at once, so that an idle
    /// supervisor wakes once for all of them.
    private func armHeartbeat() {
        let interval = heartbeatInterval.wholeNanoseconds
        heartbeatDue = MonotonicInstant(nanoseconds: (reactor.now.nanoseconds / interval + 1) * interval)
        reactor.schedule(at: heartbeatDue) { [unowned self] in assumeIsolated { $0.beat() } }
    }

    private func beat() {
        defer { armHeartbeat() }
        guard let actions, connection != nil else { return }
        heartbeats += 1
        let progress = actions.progress()
        var message = Heartbeat()
        message.sequence = heartbeats
        message.loopLagNs = UInt64(max(0, heartbeatDue.duration(to: reactor.now).wholeNanoseconds))
        message.oldestRequestAgeMs = UInt64(max(0, progress.oldestRequestAge.wholeNanoseconds / 1_000_000))
        message.progress = progress.sources.map { source in
            var item = Progress()
            item.name = source.name
            item.completed = source.completed
            item.pending = source.pending
            item.stallAfterMs = source.stallAfter.map { UInt32(clamping: $0.wholeNanoseconds / 1_000_000) } ?? .max
            return item
        }
        if heartbeats % Self.heartbeatsPerSnapshot == 1 { sendSnapshot(actions) }
        send(.heartbeat, message)
    }

    private func sendSnapshot(_ actions: ServiceActions) {
        var snapshot = MetricsSnapshot()
        snapshot.takenAtNs = roost_wall_now()
        snapshot.metrics = actions.metrics()
        send(.metricsSnapshot, snapshot)
    }
}

// MARK: - Serving

extension WorkerRuntime {
    /// What the supervisor asks of this instance.
    nonisolated var supervisorHandler: ConnectionHandler {
        ConnectionHandler(
            request: { [unowned self] request in assumeIsolated { $0.answer(request) } },
            closed: { [unowned self] connection, _ in assumeIsolated { $0.lost(connection) } }
        )
    }

    private func answer(_ request: IncomingRequest) -> Answer {
        let payload = request.payload
        switch request.method {
        case .echo: return .reply(payload)
        case .probe: return .message(probe())
        case .prepare: return .later { [self] in try await prepare(Prepare(decoding: payload)).encoded() }
        case .commit: return .later { [self] in try await commit(Commit(decoding: payload)).encoded() }
        case .abort:
            actions?.abort()
            pending = nil
            return .message(Aborted())
        case .promote: return .later { [self] in try await promote().encoded() }
        case .drain: return .later { [self] in try await drain(Drain(decoding: payload)).encoded() }
        default: return .unknown(request.method)
        }
    }

    private func probe() -> ProbeReply {
        var reply = ProbeReply()
        reply.healthy = state == .ready
        if case .parked(let reason) = state { reply.reason = reason }
        if state == .draining { reply.reason = "draining" }
        return reply
    }

    private func prepare(_ message: Prepare) async -> PrepareReply {
        var reply = PrepareReply()
        pending = nil
        do {
            try await actions?.prepare(message.configuration, message.generation)
            pending = message
            reply.prepared = Prepared()
        } catch {
            var refused = Refused()
            refused.problems = ["\(error)"]
            reply.refused = refused
        }
        return reply
    }

    private func commit(_ message: Commit) async throws -> Committed {
        guard let pending, pending.generation == message.generation else {
            throw RequestFailure(.conflict, "generation \(message.generation) was not prepared; prepare it first")
        }
        self.pending = nil
        await actions?.commit()
        generation = pending.generation
        heartbeatInterval = .milliseconds(max(pending.heartbeatIntervalMs, 10))
        drainLimit = .milliseconds(pending.drainMs)
        lease.duration = .milliseconds(pending.leaseMs)
        log.info("configuration", "generation \(generation) is in force")
        return Committed()
    }

    /// Serves what the process before this one has served until now.
    private func promote() async throws -> Promoted {
        guard state != .draining else { throw RequestFailure(.conflict, "draining") }
        let listeners = held
        held = []
        for socket in listeners where socket.name == "ipc" { try serveOwnSocket(socket.descriptor) }
        await actions?.takeOver(listeners.filter { $0.name != "ipc" })
        return Promoted()
    }

    private func drain(_ message: Drain) async -> Drained {
        var reply = Drained()
        reply.abandoned = await drain(
            within: .milliseconds(message.deadlineMs),
            idle: .milliseconds(message.idleMs)
        )
        end(0)
        return reply
    }

    /// Drains once; whoever asks again waits for the same outcome. It goes on when nobody waits for it any more.
    private func drain(within limit: Duration, idle: Duration) async -> UInt64 {
        if let drained { return await drained.value }
        state = .draining
        leaveOwnSocket()
        guard let actions else { return 0 }
        let task = Task {
            _ = self
            return await actions.drain(limit, idle)
        }
        drained = task
        boundDrain(limit)
        return await task.value
    }

    /// Callers wait in the backlog, or come to the process that has replaced this one.
    private func leaveOwnSocket() { ownListener?.assumeIsolated { $0.stop() } }

    /// A supervisor ends a service that does not keep to its limit; where there is none any more, nobody else does.
    private func boundDrain(_ limit: Duration) {
        reactor.schedule(after: limit + .seconds(1)) { [unowned self] in
            assumeIsolated { runtime in
                guard runtime.connection == nil, !runtime.hasEnded else { return }
                runtime.log.error("worker", "not drained within \(limit), and there is no supervisor: ending")
                runtime.end(0)
            }
        }
    }

    /// SIGTERM or SIGINT: drains and ends. Asked a second time, it ends at once.
    func drainAndEnd(because reason: String) async {
        guard state != .draining else { return end(0) }
        log.info("worker", "draining: \(reason)")
        _ = await drain(within: drainLimit, idle: min(drainLimit, .seconds(1)))
        end(0)
    }

    /// The kernel tells the supervisor how this process ends, but not who has sent the signal.
    func tell(_ signal: Int32, from sender: SignalSender) {
        var message = Signaled()
        message.signal = signal
        message.senderPid = sender.pid
        message.senderUid = sender.uid
        send(.signaled, message)
        connection?.assumeIsolated { $0.flush() }
    }

    private func serveOwnSocket(_ socket: Int32?) throws {
        guard let socket else { return }
        var handler = ConnectionHandler()
        handler.request = { [unowned self] request in
            switch request.method {
            case .echo: .reply(request.payload)
            case .probe: .message(assumeIsolated { $0.probe() })
            default: .unknown(request.method)
            }
        }
        let listener = RoostIPC.Listener(
            Descriptor(owning: socket),
            on: reactor,
            identity: identity,
            handler: handler,
            limits: limits
        )
        try listener.assumeIsolated { try $0.start() }
        ownListener = listener
    }
}
