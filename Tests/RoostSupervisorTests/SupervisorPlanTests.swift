import Glibc
import RoostConfig
import RoostConfigReader
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

/// What `roost plan` says, a reload does.
@Suite(.ownThread) struct SupervisorPlanTests {
    /// Three workers, `proxy` and `alpha` played by the test, with the files of a case in force.
    private final class Stage {
        let test: TestSupervisor
        let asked = Slot<[Method]>([])
        private let ports = [Ports.free(), Ports.free()]
        private var connections: [Connection] = []

        init(_ key: KeyCase) throws {
            test = try TestSupervisor()
            for name in ["proxy", "alpha", "beta"] { _ = try test.worker(name) }
            try write(key, isChanged: false)
            try test.launch()
            for name in ["proxy", "alpha"] { connections.append(try test.play(name, TestSupervisor.good(asked))) }
            try test.bench.turn(until: "running: \(test.summary)") { test.phase == .running }
        }

        func write(_ key: KeyCase, isChanged: Bool) throws {
            let texts = key.texts(isChanged: isChanged)
            let main = filled(texts.main)
            var findings: [Finding] = []
            func parsed(_ text: String, _ path: String) -> ParsedFile {
                let (node, found) = YAMLText.read(Array(text.utf8), file: path)
                findings += found
                return ParsedFile(path: path, node: node)
            }
            let text = ConfigurationText(
                main: parsed(main, "roost.yaml"),
                rules: [parsed(texts.rule, "rules.d/api.yaml")],
                variables: [:],
                directory: test.bench.scratch.path
            )
            let outcome = text.check(machine: Self.machine)
            findings = (findings + outcome.findings).filter { $0.severity == .error }
            try #require(findings.map(\.line) == [])
            try test.write(
                ConfigurationReport(
                    findings: [],
                    files: [.init(path: "roost.yaml", content: Array(main.utf8))],
                    digest: [isChanged ? 2 : 1],
                    configuration: outcome.configuration
                )
            )
        }

        private func filled(_ text: String) -> String {
            text.replacing("SCRATCH", with: test.bench.scratch.path).replacing("PORT", with: "\(ports[0])")
                .replacing("OTHER", with: "\(ports[1])")
        }

        func plan() throws -> PlanReply {
            let supervisor = test.supervisor
            return try test.bench.outcome { try await supervisor.plan(PlanRequest()) }
        }

        var pids: [String: Int32?] {
            get throws {
                var pids: [String: Int32?] = [:]
                for name in ["proxy", "alpha", "plain"] { pids[name] = try test.pid(name) }
                return pids
            }
        }

        private static let machine = Machine(
            user: { $0 == "root" ? .init(name: "root", user: 0, group: 0, groups: [0]) : nil },
            group: { ["root": 0, "other": 78, "roost-observe": 79, "roost-operate": 80, "roost-admin": 81][$0] },
            hasWorker: { _ in true }
        )
    }

    @Test("the plan of each key is what the reload does", arguments: KeyCases.all.filter { !$0.needsRoot })
    func carriedOut(_ key: KeyCase) throws { try carryOut(key) }

    @Test(
        "the plan of each key of users is what the reload does",
        .enabled(if: geteuid() == 0, "only root's roostd gives processes other users"),
        arguments: KeyCases.all.filter(\.needsRoot)
    )
    func carriedOutAsRoot(_ key: KeyCase) throws { try carryOut(key) }

