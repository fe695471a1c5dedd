import Glibc
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostIPC
@testable import RoostWorker

@Suite(.ownThread) struct WorkerRuntimeTests {
    private func state(_ supervisor: FakeSupervisor) -> WorkerRuntime.State {
        supervisor.runtime.assumeIsolated { $0.state }
    }

    @Test("a worker says who it is, takes its first configuration, and says that it is ready")
    func start() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        let hello = try #require(supervisor.hellos.value?.first)
        #expect((hello.role, hello.name, hello.pid, hello.generation) == (.worker, "test", getpid(), 1))
        #expect(service.assumeIsolated { $0.inForce } == ["one"])
        #expect(state(supervisor) == .ready)
    }

    @Test("heartbeats come at multiples of the interval and carry progress, lag and the oldest request")
    func heartbeats() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        service.assumeIsolated { $0.set(completed: 5, pending: 2) }
        supervisor.advance(.milliseconds(500))
        supervisor.advance(.milliseconds(499))
        #expect(supervisor.heartbeats.value?.count == 1)
        supervisor.advance(.milliseconds(1))
        let heartbeat = try #require(supervisor.heartbeats.value?.last)
        #expect(heartbeat.sequence == 2 && heartbeat.oldestRequestAgeMs == 7 && heartbeat.loopLagNs == 0)
        #expect(heartbeat.progress.map(\.name) == ["jobs", "other"])
        #expect(heartbeat.progress.map(\.stallAfterMs) == [3000, .max])
        #expect(heartbeat.progress.first.map { [$0.completed, $0.pending] } == [5, 2])
        #expect(supervisor.heard.value?.contains(.metricsSnapshot) == true)
    }

    @Test("after the loop was blocked one heartbeat comes, with the lag, and not those that were missed")
    func blocked() throws {
        let supervisor = try FakeSupervisor()
        try supervisor.attach(TestService(supervisor.context))
        supervisor.advance(.milliseconds(5700))
        #expect(supervisor.heartbeats.value?.count == 1)
        #expect(supervisor.heartbeats.value?.first?.loopLagNs == 5_200_000_000)
        supervisor.advance(.milliseconds(300))
        #expect(supervisor.heartbeats.value?.count == 2)
        #expect(supervisor.heartbeats.value?.last?.loopLagNs == 0)
    }

    @Test("prepare changes nothing, commit puts it in force, once")
    func twoPhases() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        let reply = try supervisor.answer(.prepare, FakeSupervisor.prepare(2, "two"), PrepareReply.self)
        #expect(reply.prepared != nil && reply.refused == nil)
        #expect(service.assumeIsolated { $0.inForce } == ["one"])
        _ = try supervisor.answer(.commit, FakeSupervisor.commit(2), Committed.self)
        #expect(service.assumeIsolated { $0.inForce } == ["one", "two"])
        #expect(throws: RequestFailure.self) {
            try supervisor.answer(.commit, FakeSupervisor.commit(2), Committed.self)
        }
        #expect(supervisor.runtime.assumeIsolated { $0.generation } == 2)
    }

    @Test("a refusal says why, and what was refused cannot be committed")
    func refused() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        let reply = try supervisor.answer(.prepare, FakeSupervisor.prepare(2, "bad"), PrepareReply.self)
        #expect(reply.refused?.problems == ["it is bad; make it good"])
        #expect(throws: RequestFailure.self) {
            try supervisor.answer(.commit, FakeSupervisor.commit(2), Committed.self)
        }
        #expect(service.assumeIsolated { $0.inForce } == ["one"])
    }

    @Test("a refusal takes back what was prepared before it")
    func refusedAfterPrepared() throws {
        let supervisor = try FakeSupervisor()
        try supervisor.attach(TestService(supervisor.context))
        _ = try supervisor.answer(.prepare, FakeSupervisor.prepare(2, "two"), PrepareReply.self)
        _ = try supervisor.answer(.prepare, FakeSupervisor.prepare(3, "bad"), PrepareReply.self)
        #expect(throws: RequestFailure.self) {
            try supervisor.answer(.commit, FakeSupervisor.commit(2), Committed.self)
        }
    }

    @Test("what was aborted cannot be committed, and another number than the prepared one neither")
    func aborted() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        _ = try supervisor.answer(.prepare, FakeSupervisor.prepare(2, "two"), PrepareReply.self)
        #expect(throws: RequestFailure.self) {
            try supervisor.answer(.commit, FakeSupervisor.commit(3), Committed.self)
        }
        var abort = Abort()
        abort.generation = 2
        _ = try supervisor.answer(.abort, abort, Aborted.self)
        let error = #expect(throws: RequestFailure.self) {
            try supervisor.answer(.commit, FakeSupervisor.commit(2), Committed.self)
        }
        #expect(error?.code == .conflict)
        #expect(service.assumeIsolated { $0.inForce } == ["one"])
    }

    @Test("a preparation that comes to its end after it was aborted does not replace the next one")
    func slowPreparation() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        service.assumeIsolated { $0.holdPrepare(of: "slow") }
        let slow = try supervisor.ask(.prepare, FakeSupervisor.prepare(2, "slow"))
        try supervisor.turn(until: "the slow preparation") { service.assumeIsolated { $0.isHeld } }
        _ = try supervisor.answer(.abort, Abort(), Aborted.self)
        _ = try supervisor.answer(.prepare, FakeSupervisor.prepare(2, "next"), PrepareReply.self)
        service.assumeIsolated { $0.release() }
        try supervisor.turn(until: "the slow one's end") { slow.value != nil }
        _ = try supervisor.answer(.commit, FakeSupervisor.commit(2), Committed.self)
        #expect(service.assumeIsolated { $0.inForce } == ["one", "next"])
    }

    @Test("what cannot be read, and what is no method of a worker, is an error and nothing else")
    func nonsense() throws {
        let supervisor = try FakeSupervisor()
        try supervisor.attach(TestService(supervisor.context))
        let connection = try supervisor.connection
        for (method, payload) in [
            (Method.prepare, [UInt8](repeating: 0xFF, count: 9)), (.status, []), (.drain, [0x08]),
        ] {
            let slot = Slot<Bool>()
            supervisor.reactor.start {
                do {
                    _ = try await connection.request(method, payload)
                    slot.value = false
                } catch {
                    slot.value = true
                }
            }
            try supervisor.turn(until: "the answer") { slot.value != nil }
            #expect(slot.value == true)
        }
        #expect(state(supervisor) == .ready)
        let probe = try supervisor.answer(.probe, Probe(), ProbeReply.self)
        #expect(probe.healthy)
    }

    @Test("a promoted worker serves what was held for it, once; a draining one refuses to be promoted")
    func promotion() throws {
        let supervisor = try FakeSupervisor(held: [WorkerListener(name: "proxy.listen", descriptor: 77)])
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        #expect(service.assumeIsolated { $0.takenOver }.isEmpty)
        for _ in 0..<2 { _ = try supervisor.answer(.promote, Promote(), Promoted.self) }
        #expect(service.assumeIsolated { $0.takenOver } == ["proxy.listen 77"])
        service.assumeIsolated { $0.holdDrain() }
        _ = try supervisor.ask(.drain, Drain())
        try supervisor.turn(until: "draining") { state(supervisor) == .draining }
        #expect(throws: RequestFailure.self) { try supervisor.answer(.promote, Promote(), Promoted.self) }
        service.assumeIsolated { $0.release() }
    }

    @Test("asked to drain, it drains once, answers everybody who asked, and ends")
    func drainTwice() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        service.assumeIsolated { $0.holdDrain() }
        let first = try supervisor.ask(.drain, Drain())
        let second = try supervisor.ask(.drain, Drain())
        try supervisor.turn(until: "draining") { state(supervisor) == .draining }
        #expect(first.value == nil && second.value == nil, "the second does not cut the first short")
        service.assumeIsolated { $0.release() }
        try supervisor.turn(until: "both answers") { first.value != nil && second.value != nil }
        for slot in [first, second] { #expect(try Drained(decoding: slot.value?.get() ?? []).abandoned == 3) }
        #expect(service.assumeIsolated { $0.drains } == 1)
        #expect(supervisor.runtime.status == 0)
    }

    @Test("a lost supervisor does not cut a drain short, nor does the end of the lease")
    func drainWithoutSupervisor() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        service.assumeIsolated { $0.holdDrain() }
        _ = try supervisor.ask(.drain, Self.drain(within: 30_000))
        try supervisor.turn(until: "draining") { state(supervisor) == .draining }
        supervisor.leave()
        for _ in 0..<30 { supervisor.advance(.milliseconds(500)) }
        #expect(!hasEnded(supervisor))
        service.assumeIsolated { $0.release() }
        try supervisor.turn(until: "the end") { hasEnded(supervisor) }
        #expect(service.assumeIsolated { $0.drains } == 1)
    }

    @Test("a drain that does not come to an end is cut off at its deadline where no supervisor does it")
    func endlessDrain() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        service.assumeIsolated { $0.holdDrain() }
        _ = try supervisor.ask(.drain, Self.drain(within: 5000))
        try supervisor.turn(until: "draining") { state(supervisor) == .draining }
        supervisor.leave()
        for _ in 0..<10 { supervisor.advance(.milliseconds(500)) }
        #expect(!hasEnded(supervisor))
        for _ in 0..<4 { supervisor.advance(.milliseconds(500)) }
        #expect(hasEnded(supervisor))
        service.assumeIsolated { $0.release() }
    }

    @Test("one that was never attached and whose preparation hangs ends with the lease")
    func hungStart() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        service.assumeIsolated { $0.holdPrepare(of: "one") }
        supervisor.begin(service)
        try supervisor.turn(until: "the end") {
            supervisor.advance(.milliseconds(250))
            return hasEnded(supervisor)
        }
        #expect(service.assumeIsolated { $0.inForce } == [])
        service.assumeIsolated { $0.release() }
    }

    private static func drain(within milliseconds: UInt32) -> Drain {
        var message = Drain()
        message.deadlineMs = milliseconds
        return message
    }

    private func hasEnded(_ supervisor: FakeSupervisor) -> Bool {
        supervisor.runtime.assumeIsolated { $0.hasEnded }
    }

    @Test("SIGTERM drains, a second one ends at once")
    func signals() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        service.assumeIsolated { $0.holdDrain() }
        let runtime = supervisor.runtime
        supervisor.reactor.start { await runtime.drainAndEnd(because: "SIGTERM") }
        try supervisor.turn(until: "draining") { state(supervisor) == .draining }
        #expect(!hasEnded(supervisor))
        supervisor.reactor.start { await runtime.drainAndEnd(because: "SIGTERM") }
        try supervisor.turn(until: "the end") { hasEnded(supervisor) }
        service.assumeIsolated { $0.release() }
    }

    @Test("SIGTERM while it starts: it never begins to serve")
    func earlySignal() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        service.assumeIsolated { $0.holdPrepare(of: "one") }
        try supervisor.come()
        supervisor.begin(service)
        try supervisor.turn(until: "the preparation") { service.assumeIsolated { $0.isHeld } }
        let runtime = supervisor.runtime
        supervisor.reactor.start { await runtime.drainAndEnd(because: "SIGTERM") }
        try supervisor.turn(until: "the end") { hasEnded(supervisor) }
        service.assumeIsolated { $0.release() }
        supervisor.advance(.seconds(1))
        #expect(service.assumeIsolated { $0.inForce } == [])
        #expect(supervisor.heard.value?.contains(.ready) == false)
        #expect(supervisor.runtime.status == 0)
    }

    @Test("a first configuration that is refused ends it with status 78, at once even without a supervisor")
    func badStart() throws {
        let supervisor = try FakeSupervisor { $0.configuration = Array("bad".utf8) }
        supervisor.begin(TestService(supervisor.context))
        try supervisor.turn(until: "the end") { hasEnded(supervisor) }
        #expect(supervisor.runtime.status == 78)
    }

    @Test("a lost supervisor is dialled until one comes, which hears who it is and that it is ready")
    func reattach() throws {
        let supervisor = try FakeSupervisor()
        try supervisor.attach(TestService(supervisor.context))
        supervisor.leave()
        try supervisor.turn(until: "the loss") { supervisor.runtime.assumeIsolated { $0.connection == nil } }
        for _ in 0..<5 { supervisor.advance(.milliseconds(500)) }
        supervisor.heard.value = []
        try supervisor.come()
        try supervisor.turn(until: "the return") {
            supervisor.advance(.milliseconds(10))  // a dial has two seconds, and the machine may be busy
            return supervisor.heard.value?.contains(.ready) == true
        }
        #expect(supervisor.hellos.value?.count == 2)
        supervisor.advance(.seconds(60))
        #expect(!hasEnded(supervisor), "the lease is no longer running")
        #expect(supervisor.heard.value?.contains(.heartbeat) == true)
    }

    @Test("without a supervisor it serves on for the lease, then drains and ends")
    func lease() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.attach(service)
        supervisor.leave()
        for _ in 0..<39 { supervisor.advance(.milliseconds(250)) }
        #expect(service.assumeIsolated { $0.drains } == 0)
        try supervisor.turn(until: "the end") {
            supervisor.advance(.milliseconds(250))
            return hasEnded(supervisor)
        }
        #expect(service.assumeIsolated { $0.drains } == 1)
        #expect(supervisor.runtime.status == 0)
        #expect(supervisor.logged().contains("no supervisor within the lease"))
    }

    @Test("a supervisor that goes in the turn in which it answers is dialled again")
    func brieflyThere() throws {
        let supervisor = try FakeSupervisor()
        try supervisor.attach(TestService(supervisor.context))
        let answersLeft = Slot<Int>(3)
        supervisor.leave()
        // Says welcome and closes, so that both reach the worker in one read.
        try supervisor.turn(until: "the loss") { supervisor.runtime.assumeIsolated { $0.connection == nil } }
        try supervisor.come { connection in
            guard let left = answersLeft.value, left > 0 else { return }
            answersLeft.value = left - 1
            connection.assumeIsolated { $0.close() }
        }
        supervisor.heard.value = []
        try supervisor.turn(until: "readiness at the supervisor that stays") {
            supervisor.advance(.milliseconds(50))
            return supervisor.heard.value?.contains(.ready) == true && answersLeft.value == 0
        }
        #expect(try supervisor.connection.assumeIsolated { $0.isClosed } == false)
    }

    @Test("a supervisor that refuses, or never answers, does not keep it from serving until the lease is over")
    func silent() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        try supervisor.come(admitting: false)
        supervisor.begin(service)
        supervisor.reactor.runUntilIdle()
        #expect(service.assumeIsolated { $0.inForce } == ["one"])
        try supervisor.turn(until: "the end") {
            supervisor.advance(.milliseconds(500))
            return hasEnded(supervisor)
        }
        #expect(service.assumeIsolated { $0.drains } == 1)
        #expect((supervisor.hellos.value?.count ?? 0) > 3)
    }

    @Test("without a runtime directory there is no supervisor, no lease, and no other worker")
    func standalone() throws {
        let supervisor = try FakeSupervisor(isSupervised: false)
        let service = TestService(supervisor.context)
        supervisor.begin(service)
        supervisor.advance(.seconds(60))
        #expect(state(supervisor) == .ready)
        let (context, slot) = (supervisor.context, Slot<String>())
        supervisor.reactor.start {
            do { _ = try await context.peer("other") } catch { slot.value = "\(error)" }
        }
        try supervisor.turn(until: "the refusal") { slot.value != nil }
        #expect(slot.value == "there is no supervisor, so there is no worker other")
    }

    @Test("a worker that parks while it starts stays parked until it resumes")
    func park() throws {
        let supervisor = try FakeSupervisor()
        let service = TestService(supervisor.context)
        service.assumeIsolated { $0.park(at: "one") }
        try supervisor.come()
        supervisor.begin(service)
        try supervisor.turn(until: "parked") { supervisor.heard.value?.contains(.parked) == true }
        supervisor.advance(.seconds(1))
        #expect(state(supervisor) == .parked("nothing to do"))
        #expect(supervisor.heard.value?.contains(.ready) == false)
        let probe = try supervisor.answer(.probe, Probe(), ProbeReply.self)
        #expect(!probe.healthy && probe.reason == "nothing to do")
        supervisor.context.resume()
        try supervisor.turn(until: "readiness") { supervisor.heard.value?.contains(.ready) == true }
    }

    @Test("a planned slow phase is announced before it begins")
    func slowPhase() throws {
        let supervisor = try FakeSupervisor()
        try supervisor.attach(TestService(supervisor.context))
        supervisor.context.announceSlowPhase("index", atMost: .seconds(5))
        try supervisor.turn(until: "the announcement") { supervisor.heard.value?.contains(.slowPhase) == true }
    }

    @Test("its own socket answers probes and nothing of the supervisor's")
    func ownSocket() throws {
        let supervisor = try FakeSupervisor()
        let path = supervisor.scratch.file("test.sock")
        try supervisor.attach(TestService(supervisor.context), socket: try UnixSocket.bind(path).release())
        let (context, slot) = (supervisor.context, Slot<[Bool]>())
        supervisor.reactor.start {
            guard let peer = try? await context.peer("test") else { return slot.value = [] }
            let probe = try? await peer.request(.probe, Probe(), reply: ProbeReply.self)
            let commit = try? await peer.request(.commit, Commit(), reply: Committed.self)
            slot.value = [probe?.healthy == true, commit == nil]
            await peer.close()
        }
        try supervisor.turn(until: "the answers") { slot.value != nil }
        #expect(slot.value == [true, true])
    }
}
