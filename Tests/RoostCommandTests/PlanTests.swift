import RoostIPC
import RoostJSON
import RoostProtocol
import Testing

@testable import RoostCommand

@Suite struct PlanTests {
    private static func key(
        _ name: String,
        _ change: KeyClass,
        _ old: String?,
        _ new: String?,
        isSecret: Bool = false
    ) -> PlannedKey {
        var key = PlannedKey()
        (key.key, key.change, key.old, key.new, key.secret) = (name, change, old, new, isSecret)
        return key
    }

    private static var reply: PlanReply {
        var reply = PlanReply()
        (reply.valid, reply.changed, reply.generation) = (true, true, 3)
        var proxy = PlannedWorker()
        (proxy.name, proxy.step) = ("proxy", .live)
        proxy.keys = [key("rules.api.priority", .live, "0", "5")]
        var web = PlannedWorker()
        (web.name, web.step) = ("web", .rollingRestart)
        web.keys = [
            key("workers.web.nice", .rollingRestart, "0", "1"),
            key("workers.web.environment", .rollingRestart, nil, nil, isSecret: true),
            key("workers.web.user", .rollingRestart, nil, "roost (900)"),
        ]
        var replacement = PlannedReplacement()
        (replacement.instance, replacement.cause) = (1, "configuration")
        web.replaced = [replacement]
        var old = PlannedWorker()
        (old.name, old.step, old.stopped) = ("old", .stop, [0, 1])
        var same = PlannedWorker()
        (same.name, same.step) = ("same", .unchanged)
        reply.workers = [proxy, web, same, old]
        reply.supervisor = [key("supervisor.control.connections", .supervisor, "64", "65")]
        var rule = PlannedRule()
        (rule.name, rule.step) = ("api", "changed")
        rule.keys = proxy.keys
        reply.rules = [rule]
        return reply
    }

    private static func answer(_ reply: PlanReply) -> @Sendable (IncomingRequest) -> Answer {
        { $0.method == .plan ? .message(reply) : .unknown($0.method) }
    }

    @Test("people get a line a worker and a line a key, and no secrets")
    func text() async throws {
        try await FakeSupervisor.run(answer: Self.answer(Self.reply)) { fake in
            let expected = """
                a reload would make configuration 4; nothing was done, and workers may still refuse
                proxy: live change
                  rules.api.priority: 0 -> 5
                web: rolling restart, replace web/1 (needs a new process)
                  workers.web.nice: 0 -> 1
                  workers.web.environment (not shown)
                  workers.web.user: not set -> roost (900)
                same: unchanged
                old: stop, stop old/0 old/1
                roostd: waits in part for a new roostd
                  supervisor.control.connections: 64 -> 65 (needs a new roostd)
                rule api: changed

                """
            #expect(await fake.roost("plan") == .init(status: 0, output: expected, errors: ""))
        }
    }

    @Test("programs get stable keys")
    func json() async throws {
        try await FakeSupervisor.run(answer: Self.answer(Self.reply)) { fake in
            let outcome = await fake.roost("plan", "--json")
            #expect(outcome.status == 0)
            let value = try JSONParser.parse(outcome.output)
            #expect(
                value.objectValue?.keys
                    == ["valid", "changed", "generation", "problems", "warnings", "supervisor", "workers", "rules"]
            )
            #expect(
                value["workers"]?[1]?.objectValue?.keys
                    == ["name", "change", "keys", "replace", "start", "stop", "retry"]
            )
            #expect(value["workers"]?[1]?["change"] == "rolling_restart")
            #expect(value["workers"]?[1]?["replace"]?[0] == ["instance": 1, "cause": "configuration"])
            #expect(
                value["workers"]?[1]?["keys"]?[1]
                    == [
                        "key": "workers.web.environment", "change": "rolling_restart", "old": nil, "new": nil,
                        "secret": true,
                    ]
            )
            #expect(value["workers"]?[3]?["stop"] == [0, 1])
            #expect(value["supervisor"]?[0]?["change"] == "new_roostd")
            #expect(value["rules"]?[0]?["change"] == "changed")
        }
    }

    @Test("a file that is wrong ends with 1, with every fault; a named file is asked for by its whole path")
    func invalid() async throws {
        let answer: @Sendable (IncomingRequest) -> Answer = { request in
            guard let asked = try? PlanRequest(decoding: request.payload), asked.file.hasPrefix("/"),
                asked.file.hasSuffix("/x.yaml")
            else { return .failure(.invalidArgument, "which file?") }
            var reply = PlanReply()
            (reply.generation, reply.problems) = (3, ["x.yaml:1:1: a: is wrong; mend it", "x.yaml:2:1: b: is wrong"])
            return .message(reply)
        }
        try await FakeSupervisor.run(answer: answer) { fake in
            let outcome = await fake.roost("plan", "x.yaml")
            #expect(outcome.status == 1)
            #expect(outcome.output.isEmpty)
            #expect(
                outcome.errors == """
                    x.yaml:1:1: a: is wrong; mend it
                    x.yaml:2:1: b: is wrong
                    roost: a reload would be rejected (2 problems): mend the files; configuration 3 stays in force

                    """
            )
            let json = await fake.roost("plan", "x.yaml", "--json")
            #expect(json.status == 1)
            let value = try JSONParser.parse(json.output)
            #expect(value["problems"]?[1] == "x.yaml:2:1: b: is wrong")
        }
    }

    @Test("without a supervisor the status is 2, a name without letters is a usage error")
    func refused() async throws {
        try await FakeSupervisor.run { fake in
            #expect(await fake.roost("plan", "--json").status == 2)
            #expect(await fake.roost("plan", "").status == 64)
        }
    }
}
