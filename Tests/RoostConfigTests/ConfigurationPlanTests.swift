import RoostConfig
import RoostTestSupport
import Testing

@Suite struct ConfigurationPlanTests {
    /// The configuration of a case, with what `machine` has.
    private func configuration(_ test: KeyCase, isChanged: Bool) throws -> Configuration {
        let texts = test.texts(isChanged: isChanged)
        func filled(_ text: String) -> String {
            text.replacing("SCRATCH", with: "/opt").replacing("PORT", with: "8080").replacing("OTHER", with: "8081")
        }
        let outcome = Sample.check(filled(texts.main), rules: ["api": texts.rule])
        let errors = outcome.findings.filter { $0.severity == .error }
        try #require(errors.map(\.line) == [], "\(test.key)")
        return outcome.configuration
    }

    private func plan(
        _ test: KeyCase,
        _ change: (inout RunningInstances) -> Void = { _ in }
    ) throws -> ConfigurationPlan {
        let old = try configuration(test, isChanged: false)
        var running = RunningInstances(all: old)
        change(&running)
        return ConfigurationPlan(from: old, to: try configuration(test, isChanged: true), running)
    }

    @Test("every key of the schema has a case, and the schema says of it what the case says")
    func complete() {
        var keys: [(String, SchemaKey.Change)] = Self.leaves(RoostSchema.root)
        keys += Self.leaves(RuleSchema.root).map { ("rules.api.\($0.0)", $0.1) }
        let cases = Dictionary(KeyCases.all.map { ($0.key, $0.change.rawValue) }) { first, _ in first }
        for (key, change) in keys where !KeyCases.impossible.contains(key) {
            #expect(cases[key] == change.rawValue, "\(key) of the schema, and KeyCases")
        }
        #expect(Set(cases.keys).union(KeyCases.impossible) == Set(keys.map(\.0)))
    }

    @Test("a change of one key is told as that key, with its class, and nothing else is", arguments: KeyCases.all)
    func one(_ test: KeyCase) throws {
        let plan = try plan(test)
        let changes = plan.supervisor + plan.workers.flatMap(\.keys) + plan.rules.flatMap(\.keys)
        #expect(Set(changes.map(\.key)) == [test.shown])
        #expect(Set(changes.map(\.change.rawValue)) == [test.change.rawValue])
        let steps = Set(plan.workers.map(\.step)).subtracting([.unchanged])
        switch test.change {
        case .supervisor: #expect(steps.isEmpty)
        case .rolling:
            #expect(steps == [.rolling])
            let concerned = plan.workers.filter { $0.step == .rolling }
            #expect(concerned.allSatisfy { $0.replaced.map(\.cause) == [.configuration] })
        case .live:
            let isRoostds = test.key.hasPrefix("supervisor.") && test.key != "supervisor.lease"
            #expect(steps == (isRoostds ? [] : [.live]))
        }
        for change in changes {
            #expect(change.isSecret ? change.old == nil && change.new == nil : change.old != change.new)
        }
    }

    @Test("the same configuration changes nothing, except for programs that are other ones now")
    func same() throws {
        let test = KeyCases.all[0]
        let configuration = try configuration(test, isChanged: false)
        var running = RunningInstances(all: configuration)
        #expect(ConfigurationPlan(from: configuration, to: configuration, running).isEmpty)
        running.instances["alpha"]?[0].hasNewExecutable = true
        let plan = ConfigurationPlan(from: configuration, to: configuration, running)
        #expect(plan.worker("alpha")?.step == .rolling)
        #expect(plan.worker("alpha")?.replaced.map(\.cause) == [.executable])
        #expect(plan.worker("proxy")?.step == .unchanged)
    }

    @Test("what is not wanted is not started for a change; what has begun anew is not replaced again")
    func instances() throws {
        let test = try #require(KeyCases.all.first { $0.key == "workers.alpha.nice" })
        #expect(try plan(test) { $0.instances["alpha"]?[0].isWanted = false }.worker("alpha")?.replaced.isEmpty == true)
        #expect(try plan(test) { $0.instances["alpha"]?[0].hasBegunAnew = true }.worker("alpha")?.replaced == [])
        let held = try plan(test) {
            $0.instances["alpha"]?[0].hasProcess = false
            $0.instances["alpha"]?[0].isHeldBack = true
        }
        #expect(held.worker("alpha")?.retried == [0])
        #expect(held.worker("alpha")?.step == .live)
    }

