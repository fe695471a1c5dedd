import Glibc
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct WorkerHandleRollTests {
    private let loyal = "trap 'exit 0' TERM; echo up; while :; do sleep 60 & wait $!; done"
    private let deaf = "trap '' TERM; echo up; while :; do sleep 60 & wait $!; done"

    private func running(_ script: String? = nil, isPlain: Bool = true) throws -> TestHandle {
        let test = try TestHandle(script ?? loyal, isPlain: isPlain)
        try test.start()
        test.ready()
        return test
    }

    /// What a process answers that does everything right; the log takes the methods.
    private static func good(_ log: Slot<[Method]>) -> @Sendable (IncomingRequest) -> Answer {
        { request in
            log.value?.append(request.method)
            switch request.method {
            case .probe:
                var reply = ProbeReply()
                reply.healthy = true
                return .message(reply)
            case .promote: return .message(Promoted())
            default: return .unknown(request.method)
            }
        }
    }

    private func beat(_ test: TestHandle) { test.otherSays(.heartbeat(Heartbeat())) }

    @Test(
        "a plain program is replaced when the new one has been alive for a second; until then the old one is untouched"
    )
    func plain() throws {
        let test = try running()
        let old = try #require(test.pid)
        let outcome = test.roll()
        let new = try #require(test.otherPID)
        #expect(test.pid == old && test.state == .running)
        test.bench.advance(.milliseconds(999))
        #expect(test.pid == old && outcome.value == nil)
        test.bench.advance(.milliseconds(1))
        #expect(outcome.value == .promoted(from: old, to: new))
        #expect(test.pid == new && test.otherPID == old)
        try test.bench.turn(until: "the end of the old one") { test.otherPID == nil }
        #expect(test.lastExit?.reason == .requested && test.lastExit?.status == .code(0))
        #expect(test.handle.assumeIsolated { $0.restarts } == 1)
        #expect(test.states == [.waiting, .starting, .running])
        #expect(test.failures.value == 0)
    }

    @Test("a plain program that says READY=1 is proved by that")
    func notified() throws {
        let test = try running()
        let outcome = test.roll()
        let new = try #require(test.otherPID)
        test.handle.assumeIsolated { $0.notified(ProgramNotification(Array("READY=1".utf8)), by: new) }
        test.bench.reactor.runUntilIdle()
        guard case .promoted(_, new) = outcome.value else { return #expect(Bool(false), "\(outcome.value as Any)") }
    }

    @Test("a candidate that ends leaves the old one as it was")
    func candidateEnds() throws {
        let test = try running()
        let old = try #require(test.pid)
        test.script.value = "exit 3"
        let outcome = test.roll()
        try test.bench.turn(until: "the outcome") { outcome.value != nil }
        #expect(outcome.value == .failed(reason: "exited with status 3", serving: old))
        #expect(test.pid == old && test.otherPID == nil && test.state == .running)
        #expect(test.handle.assumeIsolated { $0.restarts } == 0)
        #expect(test.lastExit == nil)
    }

    @Test("a candidate that cannot be started leaves the old one as it was")
    func cannotStart() throws {
        let test = try running()
        let old = try #require(test.pid)
        test.script.value = ""
        let outcome = test.roll()
        try test.bench.turn(until: "the outcome") { outcome.value != nil }
        guard case .failed(let reason, old) = outcome.value else { return #expect(Bool(false)) }
        #expect(reason.contains("/none"))
        #expect(test.pid == old && test.handle.assumeIsolated { $0.roll == nil })
    }

    @Test("a worker is promoted after two heartbeats and its probe, told to serve first, and then the old one drains")
    func worker() throws {
        let test = try running(isPlain: false)
        let old = try #require(test.pid)
        let (asked, oldAsked) = (Slot<[Method]>([]), Slot<[Drain]>([]))
        let oldEnd = try test.attach { request in
            if request.method == .drain, let drain = try? Drain(decoding: request.payload) {
                oldAsked.value?.append(drain)
            }
            return .later { throw RequestFailure(.unavailable, "never") }
        }
        let outcome = test.roll()
        let newEnd = try test.attachOther(Self.good(asked))
        beat(test)  // before it is ready: does not count
        test.otherSays(.ready)
        try test.bench.turn(until: "the probe") { asked.value == [.probe] }
        beat(test)
        #expect(asked.value == [.probe] && outcome.value == nil)
        beat(test)
        try test.bench.turn(until: "the outcome") { outcome.value != nil }
        #expect(asked.value == [.probe, .promote])
        #expect(test.otherPID == old)
        try test.bench.turn(until: "the drain") { oldAsked.value?.count == 1 }
        #expect(oldAsked.value?.first?.deadlineMs == 30_000)
        #expect(oldAsked.value?.first.map { $0.idleMs >= 20_000 } ?? false)
        withExtendedLifetime((oldEnd, newEnd)) {}
    }

    @Test("a candidate that says that it does not work is not promoted")
    func unhealthy() throws {
        let test = try running(isPlain: false)
        let old = try #require(test.pid)
        let outcome = test.roll()
        let end = try test.attachOther { _ in
            var reply = ProbeReply()
            reply.reason = "no database"
            return .message(reply)
        }
        test.otherSays(.ready)
        try test.bench.turn(until: "the outcome") { outcome.value != nil }
        #expect(outcome.value == .failed(reason: "says that it does not work: no database", serving: old))
        try test.bench.turn(until: "the candidate's end") { test.otherPID == nil }
        #expect(test.pid == old && test.state == .running)
        withExtendedLifetime(end) {}
    }

    @Test("a candidate that is deaf to SIGTERM is killed")
    func deafCandidate() throws {
        let test = try running(isPlain: false)
        test.script.value = deaf
        let outcome = test.roll()
        try test.bench.turn(until: "both are up") { test.output.count == 2 }
        test.otherSays(.parked("no phone"))
        #expect(outcome.value == .failed(reason: "is parked: no phone", serving: test.pid))
        #expect(test.otherPID != nil)
        test.bench.advance(.seconds(5))
        try test.bench.turn(until: "the candidate's end") { test.otherPID == nil }
        #expect(test.state == .running)
    }

    @Test("when the serving process dies, the candidate takes its place: no third process, and it is told to serve")
    func incumbentDies() throws {
        let test = try running(isPlain: false)
        let old = try #require(test.pid)
        let outcome = test.roll()
        let new = try #require(test.otherPID)
        kill(old, SIGKILL)
        try test.bench.turn(until: "the outcome") { outcome.value != nil }
        #expect(outcome.value == .incumbentEnded)
        #expect(test.pid == new && test.otherPID == nil && test.state == .starting)
        #expect(test.lastExit?.status == .signal(9))
        let asked = Slot<[Method]>([])
        let end = try test.attach(Self.good(asked))
        try test.bench.turn(until: "the word to serve") { asked.value == [.promote] }
        test.ready()
        #expect(test.state == .running && test.handle.assumeIsolated { $0.restarts } == 1)
        withExtendedLifetime(end) {}
    }

    @Test("a candidate that does not take its listeners when nobody else serves is replaced like a hung one")
    func cannotTakeOver() throws {
        let test = try running(isPlain: false)
        let old = try #require(test.pid)
        _ = test.roll()
        let new = try #require(test.otherPID)
        let end = try test.attachOther { .unknown($0.method) }
        kill(old, SIGKILL)
        try test.bench.turn(until: "a third process") { test.pid != nil && test.pid != old && test.pid != new }
        #expect(test.lastExit?.reason == .hung)
        withExtendedLifetime(end) {}
    }

    @Test("a stop ends both processes, and the instance is not stopped before")
    func stop() throws {
        let test = try running()
        test.script.value = deaf
        let outcome = test.roll()
        try test.bench.turn(until: "both are up") { test.output.count == 2 }
        test.tell(.stop(.requested))
        test.bench.reactor.runUntilIdle()
        #expect(outcome.value == .failed(reason: "it was told to stop", serving: test.pid))
        try test.bench.turn(until: "the end of the old one") { test.pid == nil }
        #expect(test.state == .draining)
        test.bench.advance(.seconds(5))
        try test.turn(until: .stopped)
        #expect(test.otherPID == nil)
        #expect(test.states.suffix(2) == [.draining, .stopped])
    }

    @Test("what is asked for during a rolling restart begins after it, and all who ask share it")
    func next() throws {
        let test = try running()
        let first = test.roll()
        let (second, third) = (test.roll(), test.roll())
        test.bench.advance(.seconds(1))
        guard case .promoted(_, let new) = first.value else { return #expect(Bool(false)) }
        #expect(second.value == nil)
        try test.bench.turn(until: "the end of the first") {
            test.otherPID != nil && test.pid == new && test.otherPID != first.value?.former
        }
        test.bench.advance(.seconds(1))
        #expect(second.value != nil && second.value == third.value)
        #expect(second.value?.former == new)
        try test.bench.turn(until: "the end of the second") { test.otherPID == nil }
        #expect(test.handle.assumeIsolated { $0.restarts } == 2)
    }

    @Test("a plain restart during a rolling one: the candidate takes the place of the process that ends")
    func restarted() throws {
        let test = try running()
        let outcome = test.roll()
        let new = try #require(test.otherPID)
        test.tell(.restart(.requested))
        try test.bench.turn(until: "the outcome") { outcome.value != nil }
        #expect(outcome.value == .incumbentEnded && test.pid == new)
        #expect(test.lastExit?.reason == .requested && test.failures.value == 0)
    }

    @Test("nothing is rolled that does not run")
    func notRunning() throws {
        let test = try TestHandle(loyal)
        #expect(test.roll().value == .notRunning)
    }

    @Test("who waits only so long hears that it goes on")
    func limit() throws {
        let test = try running()
        let outcome = Slot<RollOutcome>()
        let handle = test.handle
        test.bench.reactor.start {
            outcome.value = await handle.roll(
                for: .requested,
                because: .verb("restart --rolling", by: .unknown),
                within: .milliseconds(500)
            )
        }
        test.bench.reactor.runUntilIdle()
        test.bench.advance(.milliseconds(500))
        #expect(outcome.value == .notYet)
        test.bench.advance(.milliseconds(500))
        #expect(test.handle.assumeIsolated { $0.restarts } == 1)
    }
}

extension RollOutcome {
    fileprivate var former: Int32? {
        if case .promoted(let from, _) = self { from } else { nil }
    }
}
