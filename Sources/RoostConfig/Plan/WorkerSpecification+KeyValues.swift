extension WorkerSpecification {
    /// The values of the keys of `workers.NAME`. A key of the schema that is missing here fails a test.
    var keyValues: [KeyValue] {
        [
            KeyValue("command", commandText), KeyValue("executable", executableText), KeyValue("directory", directory),
            KeyValue("instances", instances), KeyValue("restart", restart.rawValue),
            KeyValue("strategy.kind", strategy.rawValue), KeyValue("strategy.group", strategyGroup),
            KeyValue("intensity.restarts", intensity.restarts), KeyValue("intensity.period", intensity.period),
            KeyValue("intensity.then", intensity.then.rawValue),
            KeyValue("backoff.base", backoff.base), KeyValue("backoff.max", backoff.maximum),
            KeyValue("healthy_after", healthyAfter),
            KeyValue("heartbeat.interval", heartbeat?.interval), KeyValue("heartbeat.deadline", heartbeat?.deadline),
            KeyValue("start_timeout", startTimeout), KeyValue("drain", drain), KeyValue("stop_timeout", stopTimeout),
            KeyValue("memory.soft", size: memory.soft), KeyValue("memory.hard", size: memory.hard),
            KeyValue("after", list: after),
            KeyValue("user", account.map { "\($0.name) (\($0.user))" }),
            KeyValue("group", account.map { "\($0.group), of \($0.groups.sorted())" }),
            KeyValue("environment", environmentText),
            KeyValue("nice", nice), KeyValue("oom_score_adjust", oomScoreAdjust),
            KeyValue("limits.open_files", count: limits.openFiles),
            KeyValue("limits.processes", count: limits.processes),
            KeyValue("limits.core", size: limits.core), KeyValue("limits.file_size", size: limits.fileSize),
            KeyValue("limits.address_space", size: limits.addressSpace), KeyValue("limits.stack", size: limits.stack),
            KeyValue("limits.locked_memory", size: limits.lockedMemory),
        ]
    }

    /// The values of the listeners' keys, such as `proxy.listen`.
    var listenerValues: [KeyValue] {
        var names: [String] = []
        for listener in listeners where !names.contains(listener.name) { names.append(listener.name) }
        return names.map { name in
            KeyValue(name, list: listeners.filter { $0.name == name }.map(\.address.description))
        }
    }

    private var commandText: String? {
        guard case .plain(let words) = program else { return nil }
        return "[\(words.map { $0.quoted }.joined(separator: ", "))]"
    }

    private var executableText: String? {
        if case .worker(let executable) = program { executable } else { nil }
    }

    /// Only compared, never shown.
    private var environmentText: String {
        environment.pass.map { $0 + "\n" }.joined() + "\n"
            + environment.set.map { "\($0.name)=\($0.value.utf8.count):\($0.value)\n" }.joined()
    }

    /// Whether no connection leads to it, as to any program that is run by `command`.
    package var isPlainProgram: Bool { if case .plain = program { true } else { false } }
}
