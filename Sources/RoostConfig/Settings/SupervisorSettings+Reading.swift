extension SupervisorSettings {
    /// From the checked section `supervisor`.
    init(_ setting: Setting, machine: Machine) {
        let (budget, reload, watch) = (setting["spawn_budget"], setting["reload"], setting["watch"])
        lease = setting.duration("lease")
        shutdownTimeout = setting.duration("shutdown_timeout")
        concurrentStarts = setting.integer("concurrent_starts")
        spawnBudget = SpawnBudget(perSecond: budget.integer("rate"), burst: budget.integer("burst"))
        control = ControlSettings(setting["control"], machine: machine)
        log = LogSettings(
            level: setting["log"].word("level", else: .info),
            format: setting["log"].word("format", else: .auto),
            ring: setting["log"].integer("ring")
        )
        eventRing = setting["events"].integer("ring")
        historyGenerations = setting["history"].integer("generations")
        recordSize = setting["history"].integer("record")
        self.reload = ReloadTimeouts(
            check: reload.duration("check_timeout"),
            prepare: reload.duration("prepare_timeout"),
            commit: reload.duration("commit_timeout")
        )
        watchDebounce = watch.flag("enabled") ? watch.duration("debounce") : nil
    }
}

extension ControlSettings {
    init(_ setting: Setting, machine: Machine) {
        func group(_ key: String) -> Group {
            let name = setting.text(key)
            return Group(name: name, identifier: machine.group(name))
        }
        observe = group("observe_group")
        operate = group("operate_group")
        admin = group("admin_group")
        connections = setting.integer("connections")
    }
}

extension SharedLimits {
    /// From the checked section `limits`.
    init(_ setting: Setting) {
        frame = setting.integer("frame")
        sendQueue = setting.integer("send_queue")
        logLine = setting.integer("log_line")
    }
}
