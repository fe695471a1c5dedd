import RoostPolicy
import RoostProtocol
import RoostReactor
import Testing

@testable import RoostSupervisor

/// Entries as a test needs them.
enum Entries {
    static let proxy = InstanceID(name: "proxy", instance: 0)
    static let boot = RecordedBoot(bytes: [UInt8](1...16))

    static func make(
        _ id: UInt64,
        _ step: RoostSupervisor.RecordEntry.Step,
        of subject: RoostSupervisor.RecordEntry.Subject = .instance(proxy),
        pid: Int32? = nil,
        _ cause: Cause,
        after parent: UInt64? = nil,
        _ decision: Decision? = nil
    ) -> RoostSupervisor.RecordEntry {
        RoostSupervisor.RecordEntry(
            id: id,
            at: WallTime(nanoseconds: 1_772_366_400_250_000_000),
            instant: MonotonicInstant(nanoseconds: Int64(id)),
            boot: boot,
            step,
            subject,
            pid: pid,
            because: cause.following(parent),
            decision: decision
        )
    }

    static func ruling(
        _ decision: RestartPolicy.Decision,
        _ ground: RestartPolicy.Ruling.Ground,
        status: ChildStatus = .code(1),
        readyFor: Duration? = nil,
        streak: Int = 0,
        failures: Int = 1,
        _ change: (inout RestartSettings) -> Void = { _ in }
    ) -> Decision {
        var settings = RestartSettings()
        change(&settings)
        return Decision(
            .init(
                decision: decision,
                ground: ground,
                ending: .init(status: status, reason: .exited, readyFor: readyFor),
                streak: streak,
                failures: failures,
                settings: settings
            )
        )
    }
}

@Suite struct RecordSentenceTests {
    private let hang = Cause.hang(.silent(.milliseconds(2040)), deadline: .seconds(2))

