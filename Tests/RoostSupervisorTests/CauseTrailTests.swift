import Glibc
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct CauseTrailTests {
    private let loyal = "trap 'exit 0' TERM; echo up; while :; do sleep 60 & wait $!; done"
    private let boot = Cause(.boot, "roostd started", by: .boot, parent: 1000)
    private let peer = Initiator.peer(uid: 1000, pid: 4, onBehalfOf: "")

    /// `STEP KIND<PARENT` of each entry; ids count up from 1, parents from elsewhere are 1000 and more.
    private func steps(_ test: TestHandle) -> [String] {
        (test.notes.value ?? []).map { draft in
            "\(draft.step.rawValue) \(draft.cause.kind.rawValue)<\(draft.cause.parent.map { "\($0)" } ?? "")"
        }
    }

    @Test("a crash: the start is the child of the end, which carries the decision")
    func crash() throws {
        let test = try TestHandle("echo up; exit 3")
        test.tell(.start, because: boot)
        let pid = try #require(test.pid)
        test.script.value = loyal
        try test.bench.turn(until: "the replacement") { test.pid != nil && test.pid != pid }
        #expect(steps(test) == ["started boot<1000", "ended exit<", "started exit<2"])
        let end = try #require(test.notes.value?[1])
        #expect(end.pid == pid && end.cause.initiator == .worker(test.handle.id, pid: pid))
        #expect(end.decision?.what == .restartAtOnce)
        #expect(end.decision?.inputs.text("ground") == "first")
    }

    @Test("an operator's restart: verb, stop, end, start")
    func restart() throws {
        let test = try TestHandle(loyal)
        test.tell(.start, because: boot)
        try test.turn(untilLine: "up")
        let pid = test.pid
        test.tell(.restart(.requested), because: .verb("restart", by: peer, parent: 1001))
        try test.bench.turn(until: "the replacement") { test.pid != nil && test.pid != pid }
        #expect(
            steps(test) == ["started boot<1000", "stopping operator<1001", "ended operator<2", "started operator<3"]
        )
        #expect(test.notes.value?[2].cause.inputs.count("code") == 0)
        #expect(test.notes.value?.allSatisfy { $0.cause.initiator == .boot || $0.cause.initiator == peer } == true)
    }

    @Test("a start that was asked for while it still ends names who has asked")
    func startMeanwhile() throws {
        let test = try TestHandle("trap 'sleep 0.2; exit 0' TERM; echo up; while :; do sleep 60 & wait $!; done")
        test.tell(.start, because: boot)
        try test.turn(untilLine: "up")
        let pid = test.pid
        test.tell(.stop(.requested), because: .verb("stop", by: peer, parent: 1001))
        test.tell(.start, because: .verb("start", by: peer, parent: 1002))
        try test.bench.turn(until: "the replacement") { test.pid != nil && test.pid != pid }
        #expect(
            steps(test) == ["started boot<1000", "stopping operator<1001", "ended operator<2", "started operator<1002"]
        )
        #expect(test.notes.value?[2].decision?.inputs.text("ground") == "asked_for")
    }

    @Test("a crash loop: every end has its decision, and the quarantine is the child of the last; a start lifts it")
    func quarantine() throws {
        let test = try TestHandle("exit 1") { $0.lifecycle.restart.intensity = 1 }
        test.tell(.start, because: boot)
        try test.bench.turn(until: "quarantine") {
            test.bench.clock.advance(by: .milliseconds(300))
            return test.state == .quarantined
        }
        #expect(
            steps(test) == [
                "started boot<1000", "ended exit<", "started exit<2", "ended exit<", "quarantined quarantine<4",
            ]
        )
        test.script.value = loyal
        test.tell(.start, because: .verb("start", by: peer, parent: 1001))
        #expect(Array(steps(test).dropFirst(5)) == ["lifted operator<1001", "started operator<6"])
    }

    @Test("what cannot be started leaves its failures, and what led to them")
    func spawnFailure() throws {
        let test = try TestHandle("") { $0.lifecycle.restart.intensity = 1 }
        test.tell(.start, because: boot)
        try test.bench.turn(until: "quarantine") {
            test.bench.clock.advance(by: .milliseconds(300))
            return test.state == .quarantined
        }
        #expect(
            steps(test) == [
                "start_failed spawn_failure<1000", "start_failed spawn_failure<1", "quarantined quarantine<2",
            ]
        )
        #expect(test.notes.value?.first?.cause.sentence.contains("/none") == true)
    }

    @Test("a process that tells who has sent it a signal names the initiator; of SIGKILL nobody can")
    func signals() throws {
        let test = try TestHandle(loyal, isPlain: false)
        test.tell(.start, because: boot)
        try test.turn(untilLine: "up")
        let pid = try #require(test.pid)
        test.handle.assumeIsolated { $0.hear(.signaled(15, by: SignalSender(pid: 77, uid: 1000)), from: pid) }
        kill(pid, SIGTERM)
        try test.bench.turn(until: "the replacement") { test.pid != nil && test.pid != pid }
        #expect(test.notes.value?[1].cause.initiator == .signal("SIGTERM", pid: 77, uid: 1000))
        #expect(test.notes.value?[1].cause.kind == .signal)
        let next = try #require(test.pid)
        kill(next, SIGKILL)
        test.bench.clock.advance(by: .seconds(1))
        try test.bench.turn(until: "the end") { test.notes.value?.last?.step == .ended || test.notes.value?.count == 5 }
        #expect(test.notes.value?[3].cause.initiator == .unknown)
        #expect(test.notes.value?[3].cause.inputs.text("signal_name") == "SIGKILL")
    }
}
