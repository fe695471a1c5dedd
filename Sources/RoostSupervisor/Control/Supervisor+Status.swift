import Glibc
import RoostConfig
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostSystemd

// What can be asked without changing anything.
extension Supervisor {
    func status(_ names: [String]) throws -> StatusReply {
        var reply = StatusReply()
        reply.supervisor = supervisorStatus
        reply.workers = try targets(names).map { handle in
            var status = handle.assumeIsolated { $0.status }
            let missing = status.state == .waiting ? missing(for: handle.id) : []
            if !missing.isEmpty { status.reason = "waits for \(missing.joined(separator: ", "))" }
            return status
        }
        return reply
    }

    private var supervisorStatus: SupervisorStatus {
        var status = SupervisorStatus()
        status.pid = getpid()
        status.version = Self.version
        status.state = wireState
        status.uptimeSeconds = startedAt.duration(to: reactor.now).seconds
        status.configGeneration = generation
        var watchdog = Watchdog()
        watchdog.enabled = self.watchdog != nil
        watchdog.intervalSeconds = self.watchdog?.timeout.seconds ?? 0
        status.watchdog = watchdog
        if let figures = ProcessFigures(pid: getpid()) {
            status.rssBytes = UInt64(figures.residentBytes)
            status.cpuSeconds = figures.cpuSeconds
        }
        status.openFds = UInt32(clamping: ProcessFigures.openDescriptors(pid: getpid()) ?? 0)
        status.wakeUps = reactor.wakeUps
        status.configProblems = problems
        status.configDrift = driftedFiles()
        status.summary = summary
        status.unit = Initiator.unit ?? ""
        status.listeners = (configuration?.workers.flatMap(\.listeners) ?? []).map { listener in
            var status = ListenerStatus()
            status.name = listener.name
            status.address = listener.address.description
            status.inherited = listeners.isInherited(listener)
            return status
        }
        return status
    }

    private var wireState: SupervisorState {
        switch phase {
        case .starting: .starting
        case .running: isDegraded ? .degraded : .running
        case .reloading: .reloading
        case .stopping: .stopping
        }
    }

    func metrics(_ names: [String]) throws -> MetricsReply {
        var reply = MetricsReply()
        reply.processes = try targets(names).map { handle in
            var process = ProcessMetrics()
            process.name = handle.id.name
            process.instance = UInt32(clamping: handle.id.instance)
            process.snapshot = handle.assumeIsolated { $0.metrics }
            return process
        }
        return reply
    }

    /// Names in one request: each is looked up while everything else waits.
    private static let mostNames = 256

    /// The handles that names stand for: a worker, `worker/instance`, or all of them for no name.
    func targets(_ names: [String]) throws -> [WorkerHandle] {
        guard !names.isEmpty else { return instances }
        guard names.count <= Self.mostNames else {
            throw RequestFailure(.invalidArgument, "at most \(Self.mostNames) names; \(names.count) were given")
        }
        let instances = instances
        return try names.flatMap { name in
            let found = instances.filter { $0.id.name == name || $0.id.description == name }
            if found.isEmpty, specification(name) == nil { throw unknown(name) }
            return found
        }
    }

    func unknown(_ name: String) -> RequestFailure {
        let known = configuration?.workers.map(\.name).joined(separator: ", ") ?? ""
        return RequestFailure(.notFound, "there is no worker \(name); the configuration has \(known)")
    }
}

extension WorkerHandle {
    var status: WorkerStatus {
        var status = WorkerStatus()
        status.name = id.name
        status.instance = UInt32(clamping: id.instance)
        status.state = .init(state)
        status.ready = isReady
        status.pid = pid
        let now = reactor.now
        status.uptimeSeconds = current.map { $0.spawnedAt.duration(to: now).seconds } ?? 0
        status.configGeneration = current?.generation ?? 0
        status.restarts = restarts
        status.plain = isPlain
        status.reason = reason
        status.lastExit = lastExit?.message
        if case .backoff(let until) = machine.phase {
            status.nextStartSeconds = max(now.duration(to: until), Duration.zero).seconds
        }
        status.heartbeatAgeSeconds = current?.lastHeartbeat.map { $0.duration(to: now).seconds }
        status.rolling = rolling
        guard let pid, let figures = ProcessFigures(pid: pid) else { return status }
        status.rssBytes = UInt64(figures.residentBytes)
        status.cpuSeconds = figures.cpuSeconds
        status.threads = UInt32(clamping: figures.threads)
        status.openFds = UInt32(clamping: ProcessFigures.openDescriptors(pid: pid) ?? 0)
        return status
    }
}

extension WorkerHandle {
    private var rolling: Rolling? {
        guard let roll else { return nil }
        var rolling = Rolling()
        rolling.step =
            switch roll.machine.phase {
            case .waiting, .spawning: .waiting
            case .starting: .starting
            case .proving, .entering: .proving
            case .retiring: .retiring
            case .abandoning, .over: .abandoning
            }
        rolling.pid = other?.pid
        rolling.uptimeSeconds = other.map { $0.spawnedAt.duration(to: reactor.now).seconds } ?? 0
        return rolling
    }
}

extension LastExit {
    var message: RoostProtocol.LastExit {
        var message = RoostProtocol.LastExit()
        message.atNs = at.nanoseconds
        message.reason = .init(reason)
        switch status {
        case .code(let code): message.code = code
        case .signal(let signal): message.signal = signal
        case .unknown: break
        }
        return message
    }

    init(_ message: RoostProtocol.LastExit) {
        let status = message.code.map { ExitStatus.code($0) } ?? message.signal.map { ExitStatus.signal($0) }
        self.init(
            at: WallTime(nanoseconds: message.atNs),
            status: status ?? .unknown,
            reason: ExitReason(message.reason)
        )
    }
}

extension RoostPolicy.ExitReason {
    fileprivate init(_ reason: RoostProtocol.ExitReason) {
        self = Self.allCases.first { RoostProtocol.ExitReason($0) == reason } ?? .unknown
    }
}

extension RoostProtocol.WorkerState {
    init(_ state: RoostPolicy.WorkerState) {
        self =
            switch state {
            case .waiting: .waiting
            case .starting: .starting
            case .running: .running
            case .draining: .draining
            case .backoff: .backoff
            case .quarantined: .quarantined
            case .parked: .parked
            case .stopped: .stopped
            }
    }
}

extension RoostProtocol.ExitReason {
    init(_ reason: RoostPolicy.ExitReason) {
        self =
            switch reason {
            case .exited: .exited
            case .signaled: .signaled
            case .hung: .hung
            case .memory: .memory
            case .startTimeout: .startTimeout
            case .dependency: .dependency
            case .configuration: .configuration
            case .upgrade: .upgrade
            case .requested: .requested
            case .unknown: .unknown
            }
    }
}

extension Duration {
    var seconds: Double { Double(wholeNanoseconds) / 1e9 }
}
