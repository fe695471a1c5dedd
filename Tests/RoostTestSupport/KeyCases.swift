/// A key of the configuration, a value that is not the one it has in `KeyCases.base`, and what that change asks for. The
/// only table of it beside the schema: a key whose class changes has to be changed here as well.
package struct KeyCase: Sendable, CustomStringConvertible {
    package enum Class: String, Sendable {
        case live
        case rolling
        /// A new roostd.
        case supervisor
    }

    package let key: String
    package let value: String
    package let change: Class
    /// Set in the base as well, where the key needs company.
    package let base: [(String, String)]
    /// The key that the plan names, where it is another one.
    package let shown: String
    /// Only root's roostd can give a process another user.
    package var needsRoot: Bool { key.hasSuffix(".user") || key.hasSuffix(".group") && !key.contains("strategy") }
    package var description: String { key }

    init(_ key: String, _ value: String, _ change: Class, with base: [(String, String)] = [], shown: String? = nil) {
        self.key = key
        self.value = value
        self.change = change
        self.base = base
        self.shown = shown ?? key
    }
}

/// `SCRATCH`, `PORT` and `OTHER` (another port) stand for what only the running test knows. Keys of rules begin with
/// `rules.api.`; the worker is `alpha`, except for `command`.
package enum KeyCases {
    package static let base: [(String, String)] = [
        ("supervisor.watch.enabled", "false"),
        ("workers.proxy.executable", "SCRATCH/proxy"), ("workers.alpha.executable", "SCRATCH/alpha"),
        ("workers.plain.command", "[/bin/sh, -c, \"trap 'exit 0' TERM; while :; do sleep 60 & wait; done\"]"),
        // Nobody in the tests answers a request to drain.
        ("workers.proxy.drain", "100ms"), ("workers.alpha.drain", "100ms"),
        ("proxy.listen", "127.0.0.1:PORT"),
        ("rules.api.name", "api"), ("rules.api.backends", "[{url: \"http://127.0.0.1:9001\"}]"),
    ]

    package static let all = supervisor + worker + limits + proxy + rule

    private static let supervisor = [
        KeyCase("supervisor.lease", "11s", .live), KeyCase("supervisor.shutdown_timeout", "61s", .live),
        KeyCase("supervisor.concurrent_starts", "5", .live), KeyCase("supervisor.spawn_budget.rate", "11", .live),
        KeyCase("supervisor.spawn_budget.burst", "21", .live),
        KeyCase("supervisor.control.observe_group", "other", .live),
        KeyCase("supervisor.control.operate_group", "other", .live),
        KeyCase("supervisor.control.admin_group", "other", .live),
        KeyCase("supervisor.control.connections", "65", .supervisor),
        KeyCase("supervisor.log.level", "debug", .live), KeyCase("supervisor.log.format", "json", .live),
        KeyCase("supervisor.log.ring", "3MiB", .live), KeyCase("supervisor.events.ring", "10001", .live),
        KeyCase("supervisor.history.generations", "51", .live),
        KeyCase("supervisor.history.record", "1MiB", .live),
        KeyCase("supervisor.reload.check_timeout", "11s", .live),
        KeyCase("supervisor.reload.prepare_timeout", "6s", .live),
        KeyCase("supervisor.reload.commit_timeout", "6s", .live),
        KeyCase("supervisor.watch.enabled", "true", .live),
        KeyCase(
            "supervisor.watch.debounce",
            "201ms",
            .live,
            with: [("supervisor.watch.enabled", "true")]
        ),
    ]

    private static let worker = [
        KeyCase("workers.plain.command", "[/bin/sh, -c, \"sleep 1000; exit\"]", .rolling),
        KeyCase("workers.alpha.executable", "SCRATCH/beta", .rolling),
        KeyCase("workers.alpha.directory", "/tmp", .rolling),
        KeyCase("workers.alpha.instances", "2", .live), KeyCase("workers.alpha.restart", "transient", .live),
        KeyCase("workers.alpha.strategy.kind", "one_for_all", .live),
        KeyCase("workers.alpha.strategy.group", "other", .live),
        KeyCase("workers.alpha.intensity.restarts", "6", .live),
        KeyCase("workers.alpha.intensity.period", "31s", .live),
        KeyCase("workers.alpha.intensity.then", "escalate", .live),
        KeyCase("workers.alpha.backoff.base", "101ms", .live), KeyCase("workers.alpha.backoff.max", "31s", .live),
        KeyCase("workers.alpha.healthy_after", "11s", .live),
        KeyCase("workers.alpha.heartbeat.interval", "900ms", .live),
        KeyCase("workers.alpha.heartbeat.deadline", "3s", .live),
        KeyCase("workers.alpha.start_timeout", "11s", .live), KeyCase("workers.alpha.drain", "31s", .live),
        KeyCase("workers.alpha.stop_timeout", "6s", .live),
        KeyCase("workers.alpha.memory.soft", "1GiB", .live), KeyCase("workers.alpha.memory.hard", "2GiB", .live),
        KeyCase("workers.alpha.after", "[plain]", .live),
        KeyCase("workers.alpha.user", "root", .rolling),
        KeyCase("workers.alpha.group", "roost-admin", .rolling, with: [("workers.alpha.user", "root")]),
        KeyCase("workers.alpha.environment", "{NAME: value}", .rolling),
        KeyCase("workers.alpha.nice", "1", .rolling), KeyCase("workers.alpha.oom_score_adjust", "101", .rolling),
        KeyCase("workers.alpha.limits.open_files", "512", .rolling),
        KeyCase("workers.alpha.limits.processes", "4194304", .rolling),
        KeyCase("workers.alpha.limits.core", "0", .rolling),
        KeyCase("workers.alpha.limits.file_size", "1TiB", .rolling),
        KeyCase("workers.alpha.limits.address_space", "1TiB", .rolling),
        KeyCase("workers.alpha.limits.stack", "8MiB", .rolling),
        KeyCase("workers.alpha.limits.locked_memory", "0", .rolling),
    ]

    private static let limits = [
        KeyCase("limits.frame", "2MiB", .supervisor), KeyCase("limits.send_queue", "5MiB", .supervisor),
        KeyCase("limits.log_line", "15KiB", .rolling),
    ]

    private static let proxy = [
        KeyCase("proxy.listen", "127.0.0.1:OTHER", .rolling),
        KeyCase("proxy.limits.connections", "100", .live), KeyCase("proxy.limits.head", "16KiB", .live),
        KeyCase("proxy.limits.fields", "64", .live), KeyCase("proxy.limits.body", "1MiB", .live),
        KeyCase("proxy.limits.target", "4KiB", .live),
        KeyCase("proxy.timeouts.head", "11s", .live), KeyCase("proxy.timeouts.body", "61s", .live),
        KeyCase("proxy.timeouts.idle", "61s", .live),
        KeyCase("proxy.upstream.idle_connections", "65", .live),
        KeyCase("proxy.upstream.idle_timeout", "59s", .live),
    ]

    private static let rule = [
        KeyCase("rules.api.priority", "1", .live), KeyCase("rules.api.match.hosts", "[a.test]", .live),
        KeyCase("rules.api.match.path.prefix", "/a/", .live), KeyCase("rules.api.match.path.exact", "/a", .live),
        KeyCase("rules.api.match.methods", "[GET]", .live),
        KeyCase("rules.api.backends", "[{url: \"http://127.0.0.1:9001\"}, {url: \"http://127.0.0.1:9003\"}]", .live),
        KeyCase("rules.api.backends.url", "[{url: \"http://127.0.0.1:9002\"}]", .live, shown: "rules.api.backends"),
        KeyCase(
            "rules.api.backends.weight",
            "[{url: \"http://127.0.0.1:9001\", weight: 2}]",
            .live,
            shown: "rules.api.backends"
        ),
        KeyCase("rules.api.rewrite.strip_prefix", "/a", .live), KeyCase("rules.api.rewrite.add_prefix", "/a", .live),
        KeyCase("rules.api.rewrite.host", "backend", .live),
        KeyCase("rules.api.timeouts.connect", "2s", .live), KeyCase("rules.api.timeouts.response", "31s", .live),
        KeyCase("rules.api.timeouts.idle", "61s", .live),
    ]

    /// Keys that no change of one value can show: a rule's name is its file's, a key with one possible value has no
    /// other, and a content source takes the place of backends.
    package static let impossible = ["rules.api.name", "rules.api.balance", "rules.api.content.source"]
}

