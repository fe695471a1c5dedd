import Glibc
import RoostJSON
import RoostPolicy
import RoostProtocol
import Testing

@testable import RoostCommand

/// What is seen goes in, the verdict comes out: everything as promised passes, and each broken promise fails by its name.
@Suite struct DrillVerdictTests {
    // MARK: What was seen

    private static func worker(_ name: String, _ pid: Int32?, restarts: UInt64 = 0) -> WorkerStatus {
        var status = WorkerStatus()
        (status.name, status.pid, status.restarts) = (name, pid, restarts)
        (status.state, status.ready) = (.running, true)
        return status
    }

    private static func exit(_ signal: Int32, _ reason: RoostProtocol.ExitReason) -> LastExit {
        var exit = LastExit()
        (exit.signal, exit.reason) = (signal, reason)
        return exit
    }

    private static func entry(
        _ id: UInt64,
        _ event: String,
        _ kind: String,
        pid: Int32? = nil,
        parent: UInt64 = 0,
        uid: UInt32? = nil
    ) -> RecordEntry {
        var entry = RecordEntry()
        (entry.id, entry.event, entry.pid, entry.parent) = (id, event, pid, parent)
        var cause = RecordCause()
        var initiator = RecordInitiator()
        initiator.uid = uid
        (cause.kind, cause.initiator) = (kind, initiator)
        entry.cause = cause
        return entry
    }

    private static var promises: DrillReply {
        var reply = DrillReply()
        (reply.name, reply.pid, reply.record) = ("proxy", 81, 5)
        (reply.startTimeoutMs, reply.heartbeatDeadlineMs) = (10_000, 2000)
        (reply.intensity, reply.periodMs) = (3, 30_000)
        return reply
    }

    private static let listeners = [ListenerTally(name: "proxy.listen", address: "127.0.0.1:8080", attempts: 90)]

    private static func instance(_ fault: InstanceJudgement.Fault) -> InstanceJudgement {
        var new = worker("proxy", 92, restarts: 1)
        new.lastExit = fault == .kill ? exit(SIGKILL, .signaled) : exit(SIGABRT, .hung)
        return InstanceJudgement(
            fault: fault,
            promises: promises,
            before: [worker("proxy", 81), worker("web", 70)],
            after: [new, worker("web", 70)],
            replacedAfter: fault == .kill ? .milliseconds(4) : .milliseconds(2080),
            readyAfter: fault == .kill ? .milliseconds(60) : .milliseconds(2200),
            listeners: listeners,
            history: [
                entry(7, "started", "operator", pid: 92, parent: 6), entry(6, "ended", "operator", pid: 81, parent: 5),
                entry(5, "drilled", "operator", pid: 81, uid: 7),
            ],
            uid: 7
        )
    }

    private static var crashLoop: CrashLoopJudgement {
        var quarantined = worker("proxy", nil, restarts: 3)
        (quarantined.state, quarantined.ready) = (.quarantined, false)
        return CrashLoopJudgement(
            promises: promises,
            before: [worker("proxy", 81), worker("web", 70)],
            during: [quarantined, worker("web", 70)],
            after: [worker("proxy", 95, restarts: 4), worker("web", 70)],
            deaths: 4,
            quarantinedAfter: .milliseconds(700),
            readyAfter: .milliseconds(50),
            listeners: listeners,
            history: [
                entry(11, "started", "operator", pid: 95, parent: 10),
                entry(9, "quarantined", "quarantine", parent: 8), entry(8, "ended", "operator", parent: 7),
                entry(7, "drilled", "operator", uid: 7), entry(5, "drilled", "operator", uid: 7),
            ],
            lastDrill: 7,
            uid: 7
        )
    }

    private static var supervisor: SupervisorJudgement {
        SupervisorJudgement(
            former: 50,
            before: [worker("proxy", 81), worker("web", 70)],
            next: 60,
            after: [worker("proxy", 81), worker("web", 70)],
            backAfter: .milliseconds(140),
            listeners: listeners,
            logs: .init(last: 40, first: 41),
            events: .init(last: 8, first: 9),
            history: [
                entry(7, "booted", "boot", pid: 60, parent: 6), entry(6, "lost", "supervisor_death", parent: 5),
                entry(5, "drilled", "operator", uid: 7),
            ],
            drill: 5,
            uid: 7
        )
    }