    @Test(
        "a process that cannot be told is replaced where it has to be told",
        arguments: [
            ("workers.alpha.heartbeat.interval", true), ("supervisor.lease", true), ("workers.alpha.drain", true),
            ("workers.alpha.restart", false), ("workers.alpha.memory.soft", false), ("proxy.timeouts.idle", false),
        ]
    )
    func unreachable(key: String, isReplaced: Bool) throws {
        let test = try #require(KeyCases.all.first { $0.key == key })
        let plan = try plan(test) { $0.instances["alpha"]?[0].isReachable = false }
        #expect(plan.worker("alpha")?.replaced.map(\.cause) == (isReplaced ? [.unreachable] : []))
    }

    @Test("numbers of instances: what scale has set holds until the configuration says another number")
    func counts() throws {
        let test = try #require(KeyCases.all.first { $0.key == "workers.alpha.instances" })
        let old = try configuration(test, isChanged: false)
        var next = old
        var three = RunningInstances(all: old)
        three.instances["alpha"] = (0..<3).map { RunningInstances.Instance($0) }
        three.scaled = RunningInstances.scaled(["alpha": 3], from: old, to: next)
        #expect(ConfigurationPlan(from: old, to: next, three).isEmpty)
        next = try configuration(test, isChanged: true)
        three.scaled = RunningInstances.scaled(["alpha": 3], from: old, to: next)
        #expect(three.scaled.isEmpty)
        let plan = ConfigurationPlan(from: old, to: next, three)
        #expect(plan.worker("alpha")?.step == .live && plan.worker("alpha")?.stopped == [2])
        let index = try #require(next.workers.firstIndex { $0.name == "alpha" })
        next.workers[index].instances = 0
        #expect(ConfigurationPlan(from: old, to: next, three).worker("alpha")?.step == .stop)
        #expect(ConfigurationPlan(from: next, to: old, RunningInstances(all: next)).worker("alpha")?.step == .start)
    }

    @Test("workers that come and go, their order, and rules by name")
    func wholes() throws {
        let text = "workers: { proxy: { executable: /x }, b: { command: [/b] }, c: { command: [/c] } }"
        let other = "workers: { c: { command: [/c] }, proxy: { executable: /x }, d: { command: [/d] } }"
        func rule(_ name: String) -> String { "{ name: \(name), content: welcome, match: { hosts: \(name).test } }" }
        let old = Sample.check(text, rules: ["a": rule("a"), "b": rule("b")]).configuration
        let new = Sample.check(other, rules: ["b": rule("b"), "c": rule("c")]).configuration
        let plan = ConfigurationPlan(from: old, to: new, RunningInstances(all: old))
        #expect(plan.workers.map(\.name) == ["c", "proxy", "d", "b"])
        #expect(plan.workers.map(\.step) == [.unchanged, .live, .start, .stop])
        #expect(plan.supervisor.map(\.key) == ["workers"])
        #expect(plan.rules.map { "\($0.name) \($0.step)" } == ["a removed", "c added"])
        #expect(plan.worker("proxy")?.keys.map(\.key) == ["rules.a", "rules.c"])
    }

    /// Every key that is no group, with its path; `alpha` stands for a worker, `plain` has the command.
    private static func leaves(_ schema: ObjectSchema, under path: String = "") -> [(String, SchemaKey.Change)] {
        schema.keys.flatMap { key -> [(String, SchemaKey.Change)] in
            let own = path.isEmpty ? key.name : "\(path).\(key.name)"
            switch key.type {
            case .object(let inner): return leaves(inner, under: own)
            case .map(_, .object(let inner)): return leaves(inner, under: "\(own).alpha")
            case .list(.object(let inner), _): return [(own, key.change)] + leaves(inner, under: own)
            default: return [(own == "workers.alpha.command" ? "workers.plain.command" : own, key.change)]
            }
        }
    }
}
