import RoostProtocol

extension CheckedWorker {
    init(_ worker: WorkerSpecification) {
        self.init()
        name = worker.name
        switch worker.program {
        case .worker(let path): executable = path ?? ""
        case .plain(let words): command = words
        }
        directory = worker.directory ?? ""
        instances = CheckedValue.encode(worker.instances)
        restart = worker.restart.rawValue
        strategy = worker.strategy.rawValue
        strategyGroup = worker.strategyGroup
        intensityRestarts = CheckedValue.encode(worker.intensity.restarts)
        intensityPeriod = CheckedValue.encode(worker.intensity.period)
        intensityThen = worker.intensity.then.rawValue
        backoffBase = CheckedValue.encode(worker.backoff.base)
        backoffMax = CheckedValue.encode(worker.backoff.maximum)
        healthyAfter = CheckedValue.encode(worker.healthyAfter)
        heartbeatInterval = CheckedValue.encode(worker.heartbeat?.interval ?? .zero)
        heartbeatDeadline = CheckedValue.encode(worker.heartbeat?.deadline ?? .zero)
        startTimeout = CheckedValue.encode(worker.startTimeout)
        drain = CheckedValue.encode(worker.drain)
        stopTimeout = CheckedValue.encode(worker.stopTimeout)
        memorySoft = worker.memory.soft.map(CheckedValue.encodeSize)
        memoryHard = worker.memory.hard.map(CheckedValue.encodeSize)
        after = worker.after
        account = worker.account.map { CheckedAccount($0) }
        environmentPass = worker.environment.pass
        environmentSet = worker.environment.set.map { CheckedVariable($0) }
        nice = Int64(worker.nice)
        oomScoreAdjust = Int64(worker.oomScoreAdjust)
        limits = CheckedResourceLimits(worker.limits)
        listeners = worker.listeners.map { CheckedListener($0) }
    }
}

extension WorkerSpecification {
    init(_ message: CheckedWorker) throws(BundleError) {
        name = try CheckedValue.text(message.name, "name", .workerName)
        program =
            message.command.isEmpty
            ? .worker(executable: message.executable.isEmpty ? nil : message.executable) : .plain(message.command)
        directory = message.directory.isEmpty ? nil : message.directory
        instances = try CheckedValue.count(message.instances, "instances", 0...64)
        restart = try CheckedValue.word(message.restart, "restart")
        strategy = try CheckedValue.word(message.strategy, "strategy")
        strategyGroup = try CheckedValue.text(message.strategyGroup, "strategy_group", .workerName)
        intensity = Intensity(
            restarts: try CheckedValue.count(message.intensityRestarts, "intensity_restarts", 0...1000),
            period: try CheckedValue.duration(message.intensityPeriod, "intensity_period"),
            then: try CheckedValue.word(message.intensityThen, "intensity_then")
        )
        backoff = Backoff(
            base: try CheckedValue.duration(message.backoffBase, "backoff_base"),
            maximum: try CheckedValue.duration(message.backoffMax, "backoff_max", from: .nanoseconds(1))
        )
        guard backoff.base <= backoff.maximum else { throw .invalid("backoff") }
        healthyAfter = try CheckedValue.duration(message.healthyAfter, "healthy_after")
        heartbeat = try Heartbeat(message)
        startTimeout = try CheckedValue.duration(message.startTimeout, "start_timeout")
        drain = try CheckedValue.duration(message.drain, "drain", from: .zero)
        stopTimeout = try CheckedValue.duration(message.stopTimeout, "stop_timeout")
        memory = try Memory(message)
        after = message.after
        account = message.account.map { Account($0) }
        environment = try Environment(message)
        nice = try CheckedValue.number(message.nice, "nice", -20...19)
        oomScoreAdjust = try CheckedValue.number(message.oomScoreAdjust, "oom_score_adjust", -1000...1000)
        limits = ResourceLimits(message.limits ?? CheckedResourceLimits())
        var listeners: [Listener] = []
        for listener in message.listeners { listeners.append(try Listener(listener)) }
        self.listeners = listeners
    }
}

extension WorkerSpecification.Heartbeat {
    /// Nil for a plain program, which has none.
    fileprivate init?(_ message: CheckedWorker) throws(BundleError) {
        guard message.command.isEmpty else { return nil }
        interval = try CheckedValue.duration(message.heartbeatInterval, "heartbeat_interval")
        deadline = try CheckedValue.duration(message.heartbeatDeadline, "heartbeat_deadline")
        guard interval < deadline else { throw .invalid("heartbeat") }
    }
}

extension WorkerSpecification.Memory {
    fileprivate init(_ message: CheckedWorker) throws(BundleError) {
        soft = nil
        hard = nil
        if let bytes = message.memorySoft { soft = try CheckedValue.size(bytes, "memory_soft") }
        if let bytes = message.memoryHard { hard = try CheckedValue.size(bytes, "memory_hard") }
        if let soft, let hard, soft > hard { throw .invalid("memory") }
    }
}

extension WorkerSpecification.Environment {
    fileprivate init(_ message: CheckedWorker) throws(BundleError) {
        pass = message.environmentPass
        set = message.environmentSet.map { WorkerSpecification.Variable(name: $0.name, value: $0.value) }
        // execve(2) takes NAME=value up to a zero byte: neither part may hold what ends it.
        let names = pass + set.map(\.name)
        guard names.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(0) && !$0.contains("=") }),
            set.allSatisfy({ !$0.value.utf8.contains(0) })
        else { throw .invalid("environment") }
    }
}

extension CheckedAccount {
    fileprivate init(_ account: WorkerSpecification.Account) {
        self.init()
        name = account.name
        userId = account.user
        groupId = account.group
        groups = account.groups
    }
}

extension WorkerSpecification.Account {
    fileprivate init(_ message: CheckedAccount) {
        self.init(name: message.name, user: message.userId, group: message.groupId, groups: message.groups)
    }
}

extension CheckedVariable {
    fileprivate init(_ variable: WorkerSpecification.Variable) {
        self.init()
        name = variable.name
        value = variable.value
    }
}

extension CheckedResourceLimits {
    fileprivate init(_ limits: WorkerSpecification.ResourceLimits) {
        self.init()
        openFiles = limits.openFiles
        processes = limits.processes
        core = limits.core
        fileSize = limits.fileSize
        addressSpace = limits.addressSpace
        stack = limits.stack
        lockedMemory = limits.lockedMemory
    }
}

extension WorkerSpecification.ResourceLimits {
    fileprivate init(_ message: CheckedResourceLimits) {
        openFiles = message.openFiles
        processes = message.processes
        core = message.core
        fileSize = message.fileSize
        addressSpace = message.addressSpace
        stack = message.stack
        lockedMemory = message.lockedMemory
    }
}

extension CheckedListener {
    fileprivate init(_ listener: Listener) {
        self.init()
        name = listener.name
        address = listener.address.address.bytes
        port = UInt32(listener.address.port)
    }
}

extension Listener {
    fileprivate init(_ message: CheckedListener) throws(BundleError) {
        guard let address = IPAddress(bytes: message.address), let port = UInt16(exactly: message.port) else {
            throw .invalid("listener")
        }
        self.init(name: message.name, address: ListenAddress(address: address, port: port))
    }
}
