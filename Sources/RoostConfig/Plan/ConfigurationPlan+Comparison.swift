extension ConfigurationPlan {
    /// Compares two configurations. `running` is the present state of the workers.
    package init(from current: Configuration, to next: Configuration, _ running: RunningInstances) {
        supervisor = Self.supervisorKeys(current, next)
        rules = Self.rules(current, next)
        let (old, new) = (current.workers.map(\.name), next.workers.map(\.name))
        workers = []
        for name in new + old.filter({ !new.contains($0) }) {
            workers.append(Worker(name, current, next, running, rules: rules))
        }
    }

    private static func supervisorKeys(_ current: Configuration, _ next: Configuration) -> [KeyChange] {
        var settings = KeyChange.between(
            current.supervisor.keyValues,
            next.supervisor.keyValues,
            in: RoostSchema.supervisor,
            under: "supervisor"
        )
        // Without a watch there is no debounce: it follows from the other key.
        if settings.contains(where: { $0.key == "supervisor.watch.enabled" }) {
            settings.removeAll { $0.key == "supervisor.watch.debounce" }
        }
        // What workers take over only is theirs.
        let limits = limitKeys(current, next).filter { $0.change != .rolling }
        let (old, new) = (current.workers.map(\.name), next.workers.map(\.name))
        guard old.filter(new.contains) != new.filter(old.contains) else { return settings + limits }
        let order = KeyChange(
            key: "workers",
            change: .live,
            old: old.joined(separator: ", "),
            new: new.joined(separator: ", ")
        )
        return settings + limits + [order]
    }

    fileprivate static func limitKeys(_ current: Configuration, _ next: Configuration) -> [KeyChange] {
        KeyChange.between(current.limits.keyValues, next.limits.keyValues, in: RoostSchema.limits, under: "limits")
    }

    private static func rules(_ current: Configuration, _ next: Configuration) -> [Rule] {
        let old = Dictionary(ruleList(current).map { ($0.name, $0) }) { first, _ in first }
        let new = Dictionary(ruleList(next).map { ($0.name, $0) }) { first, _ in first }
        return Set(old.keys).union(new.keys).sorted().compactMap { name in
            switch (old[name], new[name]) {
            case (nil, _): return Rule(name: name, step: .added)
            case (_, nil): return Rule(name: name, step: .removed)
            case (let before?, let after?):
                guard before != after else { return nil }
                let keys = KeyChange.between(
                    before.keyValues,
                    after.keyValues,
                    in: RuleSchema.root,
                    under: "rules.\(name)"
                )
                return Rule(name: name, step: .changed, keys: keys)
            }
        }
    }

    private static func ruleList(_ configuration: Configuration) -> [ForwardingRule] {
        configuration.proxySection?.rules ?? []
    }
}

extension Configuration {
    /// What the proxy is told; nil where there is no proxy, or where its bytes are another program's.
    fileprivate var proxySection: ProxySection? { try? ProxySection(decoding: section(of: "proxy")) }
}

// MARK: - One worker

extension ConfigurationPlan.Worker {
    fileprivate init(
        _ name: String,
        _ current: Configuration,
        _ next: Configuration,
        _ running: RunningInstances,
        rules: [ConfigurationPlan.Rule]
    ) {
        let (old, new) = (current.workers.first { $0.name == name }, next.workers.first { $0.name == name })
        let present = (running.instances[name] ?? []).filter { !$0.isLeaving }
        self.init(name: name, step: .unchanged)
        guard let new else {
            (step, stopped) = (.stop, present.map(\.number).sorted())
            keys = [KeyChange(key: "workers.\(name)", change: .live, old: name)]
            return
        }
        let count = running.scaled[name] ?? new.instances
        started = (0..<count).filter { number in !present.contains { $0.number == number } }
        stopped = present.map(\.number).filter { $0 >= count }.sorted()
        if let old {
            keys = Self.ownKeys(old, new) + Self.sectionKeys(name, current, next, rules)
            retried = present.filter { $0.number < count && $0.isRetried(!keys.isEmpty) }.map(\.number).sorted()
            keys += Self.sharedKeys(new, current, next)
            let isTold = keys.contains { Self.isTold($0.key, of: name) }
            for instance in present.sorted(by: { $0.number < $1.number }) where instance.number < count {
                guard let cause = instance.cause(keys, isTold: isTold) else { continue }
                replaced.append(.init(instance: instance.number, cause: cause))
            }
        } else {
            keys = [KeyChange(key: "workers.\(name)", change: .live, new: name)]
        }
        step = decide(isNew: old == nil, present: present.count, wanted: count)
    }

