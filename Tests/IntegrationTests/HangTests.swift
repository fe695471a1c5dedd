import CLinux
import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("hangs")
struct HangTests {
    static let kinds = ["loop", "block", "raise:19", "stall:300"]

    @Test("a worker that hangs is replaced, and its last exit says hung", arguments: kinds)
    func replaced(_ kind: String) async throws {
        let script = "once=SCRATCH/once then=\(kind)@300"
        let configuration = Sample.scripted(script, "heartbeat: { interval: 100ms, deadline: 500ms }")
        try await RunningRoost.run(configuration) { roost in
            let worker = try await roost.wait(for: "alpha") { $0.restarts == 1 }
            #expect(worker.lastExit?.reason == .hung)
            #expect(worker.lastExit?.signal == SIGABRT || worker.lastExit?.signal == SIGKILL)
            let events = try await roost.events()
            #expect(events.contains { $0.dataJson.contains("\"reason\":\"hung\"") })
            // The replacement is well, and watched as its predecessor was.
            #expect(kill(try #require(worker.pid), SIGSTOP) == 0)
            let next = try await roost.wait(for: "alpha") { $0.restarts == 2 }
            #expect(next.lastExit?.reason == .hung)
        }
    }

    @Test("a plain stop and continue shorter than the deadline does no harm")
    func shortStop() async throws {
        try await RunningRoost.run(Sample.scripted("", "heartbeat: { interval: 100ms, deadline: 60s }")) { roost in
            let pid = try #require(try await roost.wait(for: "alpha").pid)
            try await roost.wait(for: "alpha") { $0.heartbeatAgeSeconds != nil }
            #expect(kill(pid, SIGSTOP) == 0)
            try await eventually("no heartbeats come") {
                (try await roost.worker("alpha").heartbeatAgeSeconds ?? 0) > 0.5
            }
            #expect(kill(pid, SIGCONT) == 0)
            try await eventually("heartbeats come") { (try await roost.worker("alpha").heartbeatAgeSeconds ?? 9) < 0.3 }
            #expect(try await roost.worker("alpha").restarts == 0)
        }
    }

    @Test("nobody is taken for hung while busy loops starve every core")
    func starvation() async throws {
        let workers = ["alpha", "beta"].map { name in
            (name: name, script: "", more: "nice: 19, heartbeat: { interval: 200ms, deadline: 1s }")
        }
        try await RunningRoost.run(Sample.scripted(workers)) { roost in
            let before = try await [roost.wait(for: "alpha").pid, roost.wait(for: "beta").pid]
            let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
            let null = roost_open("/dev/null", O_RDWR, 0)
            defer { close(null) }
            let loops = try (0..<2 * cores).map { _ in
                try Child("/bin/sh", ["-c", "while :; do :; done"], environment: [], output: null)
            }
            // The duration is the test: what must not happen in it.
            try await Task.sleep(for: .seconds(Soak.size(5, soak: 30)))
            #expect(loops.allSatisfy { $0.status == nil })
            withExtendedLifetime(loops) {}
            for (name, pid) in zip(["alpha", "beta"], before) {
                let worker = try await roost.worker(name)
                #expect(worker.pid == pid)
                #expect(worker.lastExit == nil)
            }
        }
    }

    @Test("an announced slow phase is granted")
    func slowPhase() async throws {
        let configuration = Sample.scripted(
            "then=slow:20000:1500@50",
            "heartbeat: { interval: 100ms, deadline: 400ms }"
        )
        try await RunningRoost.run(configuration) { roost in
            let pid = try #require(try await roost.wait(for: "alpha").pid)
            try await eventually("the slow phase is over") {
                try await roost.logs("alpha").contains { $0.message == "the slow phase is over" }
            }
            try await eventually("heartbeats come") { (try await roost.worker("alpha").heartbeatAgeSeconds ?? 9) < 0.3 }
            let worker = try await roost.worker("alpha")
            #expect(worker.pid == pid)
            #expect(worker.restarts == 0)
        }
    }

    @Test("a slow phase that is overrun is a hang")
    func overrun() async throws {
        let configuration = Sample.scripted(
            "once=SCRATCH/once then=slow:300:600000@50",
            "heartbeat: { interval: 100ms, deadline: 400ms }"
        )
        try await RunningRoost.run(configuration) { roost in
            let worker = try await roost.wait(for: "alpha") { $0.restarts == 1 }
            #expect(worker.lastExit?.reason == .hung)
        }
    }

    @Test("a parked worker is neither restarted nor degraded, and serves again when it says so")
    func parked() async throws {
        let configuration = Sample.scripted("then=park:1000@200", "heartbeat: { interval: 100ms, deadline: 400ms }")
        try await RunningRoost.run(configuration) { roost in
            let pid = try #require(try await roost.wait(for: "alpha").pid)
            let parked = try await roost.wait(for: "alpha", state: .parked)
            #expect(parked.reason.contains("what it needs is absent"))
            #expect(!parked.ready)
            #expect(try await roost.supervisor().state == .running)
            let worker = try await roost.wait(for: "alpha")
            #expect(worker.pid == pid)
            #expect(worker.restarts == 0)
            #expect(worker.lastExit == nil)
        }
    }

    @Test("a worker that hangs while it is parked is replaced")
    func hangsParked() async throws {
        let configuration = Sample.scripted(
            "once=SCRATCH/once then=park:600000@50 then=block@300",
            "heartbeat: { interval: 100ms, deadline: 400ms }"
        )
        try await RunningRoost.run(configuration) { roost in
            let worker = try await roost.wait(for: "alpha") { $0.restarts == 1 }
            #expect(worker.lastExit?.reason == .hung)
        }
    }

    @Test("a worker that never becomes ready is ended at its start timeout")
    func startTimeout() async throws {
        let configuration = Sample.scripted("once=SCRATCH/once never-ready", "start_timeout: 3s")
        try await RunningRoost.run(configuration) { roost in
            let worker = try await roost.wait(for: "alpha") { $0.restarts == 1 }
            #expect(worker.lastExit?.reason == .startTimeout)
        }
    }
}
