import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("crash loops")
struct CrashLoopTests {
    private static let fast = "intensity: { restarts: 3, period: 60s }, backoff: { base: 1ms, max: 10ms }"

    private static func configuration(_ script: String, _ more: String = "") -> String {
        """
        proxy: { listen: "127.0.0.1:PORT" }
        workers:
          proxy: {}
          alpha: { executable: SCRATCH/program, environment: { SCRIPT: "\(script)" }, \(fast)\(more) }

        """
    }

    private func withLoop(_ body: (RunningRoost) async throws -> Void) async throws {
        let broken = "workers: { proxy: {} }\nproxy: { listen: \"127.0.0.1:PORT\" }\n"
        try await RunningRoost.run(broken) { roost in
            #expect(symlink(Program.path("scripted-worker"), roost.scratch.file("program")) == 0)
            try await roost.wait(for: "proxy", state: .running)
            let reply = try await roost.reload(Self.configuration("exit=3"))
            #expect(reply.accepted)
            let worker = try await roost.wait(for: "alpha", state: .quarantined)
            #expect(worker.lastExit?.code == 3)
            #expect(worker.lastExit?.reason == .exited)
            #expect(worker.restarts == 3)
            try await eventually("roostd is up, and degraded") { try await roost.supervisor().state == .degraded }
            #expect(try await roost.get().status == 200)
            try await body(roost)
            #expect(try await roost.get().status == 200)
            let proxy = try await roost.worker("proxy")
            #expect(proxy.restarts == 0, "\(String(describing: proxy.lastExit))")
        }
    }

    @Test("a crash loop is quarantined while the others serve on, and start lifts it")
    func startLifts() async throws {
        try await withLoop { roost in
            let reply = try await roost.start("alpha")
            #expect(reply.outcomes.count == 1)
            #expect(reply.outcomes.first?.succeeded == false)
            try await roost.wait(for: "alpha", state: .quarantined) { $0.restarts == 7 }
        }
    }

    @Test("a change that is about somebody else does not lift the quarantine")
    func otherChange() async throws {
        try await withLoop { roost in
            let reply = try await roost.reload(Self.configuration("exit=3") + "supervisor: { lease: 21s }\n")
            #expect(reply.accepted && reply.changed)
            let worker = try await roost.worker("alpha")
            #expect(worker.state == .quarantined && worker.restarts == 3)
        }
    }

    @Test("a changed configuration lifts the quarantine")
    func configurationLifts() async throws {
        try await withLoop { roost in
            let reply = try await roost.reload(Self.configuration(""))
            #expect(reply.accepted && reply.changed)
            try await roost.wait(for: "alpha")
            #expect(try await roost.supervisor().state == .running)
        }
    }

    @Test("a changed executable lifts the quarantine")
    func executableLifts() async throws {
        try await withLoop { roost in
            try Scratch.write(
                roost.scratch.file("new"),
                Array("#!/bin/sh\nunset SCRIPT\nexec \(Program.path("scripted-worker"))\n".utf8),
                mode: 0o755
            )
            #expect(rename(roost.scratch.file("new"), roost.scratch.file("program")) == 0)
            try await roost.wait(for: "alpha")
        }
    }

    @Test("five workers that crash all the time do not keep a sixth from starting and restarting")
    func budget() async throws {
        let more = "intensity: { restarts: 1000, period: 60s }, backoff: { base: 1ms, max: 1ms }"
        var workers = (1...5).map { (name: "crash\($0)", script: "exit=1", more: more) }
        workers.append((name: "sixth", script: "", more: ""))
        let supervisor = "spawn_budget: { rate: 20, burst: 5 }"
        try await RunningRoost.run(Sample.scripted(workers, supervisor: supervisor)) { roost in
            try await roost.wait(for: "sixth")
            for _ in 0..<5 {
                let reply = try await roost.restart("sixth")
                #expect(reply.outcomes.allSatisfy { $0.succeeded })
            }
            try await eventually("all of them crash on") {
                try await roost.status().workers.allSatisfy { $0.name == "sixth" || $0.restarts > 1 }
            }
            #expect(try await roost.restart("sixth").outcomes.allSatisfy { $0.succeeded })
        }
    }

    @Test("what escalates ends roostd with status 75, and everything with it")
    func escalates() async throws {
        let workers = [
            (name: "alpha", script: "then=exit:4@300", more: "intensity: { restarts: 1, period: 60s, then: escalate }"),
            (name: "beta", script: "", more: ""),
        ]
        try await RunningRoost.run(Sample.scripted(workers), exit: 75) { roost in
            let status = try await roost.daemon.ended()
            #expect(status == 75)
        }
    }

    @Test("a transient worker is restarted after a failure only, a temporary one never")
    func restartRules() async throws {
        let workers = [
            (name: "done", script: "then=exit:0@50", more: "restart: transient"),
            (name: "failed", script: "once=SCRATCH/once then=exit:5@50", more: "restart: transient"),
            (name: "gone", script: "then=exit:6@50", more: "restart: temporary"),
            (name: "killed", script: "then=raise:9@50", more: "restart: temporary"),
        ]
        try await RunningRoost.run(Sample.scripted(workers)) { roost in
            let failed = try await roost.wait(for: "failed") { $0.restarts == 1 }
            #expect(failed.lastExit?.code == 5)
            let done = try await roost.wait(for: "done", state: .stopped)
            #expect(done.lastExit?.code == 0 && done.restarts == 0)
            let gone = try await roost.wait(for: "gone", state: .stopped)
            #expect(gone.lastExit?.code == 6 && gone.restarts == 0)
            let killed = try await roost.wait(for: "killed", state: .stopped)
            #expect(killed.lastExit?.signal == 9 && killed.restarts == 0)
            // What has ended as it should is not missing.
            #expect(try await roost.supervisor().state == .running)
        }
    }
}