    private func decide(isNew: Bool, present: Int, wanted: Int) -> ConfigurationPlan.Step {
        if wanted == 0, present > 0 { return .stop }
        if present == 0, wanted > 0 { return .start }
        if !replaced.isEmpty { return .rolling }
        if !keys.isEmpty || !started.isEmpty || !stopped.isEmpty { return .live }
        return retried.isEmpty ? .unchanged : .start
    }

    /// Whether the process itself has to hear of the key, rather than roostd alone.
    private static func isTold(_ key: String, of name: String) -> Bool {
        let path = "workers.\(name)."
        return !key.hasPrefix(path) || key == path + "heartbeat.interval" || key == path + "drain"
    }

    /// Those of its entry, and its listeners.
    private static func ownKeys(_ old: WorkerSpecification, _ new: WorkerSpecification) -> [KeyChange] {
        let path = "workers.\(new.name)"
        var keys = KeyChange.between(old.keyValues, new.keyValues, in: RoostSchema.worker, under: path)
        // What follows from another key is not told beside it.
        if keys.contains(where: { $0.key == "\(path).user" }) { keys.removeAll { $0.key == "\(path).group" } }
        if old.isPlainProgram != new.isPlainProgram { keys.removeAll { $0.key.hasPrefix("\(path).heartbeat.") } }
        let gone = old.listenerValues.filter { before in !new.listenerValues.contains { $0.key == before.key } }
        return keys
            + KeyChange.between(
                old.listenerValues,
                new.listenerValues + gone.map { KeyValue($0.key, nil as String?) },
                in: RoostSchema.root,
                under: ""
            )
    }

    /// What it is told of its section, which takes effect without a new process.
    private static func sectionKeys(
        _ name: String,
        _ current: Configuration,
        _ next: Configuration,
        _ rules: [ConfigurationPlan.Rule]
    ) -> [KeyChange] {
        guard name == "proxy", let old = current.proxySection, let new = next.proxySection else {
            let (old, new) = (current.section(of: name), next.section(of: name))
            return old == new ? [] : [KeyChange(key: name, change: .live)]
        }
        return KeyChange.between(
            old.settings.keyValues,
            new.settings.keyValues,
            in: RoostSchema.proxy,
            under: "proxy"
        )
            + rules.flatMap { rule in
                rule.keys.isEmpty ? [KeyChange(key: "rules.\(rule.name)", change: .live)] : rule.keys
            }
    }

    /// Keys that more than one process takes over.
    private static func sharedKeys(
        _ worker: WorkerSpecification,
        _ current: Configuration,
        _ next: Configuration
    ) -> [KeyChange] {
        let limits = ConfigurationPlan.limitKeys(current, next).filter { $0.change == .rolling }
        guard !worker.isPlainProgram, current.supervisor.lease != next.supervisor.lease else { return limits }
        let lease = KeyChange.between(
            [KeyValue("lease", current.supervisor.lease)],
            [KeyValue("lease", next.supervisor.lease)],
            in: RoostSchema.supervisor,
            under: "supervisor"
        )
        return limits + lease
    }
}

extension RunningInstances.Instance {
    /// A quarantine is lifted by a change of the worker's own only.
    fileprivate func isRetried(_ hasChanged: Bool) -> Bool {
        isHeldBack && isWanted && (hasChanged || hasNewExecutable)
    }

    /// Why its process is replaced; nil: it is not.
    fileprivate func cause(_ keys: [KeyChange], isTold: Bool) -> ConfigurationPlan.Cause? {
        guard isWanted, hasProcess else { return nil }
        if hasNewExecutable { return .executable }
        if hasBegunAnew { return nil }
        if keys.contains(where: { $0.change == .rolling }) { return .configuration }
        if hasFailedToSwitch { return .failedToSwitch }
        return isTold && !isReachable ? .unreachable : nil
    }
}
