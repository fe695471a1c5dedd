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

@Suite(.ownThread) struct SupervisorChangesTests {
    private let caller = Initiator.peer(uid: 5, pid: 6, onBehalfOf: "api key 7")

    private func test(_ workers: [WorkerSpecification]) throws -> TestSupervisor {
        let test = try TestSupervisor()
        try test.write(workers)
        try test.boot()
        return test
    }

    @Test("a restart tells the old and the new process")
    func restart() throws {
        let test = try test([TestSupervisor.plain("a")])
        let (supervisor, caller) = (test.supervisor, caller)
        var request = RestartRequest()
        request.names = ["a"]
        request.timeoutMs = 10_000
        let before = try test.pid("a")
        let message = request
        let reply = try test.bench.outcome { try await supervisor.restart(message, by: caller) }
        let outcome = try #require(reply.outcomes.first)
        #expect(outcome.succeeded && outcome.pidBefore == before && outcome.pidAfter != before)
        #expect(outcome.message == "a/0 is running")
        #expect(try test.handle("a").assumeIsolated { $0.lastExit?.reason } == .requested)
    }

    @Test("a rolling restart tells the old and the new process, goes on instance by instance, and is an event")
    func rolling() throws {
        var specification = TestSupervisor.plain("a")
        specification.instances = 2
        let test = try test([specification])
        let (supervisor, caller) = (test.supervisor, caller)
        var request = RestartRequest()
        request.names = ["a"]
        request.rolling = true
        let before = [try test.pid("a", 0), try test.pid("a", 1)]
        let message = request
        let reply = try test.bench.outcome { try await supervisor.restart(message, by: caller) }
        #expect(reply.outcomes.map(\.succeeded) == [true, true])
        #expect(reply.outcomes.map(\.pidBefore) == before)
        #expect(reply.outcomes.map(\.pidAfter) == [try test.pid("a", 0), try test.pid("a", 1)])
        #expect(zip(before, reply.outcomes).allSatisfy { $0 != $1.pidAfter })
        let steps = test.events.compactMap { $0.data["roll"] }.filter { $0 != "retired" }
        #expect(steps == ["begun", "started", "promoted", "begun", "started", "promoted"])
    }

