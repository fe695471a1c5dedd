import CLinux
import Glibc
import RoostConfig
import RoostIPC
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct SupervisorLifeTests {
    @Test("workers come up in the order of their dependencies, and all end at a stop")
    func life() throws {
        let test = try TestSupervisor()
        try test.write([TestSupervisor.plain("b", after: ["a"]), TestSupervisor.plain("a")])
        try test.launch()
        #expect(try test.state("b") == .waiting)
        try test.bench.turn(until: "running") { test.phase == .running }
        #expect(test.summary == "2/2 ready")
        let pids = try [test.pid("a"), test.pid("b")].compactMap { $0 }
        #expect(pids.count == 2)
        test.stop()
        #expect(test.ended.value == 0)
        #expect(pids.allSatisfy { !ProcessFacts.isAlive($0) })
        #expect(Scratch.names(in: test.bench.scratch.file("run")) == [])
    }

    @Test("a replacement is spawned, and in the events, before the status line tells of the death")
    func statusComesLater() throws {
        let test = try TestSupervisor(isVirtual: true)
        try test.write([TestSupervisor.plain("a")])
        try test.launch()
        test.bench.advance(.milliseconds(200))  // it has survived its first moments
        try test.bench.turn(until: "running") { test.phase == .running }
        test.bench.advance(.milliseconds(10))
        let lastStatus = { test.supervisor.assumeIsolated { $0.lastStatus } }
        #expect(lastStatus() == "1/1 ready")
        let first = try #require(try test.pid("a"))
        kill(first, SIGKILL)
        try test.bench.turn(until: "the replacement") { try test.pid("a") ?? first != first }
        #expect(test.events.suffix(2).map { $0.data["state"] } == [.string("waiting"), .string("starting")])
        #expect(lastStatus() == "1/1 ready")
        test.bench.advance(.milliseconds(10))
        #expect(lastStatus() == "0/1 ready, a/0 starting")
    }

    @Test("a worker after one that never comes up does not keep the whole from being ready")
    func waitsInVain() throws {
        let test = try TestSupervisor()
        var bad = TestSupervisor.plain("bad", "exit 1")
        bad.intensity.restarts = 0
        try test.write([bad, TestSupervisor.plain("x", after: ["bad"]), TestSupervisor.plain("y", after: ["x"])])
        try test.boot()
        #expect(test.summary == "0/3 ready, bad/0 quarantined (crash 1/0), x/0 waiting, y/0 waiting")
    }

    @Test("a configuration with errors, or none, does not start, with the status of the contract")
    func bootFailures() throws {
        let test = try TestSupervisor()
        try test.writeFault("is wrong")
        let supervisor = test.supervisor
        let invalid = #expect(throws: Supervisor.BootFailure.self) {
            try test.bench.outcome { try await supervisor.load() }
        }
        #expect(invalid?.status == 78 && invalid?.lines == ["roost.yaml:1:2: key: is wrong; mend it"])
        try test.bench.scratch.write("report", "garbage")
        #expect(throws: Supervisor.BootFailure.self) { try test.bench.outcome { try await supervisor.load() } }
        unlink(test.bench.scratch.file("etc/roost.yaml"))
        let missing = #expect(throws: Supervisor.BootFailure.self) {
            try test.bench.outcome { try await supervisor.load() }
        }
        #expect(missing?.status == 66)
    }

    @Test("a port that is taken does not start either")
    func portTaken() throws {
        let test = try TestSupervisor()
        let port = Ports.free()
        let holder = try #require(Ports.bound(to: port))
        defer { close(holder) }
        var worker = TestSupervisor.plain("a")
        worker.listeners = [Listener(name: "a.listen", address: try #require(ListenAddress("127.0.0.1:\(port)")))]
        try test.write([worker])
        let supervisor = test.supervisor
        let failure = #expect(throws: Supervisor.BootFailure.self) {
            try test.bench.outcome { try await supervisor.load() }
        }
        #expect(failure?.status == 78 && failure?.lines.first?.contains("a.listen: cannot listen on") == true)
    }

    @Test("escalation gives up with status 75, after everything has ended")
    func escalation() throws {
        let test = try TestSupervisor()
        var bad = TestSupervisor.plain("bad", "exit 1")
        bad.intensity = .init(restarts: 0, period: .seconds(10), then: .escalate)
        try test.write([TestSupervisor.plain("a"), bad])
        try test.launch()
        try test.bench.turn(until: "the end") { test.ended.value != nil }
        #expect(test.ended.value == 75)
    }

    @Test("one_for_all replaces the others of the group, one_for_one nobody")
    func strategies() throws {
        let test = try TestSupervisor()
        var (a, b) = (TestSupervisor.plain("a"), TestSupervisor.plain("b"))
        let c = TestSupervisor.plain("c")
        (a.strategyGroup, b.strategyGroup) = ("g", "g")
        (a.strategy, b.strategy) = (.oneForAll, .oneForAll)
        try test.write([a, b, c])
        try test.boot()
        let before = try [test.pid("a"), test.pid("b"), test.pid("c")]
        kill(try #require(before[0]), SIGTERM)
        try test.bench.turn(until: "both replaced") {
            let now = try [test.pid("a"), test.pid("b")]
            return now[0] != nil && now[0] != before[0] && now[1] != nil && now[1] != before[1]
        }
        #expect(try test.pid("c") == before[2])
        #expect(try test.handle("b").assumeIsolated { $0.lastExit?.reason } == .dependency)
    }

    @Test("a stray that a worker leaves behind is gone after the stop")
    func strays() async {
        await #expect(processExitsWith: .success) {
            guard roost_become_subreaper() == 0 else { exit(1) }
            let test = try TestSupervisor(isSubreaper: true)
            let file = test.bench.scratch.file("stray")
            let stray =
                "setsid sh -c 'trap \"\" TERM; echo $$ > \(file).new; mv \(file).new \(file); while :; do sleep 60; done' & "
            try test.write([TestSupervisor.plain("a", stray + TestSupervisor.loyal)])
            try test.boot()
            try test.bench.turn(until: "the stray") { access(file, F_OK) == 0 }
            guard let pid = Int32(Scratch.text(file).dropLast()) else { exit(2) }
            test.stop()
            guard test.ended.value == 0 else { exit(3) }
            guard kill(pid, 0) == -1 else { exit(4) }
        }
    }

    @Test("a stop before anything runs ends at once, and what comes after it starts nothing")
    func stopFirst() throws {
        let test = try TestSupervisor()
        try test.write([TestSupervisor.plain("a")])
        let supervisor = test.supervisor
        _ = try test.bench.outcome { try await supervisor.load() }
        test.stop(70)
        supervisor.assumeIsolated { $0.launch() }
        test.bench.reactor.runUntilIdle()
        #expect(test.ended.value == 70 && test.names == [])
    }

    @Test("a plain program has NOTIFY_SOCKET of its own, is ready when it says so, and only its own process counts")
    func notify() throws {
        let test = try TestSupervisor(isVirtual: true)
        let python = """
            import os, socket, sys, time
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.connect(os.environ['NOTIFY_SOCKET'])
            if os.fork() == 0:
                s.send(b'STATUS=from a child')
                os._exit(0)
            os.wait()
            s.send(b'\\xff\\x00=garbage')
            s.send(b'READY=1\\nSTATUS=serving')
            time.sleep(60)
            """
        try test.bench.scratch.write("program.py", python)
        var worker = TestSupervisor.plain("a", "exec python3 \(test.bench.scratch.file("program.py"))")
        worker.environment.pass = ["NOTIFY_SOCKET"]
        try test.write([worker])
        try test.launch()
        // The time stands still: without the message it would never be ready.
        try test.turn(until: .running, "a")
        #expect(try test.handle("a").assumeIsolated { $0.reason } == "serving")
        #expect(test.sockets == ["notify.sock"])
        kill(try #require(try test.pid("a")), SIGKILL)
        try test.bench.turn(until: "its end") { try test.pid("a") != nil }
    }

    @Test("instances are asked for by name or number; too many names, and unknown ones, are refused")
    func targets() throws {
        let test = try TestSupervisor()
        var worker = TestSupervisor.plain("a")
        worker.instances = 2
        try test.write([worker, TestSupervisor.plain("b")])
        try test.boot()
        func found(_ names: [String]) throws -> [String] {
            try test.supervisor.assumeIsolated { try $0.targets(names).map { "\($0.id)" } }
        }
        #expect(try found([]) == ["a/0", "a/1", "b/0"])
        #expect(try found(["a"]) == ["a/0", "a/1"])
        #expect(try found(["a/1", "b"]) == ["a/1", "b/0"])
        #expect(throws: RequestFailure.self) { try found(["c"]) }
        #expect(throws: RequestFailure.self) { try found(Array(repeating: "a", count: 257)) }
        let status = try test.supervisor.assumeIsolated { try $0.status([]) }
        #expect(
            status.workers.count == 3 && status.workers.allSatisfy { $0.ready && $0.rssBytes > 0 && $0.openFds > 0 }
        )
        #expect(status.supervisor?.state == .running && status.supervisor?.configGeneration == 1)
        #expect(try test.supervisor.assumeIsolated { try $0.metrics(["b"]) }.processes.count == 1)
        let facts = test.supervisor.assumeIsolated { $0.doctor() }.facts
        #expect(facts.first { $0.name == "worker.a/1" }?.verdict == .good)
    }
}
