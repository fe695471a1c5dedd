import RoostProtocol

extension CheckedSupervisor {
    init(_ settings: SupervisorSettings) {
        self.init()
        lease = CheckedValue.encode(settings.lease)
        shutdownTimeout = CheckedValue.encode(settings.shutdownTimeout)
        concurrentStarts = CheckedValue.encode(settings.concurrentStarts)
        spawnRate = CheckedValue.encode(settings.spawnBudget.perSecond)
        spawnBurst = CheckedValue.encode(settings.spawnBudget.burst)
        observeGroup = CheckedGroup(settings.control.observe)
        operateGroup = CheckedGroup(settings.control.operate)
        adminGroup = CheckedGroup(settings.control.admin)
        controlConnections = CheckedValue.encode(settings.control.connections)
        logLevel = settings.log.level.rawValue
        logFormat = settings.log.format.rawValue
        logRing = CheckedValue.encodeSize(settings.log.ring)
        eventRing = CheckedValue.encode(settings.eventRing)
        historyGenerations = CheckedValue.encode(settings.historyGenerations)
        recordSize = CheckedValue.encodeSize(settings.recordSize)
        checkTimeout = CheckedValue.encode(settings.reload.check)
        prepareTimeout = CheckedValue.encode(settings.reload.prepare)
        commitTimeout = CheckedValue.encode(settings.reload.commit)
        watch = settings.watchDebounce != nil
        watchDebounce = CheckedValue.encode(settings.watchDebounce ?? .zero)
    }
}

extension SupervisorSettings {
    init(_ message: CheckedSupervisor) throws(BundleError) {
        lease = try CheckedValue.duration(message.lease, "lease")
        shutdownTimeout = try CheckedValue.duration(message.shutdownTimeout, "shutdown_timeout")
        concurrentStarts = try CheckedValue.count(message.concurrentStarts, "concurrent_starts")
        spawnBudget = SpawnBudget(
            perSecond: try CheckedValue.count(message.spawnRate, "spawn_rate"),
            burst: try CheckedValue.count(message.spawnBurst, "spawn_burst")
        )
        control = ControlSettings(
            observe: try ControlSettings.Group(message.observeGroup, "observe_group"),
            operate: try ControlSettings.Group(message.operateGroup, "operate_group"),
            admin: try ControlSettings.Group(message.adminGroup, "admin_group"),
            connections: try CheckedValue.count(message.controlConnections, "control_connections")
        )
        log = LogSettings(
            level: try CheckedValue.word(message.logLevel, "log_level"),
            format: try CheckedValue.word(message.logFormat, "log_format"),
            ring: try CheckedValue.size(message.logRing, "log_ring")
        )
        eventRing = try CheckedValue.count(message.eventRing, "event_ring")
        historyGenerations = try CheckedValue.count(message.historyGenerations, "history_generations")
        recordSize = try CheckedValue.size(message.recordSize, "record_size")
        reload = ReloadTimeouts(
            check: try CheckedValue.duration(message.checkTimeout, "check_timeout"),
            prepare: try CheckedValue.duration(message.prepareTimeout, "prepare_timeout"),
            commit: try CheckedValue.duration(message.commitTimeout, "commit_timeout")
        )
        watchDebounce = message.watch ? try CheckedValue.duration(message.watchDebounce, "watch_debounce") : nil
    }
}

extension CheckedGroup {
    init(_ group: ControlSettings.Group) {
        self.init()
        name = group.name
        id = group.identifier
    }
}

extension ControlSettings.Group {
    init(_ message: CheckedGroup?, _ name: String) throws(BundleError) {
        let message = try CheckedValue.present(message, name)
        self.init(name: message.name, identifier: message.id)
    }
}

extension CheckedLimits {
    init(_ limits: SharedLimits) {
        self.init()
        frame = CheckedValue.encodeSize(limits.frame)
        sendQueue = CheckedValue.encodeSize(limits.sendQueue)
        logLine = CheckedValue.encodeSize(limits.logLine)
    }
}

extension SharedLimits {
    init(_ message: CheckedLimits?) throws(BundleError) {
        let message = try CheckedValue.present(message, "limits")
        frame = try CheckedValue.size(message.frame, "frame")
        sendQueue = try CheckedValue.size(message.sendQueue, "send_queue")
        logLine = try CheckedValue.size(message.logLine, "log_line")
    }
}