    @Test("a restart tells its cause with figures, the policy with the ground, and the initiator")
    func restart() {
        let healthy = Entries.ruling(.restart(after: .zero), .health, readyFor: .seconds(41))
        let end = Entries.make(6, .ended, pid: 81, hang, healthy)
        let start = Entries.make(7, .started, pid: 92, hang, after: 6)
        #expect(
            RecordSentence.of(start, after: end) == """
                proxy/0 was restarted at 2026-03-01T12:00:00.250Z (pid 92) because it missed heartbeats for 2 s (deadline \
                2 s); policy: restart at once, since it had been ready for 41 s; initiator: roostd
                """
        )
        #expect(RecordSentence.of(start).hasPrefix("proxy/0 was started at "))
    }

    @Test("an end that was asked for tells how the process ended as well")
    func ending() {
        var cause = hang
        cause.inputs += [.count("signal", 6), .text("signal_name", "SIGABRT")]
        let text = RecordSentence.of(Entries.make(6, .ended, pid: 81, cause))
        #expect(text.contains("because it missed heartbeats for 2 s (deadline 2 s), and was ended by SIGABRT"))
        let status = LastExit(at: WallTime(nanoseconds: 0), status: .code(3), reason: .exited)
        let exit = RecordSentence.of(Entries.make(6, .ended, .ending(status, of: Entries.proxy, pid: 81)))
        #expect(exit.hasSuffix("because it exited with status 3; initiator: the process itself"))
    }

    @Test("who sent a signal is unknown, and the sentence says why")
    func signal() {
        let status = LastExit(at: WallTime(nanoseconds: 0), status: .signal(9), reason: .signaled)
        let text = RecordSentence.of(Entries.make(6, .ended, .ending(status, of: Entries.proxy, pid: 81)))
        #expect(text.hasSuffix("(SIGKILL); initiator: unknown, since the kernel does not tell who has sent a signal"))
    }

    @Test("an operator is named once")
    func verb() {
        let peer = Initiator.peer(uid: 1000, pid: 4, onBehalfOf: "")
        let text = RecordSentence.of(Entries.make(6, .stopping, pid: 81, .verb("restart", by: peer)))
        #expect(text.hasSuffix("(pid 81) because uid 1000 (pid 4) asked to restart it"))
    }

    static let decisions: [(Decision, String)] = [
        (
            Entries.ruling(.restart(after: .zero), .first),
            "restart at once, since nothing had failed before (1 of 5 tolerated within 30 s)"
        ),
        (
            Entries.ruling(.restart(after: .milliseconds(300)), .streak, streak: 2, failures: 3),
            "restart after 0.3 s, since it is failure 3 in a row (3 of 5 tolerated within 30 s)"
        ),
        (
            Entries.ruling(.restart(after: .zero), .killedFromOutside, status: .signal(9)),
            "restart at once and do not count it, since a ready worker that dies of SIGKILL was killed from outside"
        ),
        (
            Entries.ruling(.quarantine, .intensity, failures: 6),
            "quarantine it, since it has failed 6 times within 30 s and 5 are tolerated"
        ),
        (
            Entries.ruling(.escalate, .intensity, failures: 2) { $0.intensity = 1 },
            "give up as a whole, since it has failed 2 times within 30 s and 1 are tolerated"
        ),
        (Entries.ruling(.finished, .rule) { $0.rule = .temporary }, "leave it ended, since it is temporary"),
        (
            Entries.ruling(.finished, .rule) { $0.rule = .transient },
            "leave it ended, since it is transient and has done its work"
        ),
        (Decision(.unwanted), "leave it stopped, since it is not wanted"),
        (Decision(.askedFor), "restart at once, since a new process was asked for meanwhile"),
        (Decision(.replaced), "restart at once, since it has ended to make room for its replacement"),
    ]

    @Test("every decision has its sentence", arguments: decisions)
    func decision(decision: Decision, text: String) { #expect(RecordSentence.of(decision) == text) }

    @Test(
        "durations and sizes are as people say them",
        arguments: [
            (Words.duration(.milliseconds(250)), "0.25 s"), (Words.duration(.zero), "0 s"),
            (Words.duration(.milliseconds(2140)), "2.1 s"), (Words.duration(.seconds(41)), "41 s"),
            (Words.duration(.seconds(200)), "3 min 20 s"), (Words.duration(.seconds(7260)), "2 h 1 min"),
            (Words.duration(.seconds(300_000)), "3 days"), (Words.duration(.seconds(-1)), "0 s"),
            (Words.size(812), "812 bytes"), (Words.size(21_495_808), "20.5 MiB"),
            (Words.size(Int64.max), "8589934591.9 GiB"),
        ]
    )
    func words(words: String, text: String) { #expect(words == text) }

    @Test("no step and no kind is without words")
    func total() {
        for step in RoostSupervisor.RecordEntry.Step.allCases {
            for kind in Cause.Kind.allCases {
                let text = RecordSentence.of(Entries.make(1, step, Cause(kind, "words", by: .unknown)))
                #expect(text.contains("words"))
            }
        }
    }
}

@Suite struct RecordEntryTests {
    static let initiators: [Initiator] = [
        .peer(uid: 1000, pid: 7, onBehalfOf: ""), .peer(uid: 0, pid: 7, onBehalfOf: "key ab12"),
        .signal("SIGHUP", pid: 9, uid: 1000), .signal("SIGINT", pid: 0), .watch, .boot, .supervisor,
        .worker(Entries.proxy, pid: 81), .worker(Entries.proxy, pid: nil), .unit("roost.service"), .generation(7),
        .unknown,
    ]

    @Test("an entry comes back from its message as it was", arguments: initiators)
    func roundTrip(initiator: Initiator) throws {
        let inputs: [Input] = [
            .count("a", -1), .duration("b", .milliseconds(5)), .size("c", Int64.max), .text("d", "words"),
        ]
        let cause = Cause(.missedHeartbeats, "missed", by: initiator, inputs: inputs)
        for subject in [.instance(Entries.proxy), .worker("proxy"), .configuration, .supervisor]
            as [RoostSupervisor.RecordEntry.Subject]
        {
            let decision = Entries.ruling(.restart(after: .seconds(1)), .streak, readyFor: .seconds(3))
            let entry = Entries.make(12, .ended, of: subject, pid: 81, cause, after: 11, decision)
            let bytes = entry.message.encoded()
            #expect(RoostSupervisor.RecordEntry(try RoostProtocol.RecordEntry(decoding: bytes)) == entry)
        }
    }

    @Test("words of a newer version are read as unknown")
    func newer() throws {
        var message = Entries.make(1, .started, Cause(.boot, "x", by: .boot), after: nil, Decision(.stop)).message
        message.event = "reincarnated"
        message.cause?.kind = "karma"
        message.decision?.what = "ascend"
        message.cause?.initiator?.kind = "fate"
        let entry = RoostSupervisor.RecordEntry(message)
        #expect(entry.step == .unknown && entry.cause.kind == .unknown && entry.decision?.what == .unknown)
        #expect(entry.cause.initiator == .unknown)
    }

    @Test("the boot's id is the kernel's, and nothing else is taken for one")
    func bootID() {
        #expect(RecordedBoot.current().bytes.count == 16)
        #expect(RecordedBoot(text: Array("01020304-0506-0708-090a-0b0c0d0e0f10\n".utf8)) == Entries.boot)
        #expect(RecordedBoot(text: Array("0102".utf8)).bytes.isEmpty)
        #expect(RecordedBoot(text: []).bytes.isEmpty)
    }
}

@Suite struct WhyFinderTests {
    @Test("an answer follows causes over other subjects, and says how the process before came about")
    func answer() {
        let alpha = InstanceID(name: "alpha", instance: 0)
        let exit = LastExit(at: WallTime(nanoseconds: 0), status: .code(3), reason: .exited)
        let failure = Cause(.dependency, "alpha/0 failed (one_for_all)", by: .worker(alpha, pid: nil))
        let boot = Cause(.boot, "roostd started", by: .boot)
        let entries = [
            Entries.make(1, .booted, of: .supervisor, boot), Entries.make(2, .started, pid: 81, boot, after: 1),
            Entries.make(3, .started, of: .instance(alpha), boot, after: 1),
            Entries.make(4, .ended, of: .instance(alpha), .ending(exit, of: alpha, pid: 80)),
            Entries.make(5, .stopping, pid: 81, failure, after: 4),
            Entries.make(6, .ended, pid: 81, failure, after: 5, Decision(.replaced)),
            Entries.make(7, .started, of: .instance(alpha), .ending(exit, of: alpha, pid: 80), after: 4),
            Entries.make(8, .started, pid: 92, failure, after: 6),
        ]
        var finder = WhyFinder(.instance(Entries.proxy))
        #expect(finder.sentence == "the record has nothing about proxy/0")
        for entry in entries.reversed() where !finder.isComplete { finder.take(entry) }
        #expect(finder.chain.map(\.id) == [8, 6, 5, 4])
        #expect(finder.before?.id == 2)
        #expect(finder.sentence.hasPrefix("proxy/0 was restarted at 2026"))
        #expect(finder.sentence.contains("that came of: alpha/0 ended at"))
        #expect(finder.sentence.contains(". Before that, proxy/0 was started at"))
        var worker = WhyFinder(.worker("alpha"))
        for entry in entries.reversed() { worker.take(entry) }
        #expect(worker.chain.map(\.id) == [7, 4])
    }

    @Test("the end of a process that another had replaced before is not the answer; the replacement is")
    func replaced() {
        let cause = Cause(.configuration, "its configuration has changed", by: .watch)
        let entries = [
            Entries.make(1, .started, pid: 81, cause), Entries.make(2, .rollBegun, pid: 81, cause),
            Entries.make(3, .started, pid: 92, cause, after: 2),
            Entries.make(4, .rollPromoted, pid: 92, cause, after: 2),
            Entries.make(5, .ended, pid: 81, cause, after: 4),
        ]
        var finder = WhyFinder(.instance(Entries.proxy))
        for entry in entries.reversed() where !finder.isComplete { finder.take(entry) }
        #expect(finder.chain.map(\.id) == [4, 2])
        #expect(finder.before?.id == 1)
    }

    @Test("a circle of parents, which only damage can make, ends")
    func circle() {
        var finder = WhyFinder(.supervisor)
        let entry = Entries.make(1, .booted, of: .supervisor, Cause(.boot, "x", by: .boot), after: 1)
        for _ in 0..<100 { finder.take(entry) }
        #expect(finder.chain.count == 8)
    }
}