extension KeyCase {
    /// The texts of `roost.yaml` and of the rule `api`, before or after the change.
    package func texts(isChanged: Bool) -> (main: String, rule: String) {
        var tree = Tree()
        for (path, text) in KeyCases.base + base { tree.set(path.split(separator: ".")[...], text) }
        if isChanged {
            let place = key.hasPrefix("rules.api.backends.") ? "rules.api.backends" : key
            tree.set(place.split(separator: ".")[...], value)
        }
        var rules = tree.take("rules")
        let rule = rules.take("api").text
        return (tree.text, rule)
    }
}

/// A map of YAML in its flow form; keys keep their order.
private struct Tree {
    private var members: [(name: Substring, value: Tree)] = []
    private var scalar: String?

    mutating func set(_ path: ArraySlice<Substring>, _ text: String) {
        guard let name = path.first else { return scalar = text }
        if let index = members.firstIndex(where: { $0.name == name }) {
            members[index].value.set(path.dropFirst(), text)
        } else {
            var value = Tree()
            value.set(path.dropFirst(), text)
            members.append((name, value))
        }
    }

    /// Removes a member.
    mutating func take(_ name: Substring) -> Tree {
        guard let index = members.firstIndex(where: { $0.name == name }) else { return Tree() }
        return members.remove(at: index).value
    }

    var text: String {
        scalar ?? "{\(members.map { "\($0.name): \($0.value.text)" }.joined(separator: ", "))}"
    }
}
