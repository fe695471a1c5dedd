import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("planning a change")
struct PlanTests {
    private func plan(_ roost: RunningRoost, _ file: String = "") async throws -> PlanReply {
        var request = PlanRequest()
        request.file = file
        return try await roost.ask(.plan, request)
    }

    @Test("the plan of real files is what their reload does, and does nothing itself")
    func whole() async throws {
        let base = "supervisor: { watch: false }\n" + Sample.proxy
        let text = base + "  alpha: { executable: SCRIPTED }\n  beta: { executable: SCRIPTED }\n"
        try await RunningRoost.run(text) { roost in
            var pids: [String: Int32?] = [:]
            for name in ["proxy", "alpha", "beta"] { pids[name] = try await roost.wait(for: name).pid }
            #expect(try await plan(roost).changed == false)
            #expect(try await roost.supervisor().configDrift == [])

            let next = "  alpha: { executable: SCRIPTED, nice: 3 }\n  gamma: { executable: SCRIPTED }\n"
            try roost.scratch.replace("roost.yaml", roost.fill(base + next))
            try roost.scratch.write("rules.d/new.yaml", "name: new\ncontent: { source: welcome }\n")
            let reply = try await plan(roost)
            #expect(reply.valid && reply.changed && reply.generation == 1)
            #expect(
                reply.workers.map { "\($0.name) \($0.step)" }
                    == ["proxy live", "alpha rollingRestart", "gamma start", "beta stop"]
            )
            #expect(reply.workers[0].keys.map(\.key) == ["rules.new"])
            #expect(reply.workers[1].keys.map(\.key) == ["workers.alpha.nice"])
            #expect(try await roost.supervisor().configDrift == ["roost.yaml", "rules.d/new.yaml"])
            #expect(try await roost.supervisor().configGeneration == 1)
            for (name, pid) in pids { #expect(try await roost.worker(name).pid == pid) }

            #expect(try await roost.reload().generation == 2)
            try await roost.wait(for: "gamma")
            try await roost.wait(for: "alpha") { $0.pid != pids["alpha"] }
            #expect(try await roost.worker("proxy").pid == pids["proxy"])
            #expect(try await roost.supervisor().configDrift == [])
            #expect(try await plan(roost).changed == false)
        }
    }

    @Test("another file is compared with what runs; a wrong one is told with its places")
    func another() async throws {
        try await RunningRoost.run("supervisor: { watch: false }\n" + Sample.proxy) { roost in
            try await roost.wait(for: "proxy")
            let other = "supervisor: { watch: false }\n" + Sample.proxy.replacing("drain: 5s", with: "drain: 6s")
            try roost.scratch.makeDirectory("other")
            try roost.scratch.write("other/roost.yaml", roost.fill(other))
            let reply = try await plan(roost, roost.scratch.file("other/roost.yaml"))
            #expect(reply.valid)
            #expect(reply.rules.map { "\($0.name) \($0.step)" } == ["welcome removed"])
            #expect(reply.workers.first?.keys.map(\.key) == ["workers.proxy.drain", "rules.welcome"])
            try roost.scratch.replace("other/roost.yaml", "workers: { proxy: { nice: high, drain: soon } }\n")
            let wrong = try await plan(roost, roost.scratch.file("other/roost.yaml"))
            #expect(!wrong.valid && wrong.problems.count == 2)
            #expect(try await roost.supervisor().configProblems == [])
            #expect(try await plan(roost).changed == false)
        }
    }
}
