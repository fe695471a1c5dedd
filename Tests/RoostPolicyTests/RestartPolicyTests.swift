import RoostPolicy
import Testing

@Suite("RestartPolicy") struct RestartPolicyTests {
    typealias Ending = RestartPolicy.Ending
    typealias Decision = RestartPolicy.Decision

    private func instant(_ seconds: Double) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: Int64(seconds * 1e9))
    }
    private static let crash = Ending(status: .code(1), reason: .exited, readyFor: nil)
    private static let success = Ending(status: .code(0), reason: .exited, readyFor: nil)

    @Test("the first failure is followed at once, the next ones after growing pauses")
    func streak() {
        var settings = RestartSettings()
        settings.intensity = 100
        var policy = RestartPolicy(settings: settings)
        let decisions = (0..<9).map { policy.ended(Self.crash, at: instant(Double($0)), random: 0.5) }
        let pauses = [0, 50, 100, 200, 400, 800, 1600, 3200, 5000]
        #expect(decisions == pauses.map { .restart(after: .milliseconds($0)) })
        #expect(policy.streak == 9)
    }

    @Test("a failure after sustained health is followed at once again", arguments: [(1.9, 50), (2.0, 0), (60.0, 0)])
    func sustainedHealth(readyFor: Double, pause: Int) {
        var policy = RestartPolicy(settings: RestartSettings())
        _ = policy.ended(Self.crash, at: instant(0), random: 0.5)
        let ending = Ending(status: .code(1), reason: .exited, readyFor: .seconds(readyFor))
        #expect(policy.ended(ending, at: instant(5), random: 0.5) == .restart(after: .milliseconds(pause)))
    }

    @Test("a worker that crashes a moment after each recovery is quarantined all the same")
    func slowCrashLoop() {
        var policy = RestartPolicy(settings: RestartSettings())
        let ending = Ending(status: .signal(11), reason: .signaled, readyFor: .seconds(2.5))
        let decisions = (0..<6).map { policy.ended(ending, at: instant(Double($0) * 3), random: 0.5) }
        #expect(decisions == Array(repeating: .restart(after: .zero), count: 5) + [.quarantine])
    }

    @Test(
        "one failure more than the intensity within the period is one too many",
        arguments: [(IntensityExceeded.quarantine, Decision.quarantine), (.escalate, .escalate)]
    )
    func intensity(exceeded: IntensityExceeded, expected: Decision) {
        var settings = RestartSettings()
        settings.intensity = 3
        settings.exceeded = exceeded
        var policy = RestartPolicy(settings: settings)
        for second in 0..<3 {
            guard case .restart = policy.ended(Self.crash, at: instant(Double(second)), random: 0) else {
                Issue.record("failure \(second) is within the intensity")
                return
            }
        }
        #expect(policy.failuresInPeriod(at: instant(3)) == 3)
        #expect(policy.ended(Self.crash, at: instant(30), random: 0) == expected)
    }

    @Test("a failure older than the period does not count")
    func window() {
        var settings = RestartSettings()
        settings.intensity = 2
        var policy = RestartPolicy(settings: settings)
        for second in stride(from: 0.0, through: 300, by: 15.1) {
            #expect(policy.ended(Self.crash, at: instant(second), random: 0) == .restart(after: .zero))
            #expect(policy.failuresInPeriod(at: instant(second)) <= 2)
        }
        #expect(policy.failuresInPeriod(at: instant(1000)) == 0)
    }

    @Test("an intensity of zero tolerates nothing")
    func noTolerance() {
        var settings = RestartSettings()
        settings.intensity = 0
        var policy = RestartPolicy(settings: settings)
        #expect(policy.ended(Self.crash, at: instant(0), random: 0) == .quarantine)
    }

    @Test("a ready worker that somebody kills with SIGKILL is neither delayed nor counted")
    func killFromOutside() {
        var policy = RestartPolicy(settings: RestartSettings())
        let kill = Ending(status: .signal(9), reason: .signaled, readyFor: .milliseconds(1))
        for second in 0..<100 {
            #expect(policy.ended(kill, at: instant(Double(second) / 10), random: 0.9) == .restart(after: .zero))
        }
        #expect(policy.streak == 0 && policy.failuresInPeriod(at: instant(10)) == 0)
    }

    @Test("the end of a ready worker that nobody saw, while its supervisor was dead, does not count")
    func unseen() {
        var policy = RestartPolicy(settings: RestartSettings())
        for second in 0..<20 {
            let ending = Ending(status: .unknown, reason: .unknown, readyFor: .seconds(1))
            #expect(policy.ended(ending, at: instant(Double(second)), random: 0.9) == .restart(after: .zero))
        }
        #expect(policy.streak == 0)
    }

    @Test(
        "other ends by a signal count",
        arguments: [
            Ending(status: .signal(9), reason: .signaled, readyFor: nil),
            Ending(status: .signal(11), reason: .signaled, readyFor: .seconds(1)),
            Ending(status: .signal(9), reason: .hung, readyFor: .seconds(1)),
            Ending(status: .signal(9), reason: .memory, readyFor: .seconds(1)),
            Ending(status: .unknown, reason: .unknown, readyFor: nil),
        ]
    )
    func counted(_ ending: Ending) {
        var policy = RestartPolicy(settings: RestartSettings())
        _ = policy.ended(ending, at: instant(0), random: 0.5)
        #expect(policy.streak == 1 && policy.failuresInPeriod(at: instant(0)) == 1)
    }

    @Test(
        "what follows an end, by the rule",
        arguments: [
            (RestartRule.permanent, Self.success, Decision.restart(after: .zero)),
            (.permanent, Self.crash, .restart(after: .zero)),
            (.transient, Self.success, .finished),
            (.transient, Self.crash, .restart(after: .zero)),
            (.transient, Ending(status: .code(0), reason: .memory, readyFor: nil), .restart(after: .zero)),
            (.transient, Ending(status: .unknown, reason: .unknown, readyFor: nil), .restart(after: .zero)),
            (.temporary, Self.success, .finished),
            (.temporary, Self.crash, .finished),
            (.temporary, Ending(status: .signal(9), reason: .signaled, readyFor: .seconds(9)), .finished),
        ]
    )
    func rule(_ rule: RestartRule, ending: Ending, decides expected: Decision) {
        var settings = RestartSettings()
        settings.rule = rule
        var policy = RestartPolicy(settings: settings)
        #expect(policy.ended(ending, at: instant(0), random: 0.5) == expected)
    }

    @Test("forgetting starts the count and the pauses anew")
    func forget() {
        var policy = RestartPolicy(settings: RestartSettings())
        for _ in 0..<6 { _ = policy.ended(Self.crash, at: instant(1), random: 0.5) }
        policy.forget()
        #expect(policy.failuresInPeriod(at: instant(1)) == 0)
        #expect(policy.ended(Self.crash, at: instant(1), random: 0.5) == .restart(after: .zero))
    }

    @Test("a period without end does not trap")
    func endlessPeriod() {
        var settings = RestartSettings()
        settings.period = .seconds(Int64.max)
        var policy = RestartPolicy(settings: settings)
        _ = policy.ended(Self.crash, at: MonotonicInstant(nanoseconds: .max), random: 0)
        #expect(policy.failuresInPeriod(at: MonotonicInstant(nanoseconds: .max)) == 1)
    }
}