    private func carryOut(_ key: KeyCase) throws {
        let stage = try Stage(key)
        let before = try stage.pids
        try stage.write(key, isChanged: true)
        let plan = try stage.plan()
        #expect(plan.valid && plan.changed && plan.generation == 1)
        #expect(stage.asked.value == [], "a plan asks nobody")
        #expect(try stage.pids == before && stage.test.generation == 1, "a plan does nothing")
        #expect(try stage.test.reload().accepted)
        #expect(stage.test.generation == 2)
        for worker in plan.workers {
            let pid = try #require(before[worker.name])
            guard worker.step == .rollingRestart else {
                #expect(try stage.test.pid(worker.name) == pid, "\(worker.name) keeps its process")
                if worker.name != "plain" {
                    #expect(try stage.test.handle(worker.name).assumeIsolated { $0.current?.generation } == 2)
                }
                continue
            }
            #expect(key.change == .rolling)
            try stage.test.bench.turn(until: "a new process of \(worker.name): \(stage.test.summary)") {
                if stage.test.isRolled(worker.name, for: "configuration") { return true }
                let now = try stage.test.pid(worker.name)
                guard now != nil, now != pid else { return false }
                return try stage.test.handle(worker.name).assumeIsolated { $0.lastExit?.reason } == .configuration
            }
        }
        #expect((key.change == .rolling) == plan.workers.contains { $0.step == .rollingRestart })
        #expect((key.change == .supervisor) == plan.supervisor.contains { $0.change == .supervisor })
        #expect(stage.test.names.contains("alpha/1") == (key.key == "workers.alpha.instances"))
        let after = try stage.plan()
        #expect(after.valid && !after.changed && after.workers.allSatisfy { $0.keys.isEmpty })
        // Roostd's own settings are those of the file, as far as it takes them over.
        let settings = stage.test.supervisor.assumeIsolated { $0.configuration?.supervisor }
        stage.test.supervisor.assumeIsolated { supervisor in
            #expect(supervisor.admission.settings.concurrency == settings?.concurrentStarts)
            #expect(supervisor.store.limit == settings?.historyGenerations)
            #expect(supervisor.record.limit == settings?.recordSize)
            #expect((supervisor.watcher != nil) == (settings?.watchDebounce != nil))
        }
    }

    @Test("files that are wrong are a plan that is not valid, with every fault")
    func invalid() throws {
        let test = try TestSupervisor()
        try test.write([TestSupervisor.plain("a")])
        try test.boot()
        try test.writeFault("is wrong")
        let supervisor = test.supervisor
        let reply = try test.bench.outcome { try await supervisor.plan(PlanRequest()) }
        #expect(!reply.valid && reply.problems == ["roost.yaml:1:2: key: is wrong; mend it"])
        #expect(try supervisor.assumeIsolated { try $0.status([]) }.supervisor?.configProblems == [])
        #expect(!test.events.contains { $0.kind == .configRejected })
    }

    @Test("plans wait for each other in bounds, and a reload for none of them")
    func queue() throws {
        let test = try TestSupervisor()
        try test.write([TestSupervisor.plain("a")])
        try test.boot()
        try test.bench.scratch.write("slow", "")
        let (supervisor, refusals, answers) = (test.supervisor, Slot<Int>(0), Slot<Int>(0))
        for _ in 0..<40 {
            test.bench.reactor.start {
                do {
                    _ = try await supervisor.plan(PlanRequest())
                    answers.value? += 1
                } catch { refusals.value? += 1 }
            }
        }
        try test.bench.turn(until: "the refusals") { refusals.value == 7 }
        #expect(supervisor.assumeIsolated { $0.reloadQueue.hasRoom && $0.reloadQueue.tryEnter() })
        supervisor.assumeIsolated { $0.reloadQueue.leave() }
        unlink(test.bench.scratch.file("slow"))
        try test.bench.turn(until: "the answers") { answers.value == 33 }
    }

    @Test(
        "another file than roostd's own is for those who may change the configuration",
        arguments: [("", AccessLevel.observe), ("/etc/roost/roost.yaml", .observe), ("/etc/shadow", .admin)]
    )
    func access(file: String, needed: AccessLevel) {
        var request = PlanRequest()
        request.file = file
        #expect(AccessLevel.needed(for: request, own: "/etc/roost/roost.yaml") == needed)
    }

    @Test("the status names files that are not those in force, until they are")
    func drift() throws {
        let test = try TestSupervisor()
        let scratch = test.bench.scratch
        func drift() throws -> [String]? {
            try test.supervisor.assumeIsolated { try $0.status([]) }.supervisor?.configDrift
        }
        try scratch.write("etc/rules.d/x.yaml", "1")
        try test.write([TestSupervisor.plain("a")], main: "first", rules: ["x": "1"])
        try test.boot()
        #expect(try drift() == [])
        try scratch.replace("etc/rules.d/x.yaml", "22")
        try scratch.write("etc/rules.d/y.yaml", "3")
        #expect(try drift() == ["rules.d/x.yaml", "rules.d/y.yaml"])
        #expect(try drift() == ["rules.d/x.yaml", "rules.d/y.yaml"], "asked again")
        try scratch.replace("etc/rules.d/x.yaml", "1")
        unlink(scratch.file("etc/rules.d/y.yaml"))
        #expect(try drift() == [], "saved anew with what it had")
        unlink(scratch.file("etc/rules.d/x.yaml"))
        #expect(try drift() == ["rules.d/x.yaml"])
        try test.write([TestSupervisor.plain("a")], main: "first")
        #expect(try test.reload().accepted)
        #expect(try drift() == [])
    }
}