    @Test("after a failure the other instances are left alone, and the reason and who serves on are told")
    func rollingFails() throws {
        var specification = TestSupervisor.plain("a", "[ -e $FLAG ] && exit 3; " + TestSupervisor.loyal)
        specification.instances = 2
        let test = try TestSupervisor()
        let flag = test.bench.scratch.file("flag")
        specification.environment.set = [.init(name: "FLAG", value: flag)]
        try test.write([specification])
        try test.boot()
        try test.bench.scratch.write("flag", "")
        let (supervisor, caller) = (test.supervisor, caller)
        var request = RestartRequest()
        request.names = ["a"]
        request.rolling = true
        let before = [try test.pid("a", 0), try test.pid("a", 1)]
        let message = request
        let reply = try test.bench.outcome { try await supervisor.restart(message, by: caller) }
        #expect(reply.outcomes.map(\.succeeded) == [false, false])
        let serving = try #require(before[0])
        #expect(
            reply.outcomes.first?.message
                == "a/0 was not replaced: the new process exited with status 3; the old process, pid \(serving), serves on"
        )
        #expect(reply.outcomes.last?.message == "a/1 was left alone, because a/0 failed")
        #expect([try test.pid("a", 0), try test.pid("a", 1)] == before)
        #expect(try test.state("a") == .running)
    }

    @Test("a rolling restart of what does not run starts it")
    func rollingStopped() throws {
        let test = try test([TestSupervisor.plain("a")])
        let (supervisor, caller) = (test.supervisor, caller)
        _ = try test.bench.outcome { try await supervisor.stop(["a"], by: caller) }
        var request = RestartRequest()
        request.names = ["a"]
        request.rolling = true
        let message = request
        let reply = try test.bench.outcome { try await supervisor.restart(message, by: caller) }
        #expect(reply.outcomes.first?.succeeded == true)
        #expect(try test.state("a") == .running)
    }

    @Test("stop and start; a stopped worker stays so over a reload that changes its program")
    func stopAndStart() throws {
        let test = try test([TestSupervisor.plain("a")])
        let (supervisor, caller) = (test.supervisor, caller)
        let stopped = try test.bench.outcome { try await supervisor.stop(["a"], by: caller) }
        #expect(stopped.outcomes.map(\.message) == ["a/0 is stopped"])
        try test.write([TestSupervisor.plain("a", "echo other; " + TestSupervisor.loyal)])
        #expect(try test.reload().accepted)
        #expect(try test.state("a") == .stopped)
        try test.write([TestSupervisor.plain("a")], isSame: true)
        let started = try test.bench.outcome { try await supervisor.start(["a"], by: caller) }
        #expect(started.outcomes.map(\.succeeded) == [true])
    }

    @Test("a worker that does not come up is told with its reason")
    func failure() throws {
        let test = try test([TestSupervisor.plain("a")])
        let (supervisor, caller) = (test.supervisor, caller)
        var bad = TestSupervisor.plain("a", "exit 3")
        bad.intensity.restarts = 0
        try test.write([bad])
        _ = try test.reload()
        try test.turn(until: .quarantined, "a")
        let reply = try test.bench.outcome { try await supervisor.start(["a"], by: caller) }
        let outcome = try #require(reply.outcomes.first)
        #expect(!outcome.succeeded && outcome.message.hasPrefix("a/0 is "))
        #expect(outcome.message.hasSuffix("exited with status 3; `roost logs a` tells more"))
    }

    @Test("scaling down and up again while the surplus still ends leaves the number that was asked for")
    func scaleBackAndForth() throws {
        let slow = "trap 'sleep 0.3; exit 0' TERM; while :; do sleep 60 & wait $!; done"
        var worker = TestSupervisor.plain("a", slow)
        worker.instances = 2
        let test = try test([worker])
        let supervisor = test.supervisor
        let first = try test.pid("a", 1)
        supervisor.assumeIsolated { supervisor in
            guard let specification = supervisor.specification("a") else { return }
            supervisor.scaled["a"] = 1
            supervisor.matchInstances(of: specification, because: Cause(.operator, "down", by: .unknown))
        }
        #expect(try test.state("a", 1) == .draining)
        supervisor.assumeIsolated { supervisor in
            guard let specification = supervisor.specification("a") else { return }
            supervisor.scaled["a"] = 2
            supervisor.matchInstances(of: specification, because: Cause(.operator, "up", by: .unknown))
        }
        try test.bench.turn(until: "the second one's return") {
            let pid = try test.pid("a", 1)
            return pid != nil && pid != first
        }
        try test.turn(until: .running, "a", 1)
        #expect(test.names == ["a/0", "a/1"])
    }

    @Test("scale gives and takes instances; what is too much, unknown or nameless is refused")
    func scale() throws {
        let test = try test([TestSupervisor.plain("a")])
        let (supervisor, caller) = (test.supervisor, caller)
        func scale(_ name: String, _ count: UInt32) throws -> ChangeReply {
            var request = ScaleRequest()
            (request.name, request.instances) = (name, count)
            let message = request
            return try test.bench.outcome { try await supervisor.scale(message, by: caller) }
        }
        #expect(try scale("a", 3).outcomes.allSatisfy(\.succeeded))
        #expect(test.names == ["a/0", "a/1", "a/2"])
        #expect(try scale("a", 0).outcomes.count == 3)
        try test.bench.turn(until: "nobody") { test.names == [] }
        #expect(throws: RequestFailure.self) { try scale("a", 65) }
        #expect(throws: RequestFailure.self) { try scale("b", 1) }
        #expect(throws: RequestFailure.self) { try test.bench.outcome { try await supervisor.stop([], by: caller) } }
        #expect(throws: RequestFailure.self) { try test.bench.outcome { try await supervisor.stop(["a"], by: caller) } }
        test.supervisor.assumeIsolated { $0.stop(exitStatus: 0, because: Cause(.shutdown, "stop", by: .unknown)) }
        #expect(throws: RequestFailure.self) {
            try test.bench.outcome { try await supervisor.start(["a"], by: caller) }
        }
    }

    @Test("a retired instance is forgotten however long its end takes")
    func slowRetirement() throws {
        var slow = TestSupervisor.plain("b", "trap 'sleep 1.2; exit 0' TERM; while :; do sleep 60 & wait $!; done")
        slow.stopTimeout = .seconds(5)
        let test = try test([TestSupervisor.plain("a"), slow])
        try test.write([TestSupervisor.plain("a")]) { $0.shutdownTimeout = .seconds(1) }
        #expect(try test.reload().accepted)
        try test.bench.turn(until: "one") { test.names == ["a/0"] }
    }

    @Test(
        "who asked is told in words",
        arguments: [
            (Initiator.peer(uid: 1, pid: 2, onBehalfOf: ""), "uid 1 (pid 2)"),
            (.peer(uid: 1, pid: 2, onBehalfOf: "x"), "x through uid 1 (pid 2)"),
            (.signal("SIGHUP", pid: 3), "SIGHUP from pid 3"), (.watch, "a changed file"), (.boot, "start of roostd"),
        ]
    )
    func words(initiator: Initiator, text: String) { #expect("\(initiator)" == text) }
}