    private static func failed(_ verdict: DrillVerdict) -> [String] {
        verdict.checks.filter { !$0.passed }.map(\.name)
    }

    // MARK: Kill and hang

    @Test("a kill and a hang that went as promised pass, with their times", arguments: [0, 1])
    func instancePasses(number: Int) {
        let fault: InstanceJudgement.Fault = number == 0 ? .kill : .hang
        let verdict = Self.instance(fault).verdict
        #expect(verdict.passed && Self.failed(verdict) == [], "\(verdict)")
        #expect(
            verdict.checks.map(\.name)
                == ["replaced", "ready", "listener proxy.listen", "others", "restarts", "last_exit", "record"]
        )
        #expect(verdict.checks[0].took == (fault == .kill ? .milliseconds(4) : .milliseconds(2080)))
        #expect(verdict.target == "proxy/0" && verdict.drill == fault.word)
    }

    typealias Break = @Sendable (inout InstanceJudgement) -> Void

    static let broken: [(failed: [String], change: Break)] = [
        (
            ["replaced"],
            {
                $0.replacedAfter = .milliseconds(1001); $0.readyAfter = .milliseconds(1100)
            }
        ),
        (
            ["replaced", "ready"],
            {
                $0.replacedAfter = nil; $0.readyAfter = nil
            }
        ),
        (["ready"], { $0.readyAfter = nil }),
        (["ready"], { $0.readyAfter = .milliseconds(10_005) }),
        (["listener proxy.listen"], { $0.listeners[0].failed(because: "Connection refused") }),
        (["listener proxy.listen"], { $0.listeners[0].attempts = 0 }),
        (["others"], { $0.after[1].pid = 71 }),
        (["others"], { $0.after[1].restarts = 1 }),
        (["others"], { $0.after.removeLast() }),
        (["restarts"], { $0.after[0].restarts = 2 }),
        (["restarts"], { $0.after[0].restarts = 0 }),
        (["last_exit"], { $0.after[0].lastExit = nil }),
        (["last_exit"], { $0.after[0].lastExit?.signal = SIGTERM }),
        (["last_exit"], { $0.after[0].lastExit?.reason = .requested }),
        (["record"], { $0.history = [] }),
        (["record"], { $0.history[0].parent = 0 }),
        (["record"], { $0.history[0].pid = 93 }),
        (["record"], { $0.history[2].cause?.initiator?.uid = 8 }),
        (["record"], { $0.history[2].cause?.kind = "signal" }),
        // A ring of parents ends somewhere.
        (["record"], { $0.history[1].parent = 7 }),
    ]

    @Test("each promise that a kill breaks fails by its name", arguments: broken.indices)
    func instanceFails(number: Int) {
        var judgement = Self.instance(.kill)
        Self.broken[number].change(&judgement)
        let verdict = judgement.verdict
        #expect(Self.failed(verdict) == Self.broken[number].failed, "\(verdict)")
        #expect(!verdict.passed)
    }

    @Test("a hang is noticed within twice its deadline and margin, and told as one")
    func hangFails() {
        var judgement = Self.instance(.hang)
        (judgement.replacedAfter, judgement.readyAfter) = (.milliseconds(4200), .milliseconds(4300))
        #expect(judgement.verdict.passed)
        judgement.replacedAfter = .milliseconds(4201)
        #expect(Self.failed(judgement.verdict) == ["replaced"])
        judgement = Self.instance(.hang)
        judgement.after[0].lastExit?.reason = .signaled
        #expect(Self.failed(judgement.verdict) == ["last_exit"])
    }

    @Test("who is restarted with it by the group's strategy is not counted as another one")
    func companions() {
        var promises = Self.promises
        promises.companions = ["web"]
        let judgement = Self.instance(.kill)
        var after = judgement.after
        (after[1].pid, after[1].restarts) = (71, 1)
        let changed = InstanceJudgement(
            fault: .kill,
            promises: promises,
            before: judgement.before,
            after: after,
            replacedAfter: judgement.replacedAfter,
            readyAfter: judgement.readyAfter,
            listeners: judgement.listeners,
            history: judgement.history,
            uid: 7
        )
        #expect(changed.verdict.passed, "\(changed.verdict)")
    }

    // MARK: Crash loop

    typealias BreakLoop = @Sendable (inout CrashLoopJudgement) -> Void

    static let brokenLoops: [(failed: [String], change: BreakLoop)] = [
        ([], { _ in }),
        // Failures of before count as well.
        ([], { $0.deaths = 1 }),
        (["quarantined"], { $0.deaths = 5 }),
        (["quarantined"], { $0.during[0].state = .running }),
        (["quarantined"], { $0.quarantinedAfter = nil }),
        (["listener proxy.listen"], { $0.listeners[0].failed(because: "Connection refused") }),
        (
            ["others", "others afterwards"],
            {
                $0.during[1].pid = 71; $0.after[1].pid = 71
            }
        ),
        (["others afterwards"], { $0.after[1].restarts = 1 }),
        (["record"], { $0.history.remove(at: 1) }),
        (["record"], { $0.history[2].parent = 5 }),
        (["lifted"], { $0.readyAfter = nil }),
        (["lifted"], { $0.readyAfter = .milliseconds(10_001) }),
    ]

    @Test("a crash loop passes as promised, and each broken promise fails by its name", arguments: brokenLoops.indices)
    func crashLoop(number: Int) {
        var judgement = Self.crashLoop
        Self.brokenLoops[number].change(&judgement)
        #expect(Self.failed(judgement.verdict) == Self.brokenLoops[number].failed, "\(judgement.verdict)")
    }

    // MARK: The supervisor

    typealias BreakSupervisor = @Sendable (inout SupervisorJudgement) -> Void

    static let brokenSupervisors: [(failed: [String], change: BreakSupervisor)] = [
        ([], { _ in }),
        (["replaced"], { $0.backAfter = .milliseconds(5001) }),
        (["replaced", "record"], { $0.next = nil }),
        (["workers"], { $0.after[0].pid = 82 }),
        (["workers"], { $0.after[1].restarts = 1 }),
        (["workers"], { $0.after = [] }),
        (["listener proxy.listen"], { $0.listeners[0].failed(because: "Connection refused") }),
        (["logs"], { $0.logs.first = 1 }),
        (["logs"], { $0.logs.first = nil }),
        (["logs"], { $0.logs.dropped = 1 }),
        (["events"], { $0.events.first = 10 }),
        (["record"], { $0.history[1].parent = 0 }),
    ]

    @Test(
        "a kill of roostd passes as promised, and each broken promise fails by its name",
        arguments: brokenSupervisors.indices
    )
    func supervisor(number: Int) {
        var judgement = Self.supervisor
        Self.brokenSupervisors[number].change(&judgement)
        #expect(Self.failed(judgement.verdict) == Self.brokenSupervisors[number].failed, "\(judgement.verdict)")
    }

    // MARK: Said

    @Test("people get a line a check with its time, and the verdict in the last one")
    func text() {
        let checks = [
            DrillCheck(name: "replaced", passed: true, detail: "pid 81 -> 92", took: .milliseconds(4)),
            DrillCheck(name: "ready", passed: false, detail: "it did not become ready"),
        ]
        let expected = """
                  CHECK     TIME  SEEN
            good  replaced  4 ms  pid 81 -> 92
            bad   ready           it did not become ready
            failed: kill of proxy/0, 1 of 2 checks

            """
        #expect(DrillVerdict(drill: "kill", target: "proxy/0", checks: checks).text(colors: false) == expected)
        let good = DrillVerdict(drill: "hang", target: "proxy/0", checks: Array(checks.prefix(1)))
        #expect(good.text(colors: false).hasSuffix("passed: hang of proxy/0, 1 check\n"))
        #expect(DrillVerdict.words(.milliseconds(2345)) == "2.3 s")
        #expect(!DrillVerdict(drill: "kill", target: "proxy/0", checks: []).passed)
    }

    @Test("programs get stable keys")
    func json() {
        let verdict = Self.instance(.kill).verdict
        #expect(verdict.json.objectValue?.keys == ["drill", "target", "passed", "checks"])
        #expect(
            verdict.json["drill"] == "kill" && verdict.json["target"] == "proxy/0" && verdict.json["passed"] == true
        )
        let checks = verdict.json["checks"]
        #expect(checks?[0]?.objectValue?.keys == ["name", "passed", "detail", "milliseconds"])
        #expect(checks?[3]?.objectValue?.keys == ["name", "passed", "detail"])
        #expect(checks?[0]?["name"] == "replaced")
    }
}
