import CLinux
import Glibc
import RoostJSON
import RoostProtocol
import RoostTestSupport
import Testing

/// Every kind of fault and change that a test can bring about, and what `roost why --json` has to say of it.
@Suite("why", .serialized)
struct WhyTests {
    /// Who is behind it.
    enum Who: Sendable {
        /// This test, at the control socket.
        case caller
        /// A process of this instance itself.
        case worker(String)
        /// A signal from this test.
        case signal(String)
        case kind(String)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// A whole configuration, or a script for the worker alpha.
        var configuration: String
        /// Brings it about, once alpha runs or has gone through what the script says.
        var act: @Sendable (RunningRoost) async throws -> Void
        /// What is asked about.
        var subject = "alpha"
        /// What has to have happened last.
        var event = "started"
        var kind: String
        var who: Who
        /// What led to it: events behind the last one.
        var chain: [String] = []
        /// Decision of the end, in the chain or the last thing.
        var decision: String?
        /// Inputs of the cause, or of the decision, that must be there.
        var inputs: [String] = []

        init(
            _ name: String,
            _ configuration: String,
            of subject: String = "alpha",
            event: String = "started",
            _ kind: String,
            by who: Who,
            chain: [String] = [],
            _ decision: String? = nil,
            inputs: [String] = [],
            act: @escaping @Sendable (RunningRoost) async throws -> Void = { _ in }
        ) {
            testDescription = name
            self.configuration = configuration
            self.act = act
            self.subject = subject
            self.event = event
            self.kind = kind
            self.who = who
            self.chain = chain
            self.decision = decision
            self.inputs = inputs
        }
    }

    private static let calm = "watch: { enabled: false }"
    private static let fast = "intensity: { restarts: 2, period: 60s }, backoff: { base: 1ms, max: 5ms }"

    private static func script(_ script: String, _ more: String = "") -> String {
        Sample.scripted(script, more, supervisor: calm)
    }

    private static let plain = script("")

