extension SupervisorSettings {
    /// The values of the keys of `supervisor`.
    var keyValues: [KeyValue] {
        [
            KeyValue("lease", lease), KeyValue("shutdown_timeout", shutdownTimeout),
            KeyValue("concurrent_starts", concurrentStarts),
            KeyValue("spawn_budget.rate", spawnBudget.perSecond), KeyValue("spawn_budget.burst", spawnBudget.burst),
            KeyValue("control.observe_group", control.observe.text),
            KeyValue("control.operate_group", control.operate.text),
            KeyValue("control.admin_group", control.admin.text),
            KeyValue("control.connections", control.connections),
            KeyValue("log.level", log.level.rawValue), KeyValue("log.format", log.format.rawValue),
            KeyValue("log.ring", size: log.ring), KeyValue("events.ring", eventRing),
            KeyValue("history.generations", historyGenerations),
            KeyValue("history.record", size: recordSize),
            KeyValue("reload.check_timeout", reload.check), KeyValue("reload.prepare_timeout", reload.prepare),
            KeyValue("reload.commit_timeout", reload.commit),
            KeyValue("watch.enabled", watchDebounce == nil ? "false" : "true"),
            KeyValue("watch.debounce", watchDebounce),
        ]
    }
}

extension ControlSettings.Group {
    fileprivate var text: String { identifier.map { "\(name) (\($0))" } ?? "\(name) (no such group)" }
}

extension SharedLimits {
    /// The values of the keys of `limits`.
    var keyValues: [KeyValue] {
        [KeyValue("frame", size: frame), KeyValue("send_queue", size: sendQueue), KeyValue("log_line", size: logLine)]
    }
}

extension ProxySettings {
    /// The values of the keys of `proxy` beside its listeners.
    var keyValues: [KeyValue] {
        [
            KeyValue("limits.connections", limits.connections), KeyValue("limits.head", size: limits.head),
            KeyValue("limits.fields", limits.fields), KeyValue("limits.body", size: limits.body ?? 0),
            KeyValue("limits.target", size: limits.target),
            KeyValue("timeouts.head", timeouts.head), KeyValue("timeouts.body", timeouts.body),
            KeyValue("timeouts.idle", timeouts.idle),
            KeyValue("upstream.idle_connections", upstream.idleConnections),
            KeyValue("upstream.idle_timeout", upstream.idleTimeout),
        ]
    }
}

extension ForwardingRule {
    /// The values of the keys of a rule beside its name.
    var keyValues: [KeyValue] {
        var (prefix, exact, backends, balance, source): (String?, String?, String?, String?, String?)
        switch match.path {
        case .prefix(let path): prefix = path
        case .exact(let path): exact = path
        case nil: break
        }
        switch answer {
        case .forward(let servers, let kind):
            backends = "[\(servers.map { "\($0.url) weight \($0.weight)" }.joined(separator: ", "))]"
            balance = kind.rawValue
        case .content(let content): source = content.rawValue
        }
        return [
            KeyValue("priority", priority), KeyValue("match.hosts", list: match.hosts.map(\.description)),
            KeyValue("match.path.prefix", prefix), KeyValue("match.path.exact", exact),
            KeyValue("match.methods", list: match.methods),
            KeyValue("backends", backends), KeyValue("balance", balance),
            KeyValue("rewrite.strip_prefix", rewrite.stripPrefix), KeyValue("rewrite.add_prefix", rewrite.addPrefix),
            KeyValue("rewrite.host", rewrite.host.rawValue),
            KeyValue("timeouts.connect", timeouts.connect), KeyValue("timeouts.response", timeouts.response),
            KeyValue("timeouts.idle", timeouts.idle), KeyValue("content.source", source),
        ]
    }
}