    private static func kill(_ signal: Int32) -> @Sendable (RunningRoost) async throws -> Void {
        { roost in
            let worker = try await roost.wait(for: "alpha")
            Glibc.kill(try #require(worker.pid), signal)
        }
    }

    private static let ended = ["ended"]
    private static let told = ["ended", "stopping"]
    private static let rolled = ["roll_begun"]

    // MARK: What processes do

    static let faults: [Fault] = [
        .init(
            "exit 0",
            script("once=SCRATCH/once then=exit:0@50"),
            "exit",
            by: .worker("alpha/0"),
            chain: ended,
            "restart_at_once",
            inputs: ["code", "failures", "intensity"]
        ),
        .init("exit 3", script("once=SCRATCH/once then=exit:3@50"), "exit", by: .worker("alpha/0"), chain: ended),
        .init(
            "exit before it is ready",
            script("once=SCRATCH/once exit=4"),
            "exit",
            by: .worker("alpha/0"),
            chain: ended
        ),
        .init(
            "a signal that it raises itself",
            script("once=SCRATCH/once then=raise:24@50"),
            "signal",
            by: .kind("unknown"),
            chain: ended,
            inputs: ["signal", "signal_name"]
        ),
        .init("kill -9 from outside", plain, "signal", by: .kind("unknown"), chain: ended, act: kill(SIGKILL)),
        .init(
            "SIGTERM from outside",
            plain,
            "signal",
            by: .signal("SIGTERM"),
            chain: ended,
            inputs: ["code", "signal_name"],
            act: kill(SIGTERM)
        ),
        .init("SIGINT from outside", plain, "signal", by: .signal("SIGINT"), chain: ended, act: kill(SIGINT)),
        .init(
            "a program that is not there",
            "workers: { alpha: { executable: SCRATCH/none, \(fast) } }\nsupervisor: { \(calm) }\n",
            event: "quarantined",
            "quarantine",
            by: .kind("supervisor"),
            chain: ["start_failed", "start_failed", "start_failed", "booted"],
            "quarantine",
            inputs: ["failures", "intensity", "period_seconds"]
        ),
        .init(
            "start timeout",
            script("once=SCRATCH/once never-ready", "start_timeout: 2s"),
            "start_timeout",
            by: .kind("supervisor"),
            chain: told,
            inputs: ["start_timeout_seconds"]
        ),
        .init(
            "SIGSTOP",
            script("", "heartbeat: { interval: 100ms, deadline: 500ms }"),
            "missed_heartbeats",
            by: .kind("supervisor"),
            chain: told,
            inputs: ["silent_for_seconds", "deadline_seconds"],
            act: { roost in
                try await roost.wait(for: "alpha") { $0.heartbeatAgeSeconds != nil }
                try await kill(SIGSTOP)(roost)
            }
        ),
        .init(
            "a loop that does not end",
            script("once=SCRATCH/once then=loop@300", "heartbeat: { interval: 100ms, deadline: 500ms }"),
            "missed_heartbeats",
            by: .kind("supervisor"),
            chain: told
        ),
        .init(
            "a queue that stalls",
            script("once=SCRATCH/once then=stall:300@300", "heartbeat: { interval: 100ms, deadline: 500ms }"),
            "stalled_work",
            by: .kind("supervisor"),
            chain: told,
            inputs: ["source", "stalled_for_seconds"]
        ),
        .init(
            "memory above the soft ceiling",
            script("once=SCRATCH/once then=leak:60000000@50", "memory: { soft: 64MiB, hard: 4GiB }"),
            event: "roll_promoted",
            "memory_soft",
            by: .kind("supervisor"),
            chain: rolled,
            inputs: ["resident_bytes", "ceiling_bytes"]
        ),
        .init(
            "memory above the hard ceiling",
            script("once=SCRATCH/once then=leak:60000000@50", "memory: { hard: 64MiB }"),
            "memory_hard",
            by: .kind("supervisor"),
            chain: told,
            inputs: ["resident_bytes", "ceiling_bytes"]
        ),
        .init(
            "parked",
            script("then=park:600000@50"),
            event: "parked",
            "parked",
            by: .worker("alpha/0")
        ),
        .init(
            "what was lacking is there",
            script("then=park:300@50"),
            event: "resumed",
            "resumed",
            by: .worker("alpha/0"),
            chain: ["parked"]
        ),
        .init(
            "a temporary worker that ends",
            script("then=exit:6@50", "restart: temporary"),
            event: "ended",
            "exit",
            by: .worker("alpha/0"),
            "finish",
            inputs: ["rule", "code"]
        ),
        .init(
            "crash loop",
            script("exit=3", fast),
            event: "quarantined",
            "quarantine",
            by: .kind("supervisor"),
            chain: ended,
            "quarantine",
            inputs: ["failures", "intensity", "period_seconds"]
        ),
        .init(
            "one for all",
            group("one_for_all", crash: "beta"),
            "dependency",
            by: .worker("beta/0"),
            chain: told + ended,
            inputs: ["strategy", "group"],
            act: crash("beta")
        ),
        .init(
            "rest for one",
            group("rest_for_one", crash: "alpha"),
            of: "beta",
            "dependency",
            by: .worker("alpha/0"),
            chain: told + ended,
            inputs: ["strategy", "group"],
            act: crash("alpha")
        ),
    ]

    private static func group(_ strategy: String, crash: String) -> String {
        let more = "strategy: { kind: \(strategy), group: g }"
        return Sample.scripted([("alpha", "", more), ("beta", "", more)], supervisor: calm)
    }

    private static func crash(_ name: String) -> @Sendable (RunningRoost) async throws -> Void {
        { roost in
            try await roost.wait(for: "alpha")
            let worker = try await roost.wait(for: "beta")
            let pid = name == "beta" ? worker.pid : try await roost.worker(name).pid
            Glibc.kill(try #require(pid), SIGXCPU)
        }
    }

    // MARK: What people and the configuration do

    static let changes: [Fault] = [
        .init("boot", plain, "boot", by: .caller, chain: ["booted"]),
        .init(
            "restart by an operator",
            plain,
            "operator",
            by: .caller,
            chain: told + ["asked"],
            "restart_at_once",
            act: { _ = try await $0.restart("alpha") }
        ),
        .init(
            "stop by an operator",
            plain,
            event: "ended",
            "operator",
            by: .caller,
            chain: ["stopping", "asked"],
            "stop",
            act: { _ = try await $0.stop("alpha") }
        ),
        .init(
            "start by an operator",
            plain,
            "operator",
            by: .caller,
            chain: ["asked"],
            act: { roost in
                _ = try await roost.stop("alpha")
                _ = try await roost.start("alpha")
            }
        ),
        .init(
            "scale up",
            plain,
            of: "alpha/1",
            "operator",
            by: .caller,
            chain: ["asked"],
            inputs: ["instances", "instances_before"],
            act: { _ = try await $0.scale("alpha", 2) }
        ),
        .init(
            "scale down",
            plain,
            of: "alpha/1",
            event: "ended",
            "operator",
            by: .caller,
            chain: ["stopping", "asked"],
            "stop",
            act: { roost in
                _ = try await roost.scale("alpha", 2)
                _ = try await roost.scale("alpha", 1)
            }
        ),
        .init(
            "quarantine lifted by an operator",
            "workers: { alpha: { executable: SCRATCH/program, \(fast) } }\nsupervisor: { \(calm) }\n",
            "operator",
            by: .caller,
            chain: ["lifted", "asked"],
            act: { roost in
                try install(roost, "[ -e \(roost.scratch.file("mended")) ] || exit 3")
                _ = try await roost.start("alpha")
                try await roost.wait(for: "alpha", state: .quarantined)
                try roost.scratch.write("mended", "")
                _ = try await roost.start("alpha")
            }
        ),
        .init(
            "a change that needs a new process",
            plain,
            event: "roll_promoted",
            "configuration",
            by: .caller,
            chain: rolled + ["configured"],
            inputs: ["generation"],
            act: { roost in
                let reply = try await roost.reload(script("", "nice: 3"))
                #expect(reply.accepted)
            }
        ),
        .init(
            "a change that is taken over live",
            plain,
            of: "configuration",
            event: "configured",
            "configuration",
            by: .caller,
            inputs: ["generation"],
            act: { roost in
                let reply = try await roost.reload(script("", "start_timeout: 11s"))
                #expect(reply.accepted)
            }
        ),
        .init(
            "a worker that the configuration does not name any more",
            Sample.scripted([("alpha", "", ""), ("beta", "", "")], supervisor: calm),
            event: "ended",
            "configuration",
            by: .caller,
            chain: ["stopping", "configured"],
            "stop",
            act: { roost in
                let isAccepted = try await roost.reload(Sample.scripted([("beta", "", "")], supervisor: calm)).accepted
                #expect(isAccepted)
            }
        ),
        .init(
            "rollback",
            plain,
            event: "roll_promoted",
            "rollback",
            by: .caller,
            chain: rolled + ["rolled_back"],
            act: { roost in
                let isReloaded = try await roost.reload(script("", "nice: 3")).accepted
                #expect(isReloaded)
                var request = ConfigRollbackRequest()
                request.generation = 1
                let isAccepted = try await roost.ask(.configRollback, request, ReloadReply.self).accepted
                #expect(isAccepted)
            }
        ),
        .init(
            "a configuration with a fault",
            plain,
            of: "configuration",
            event: "rejected",
            "refusal",
            by: .caller,
            "keep",
            inputs: ["problems"],
            act: { roost in
                let reply = try await roost.reload("workers: { alpha: { nice: loud } }\n")
                #expect(!reply.accepted)
            }
        ),
        .init(
            "a configuration that a worker refuses",
            script("prepare=refuse"),
            of: "configuration",
            event: "rejected",
            "refusal",
            by: .caller,
            "keep",
            act: { roost in
                try await roost.wait(for: "alpha")
                let reply = try await roost.reload(script("prepare=refuse", "start_timeout: 11s"))
                #expect(!reply.accepted)
            }
        ),
        .init(
            "a file that was changed",
            Sample.scripted(""),
            event: "roll_promoted",
            "configuration",
            by: .kind("file"),
            chain: rolled + ["configured"],
            act: { roost in
                try roost.scratch.replace("roost.yaml", roost.fill(Sample.scripted("", "nice: 3")))
            }
        ),
        .init(
            "SIGHUP",
            plain,
            event: "roll_promoted",
            "configuration",
            by: .signal("SIGHUP"),
            chain: rolled + ["configured"],
            act: { roost in
                try roost.scratch.replace("roost.yaml", roost.fill(script("", "nice: 3")))
                roost.daemon.signal(SIGHUP)
            }
        ),
        .init(
            "a program that was installed anew",
            "workers: { alpha: { executable: SCRATCH/program } }\nsupervisor: { \(calm) }\n",
            event: "roll_promoted",
            "upgrade",
            by: .caller,
            chain: rolled,
            act: { roost in
                try install(roost)
                _ = try await roost.start("alpha")
                try await roost.wait(for: "alpha")
                try install(roost)
                let isAccepted = try await roost.reload().accepted
                #expect(isAccepted)
            }
        ),
        .init(
            "a quarantine that a new program lifts",
            "workers: { alpha: { executable: SCRATCH/program, \(fast) } }\nsupervisor: { \(calm) }\n",
            "upgrade",
            by: .kind("file"),
            chain: ["lifted"],
            act: { roost in
                try install(roost, "exit 3")
                _ = try await roost.start("alpha")
                try await roost.wait(for: "alpha", state: .quarantined)
                try install(roost)
            }
        ),
        .init(
            "a quarantine that a new configuration lifts",
            script("exit=3", fast),
            "configuration",
            by: .caller,
            chain: ["lifted", "configured"],
            act: { roost in
                try await roost.wait(for: "alpha", state: .quarantined)
                let isAccepted = try await roost.reload(plain).accepted
                #expect(isAccepted)
            }
        ),
    ]

    /// Puts another program file in the place of `SCRATCH/program`.
    private static func install(_ roost: RunningRoost, _ first: String = "") throws {
        let text = "#!/bin/sh\n\(first)\nexec \(Program.path("scripted-worker"))\n"
        try Scratch.write(roost.scratch.file("program.new"), Array(text.utf8), mode: 0o755)
        #expect(rename(roost.scratch.file("program.new"), roost.scratch.file("program")) == 0)
    }

    @Test("what processes do to themselves and to each other", arguments: faults)
    func whatProcessesDo(_ fault: Fault) async throws { try await check(fault) }

    @Test("what people, files and signals ask for", arguments: changes)
    func whatPeopleDo(_ change: Fault) async throws { try await check(change) }

    private func check(_ fault: Fault) async throws {
        try await RunningRoost.run(fault.configuration) { roost in
            // What does not run yet is not rolled.
            if fault.event == "roll_promoted", fault.configuration == Self.plain { try await roost.wait(for: "alpha") }
            try await fault.act(roost)
            var last: JSONValue = .null
            do {
                try await eventually("the answer") {
                    let answer = try await Self.why(roost, fault.subject)
                    last = answer
                    let head = answer["chain"]?[0]
                    return head?["event"]?.stringValue == fault.event
                        && head?["cause"]?["kind"]?.stringValue == fault.kind
                }
            } catch {
                throw TestFailure("\(error): \(JSONWriter.pretty(last))")
            }
            let text = JSONWriter.pretty(last)
            let chain = try #require(last["chain"]?.arrayValue)
            #expect(chain.dropFirst().map { $0["event"]?.stringValue ?? "" } == fault.chain, "\(text)")
            try expect(fault.who, chain[0], text)
            if let decision = fault.decision {
                #expect(chain.compactMap { $0["decision"]?["what"]?.stringValue }.first == decision, "\(text)")
            }
            let names = chain.flatMap { entry in
                [entry["cause"]?["inputs"], entry["decision"]?["inputs"]].flatMap { inputs in
                    inputs?.objectValue?.members.map(\.key) ?? []
                }
            }
            for input in fault.inputs { #expect(names.contains(input), "\(input): \(text)") }
            // Parents are there, and older.
            for (effect, cause) in zip(chain, chain.dropFirst()) {
                let parent = try #require(effect["parent"]?.integerValue)
                #expect(parent == cause["id"]?.integerValue && parent < effect["id"]?.integerValue ?? 0)
            }
            #expect(last["sentence"]?.stringValue?.contains(" because ") == true)
        }
    }

    private func expect(_ who: Who, _ entry: JSONValue, _ text: String) throws {
        let initiator = try #require(entry["initiator"])
        switch who {
        case .caller:
            #expect(initiator["kind"] == "peer", "\(text)")
            #expect(initiator["uid"]?.integerValue == Int64(getuid()), "\(text)")
            #expect(initiator["pid"]?.integerValue == Int64(getpid()), "\(text)")
        case .worker(let name):
            #expect(initiator["kind"] == "worker", "\(text)")
            #expect(initiator["worker"]?.stringValue == name, "\(text)")
        case .signal(let name):
            #expect(initiator["kind"] == "signal", "\(text)")
            #expect(initiator["signal"]?.stringValue == name, "\(text)")
            #expect(initiator["uid"]?.integerValue == Int64(getuid()), "\(text)")
            #expect(initiator["pid"]?.integerValue == Int64(getpid()), "\(text)")
        case .kind(let kind): #expect(initiator["kind"]?.stringValue == kind, "\(text)")
        }
    }

    /// What `roost why SUBJECT --json` says about it.
    static func why(_ roost: RunningRoost, _ subject: String) async throws -> JSONValue {
        let all = try JSONParser.parse(try await run(roost, ["why", subject, "--json"]))
        return try #require(all["answers"]?[0])
    }

    static func run(_ roost: RunningRoost, _ arguments: [String]) async throws -> String {
        let path = roost.scratch.file("roost.out")
        let output = roost_open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        defer { close(output) }
        let child = try Child(
            Program.path("roost"),
            ["--runtime", roost.runtime] + arguments,
            environment: [],
            output: output
        )
        let status = try await child.ended()
        let text = Scratch.text(path)
        guard status == 0 else { throw TestFailure("roost \(arguments) ended with \(status): \(text)") }
        return text
    }
}

// MARK: - The supervisor itself

extension WhyTests {
    @Test("a roostd that was stopped, and one that was killed, are told apart by the next; ids go on, history stays")
    func supervisor() async throws {
        try await RunningRoost.run(Self.plain) { roost in
            try await roost.wait(for: "alpha")
            let first = roost.pid
            roost.daemon.signal(SIGTERM)
            #expect(try await roost.daemon.ended() == 0)
            try await roost.replaceDaemon(killing: false)
            try await roost.wait(for: "alpha")
            let stopped = try await Self.history(roost, "roostd")
            #expect(stopped.map { $0["event"]?.stringValue } == ["booted", "shut_down", "booted"])
            #expect(stopped[1]["initiator"]?["pid"]?.integerValue == Int64(getpid()))
            #expect(stopped[1]["initiator"]?["signal"] == "SIGTERM")
            #expect(stopped[1]["pid"]?.integerValue == Int64(first))

            let second = roost.pid
            try await roost.replaceDaemon()
            let answer = try await Self.why(roost, "roostd")
            let chain = try #require(answer["chain"]?.arrayValue)
            #expect(chain.map { $0["event"]?.stringValue } == ["booted", "lost"])
            #expect(chain[1]["cause"]?["kind"] == "supervisor_death")
            #expect(chain[1]["initiator"]?["kind"] == "unknown")
            #expect(chain[1]["pid"]?.integerValue == Int64(second))

            // The whole past of the worker is there, and its ids descend without a gap in the order.
            try await roost.wait(for: "alpha")
            let past = try await Self.history(roost, "alpha")
            let ids = past.compactMap { $0["id"]?.integerValue }
            #expect(ids == ids.sorted(by: >) && Set(ids).count == ids.count)
            #expect(past.last?["event"] == "started" && past.count >= 4)
            #expect(past.contains { $0["cause"]?["kind"] == "shutdown" && $0["event"] == "ended" })
        }
    }

    @Test("who gives up says so to the next roostd")
    func escalation() async throws {
        let more = "intensity: { restarts: 1, period: 60s, then: escalate }, backoff: { base: 1ms, max: 5ms }"
        try await RunningRoost.run(Self.script("once=SCRATCH/once then=exit:4@50", more), exit: 0) { roost in
            try await roost.wait(for: "alpha") { $0.restarts == 1 }
            Glibc.kill(try #require(try await roost.worker("alpha").pid), SIGXCPU)
            #expect(try await roost.daemon.ended() == 75)
            try await roost.replaceDaemon(killing: false)
            let past = try await Self.history(roost, "roostd")
            #expect(past.map { $0["event"]?.stringValue } == ["booted", "shut_down", "escalated", "booted"])
            #expect(past[2]["initiator"]?["worker"] == "alpha/0" && past[2]["cause"]?["kind"] == "escalation")
            #expect(past[1]["parent"] == past[2]["id"])
        }
    }

    @Test("every event of a worker names an entry of the record, and the sentences are for people")
    func events() async throws {
        try await RunningRoost.run(Self.plain) { roost in
            try await roost.wait(for: "alpha")
            _ = try await roost.restart("alpha")
            let known = Set(try await Self.history(roost, "alpha").compactMap { $0["id"]?.integerValue })
            let events = try await roost.events().filter { $0.type == "worker" }
                .map { try JSONParser.parse($0.dataJson) }
            // The very first step is before the first entry.
            for event in events.dropFirst() {
                #expect(known.contains(event["record"]?.integerValue ?? 0), "\(event)")
            }
            let text = try await Self.run(roost, ["why", "alpha", "--history"])
            #expect(text.hasPrefix("alpha/0 was restarted at 20"))
            #expect(
                text.contains("because uid \(getuid()) (pid \(getpid())) asked to restart it; policy: restart at once")
            )
            #expect(text.contains(". Before that, alpha/0 was started at 20"))
            #expect(try await Self.run(roost, ["why"]).contains("alpha/0 was restarted"))
            #expect(try await Self.run(roost, ["why", "nobody"]) == "the record has nothing about nobody.\n")
        }
    }

    private static func history(_ roost: RunningRoost, _ subject: String) async throws -> [JSONValue] {
        let all = try JSONParser.parse(try await run(roost, ["why", subject, "--history", "--json"]))
        return try #require(all["history"]?.arrayValue)
    }
}
