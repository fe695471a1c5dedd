import RoostPolicy
import Testing

@Suite struct RulingTests {
    private func at(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }

    private func ending(
        _ status: RoostPolicy.ExitStatus = .code(1),
        readyFor: Duration? = nil
    ) -> RestartPolicy.Ending {
        let reason: ExitReason = if case .signal = status { .signaled } else { .exited }
        return RestartPolicy.Ending(status: status, reason: reason, readyFor: readyFor)
    }

    @Test("a ruling has the decision, its ground, and the figures as they were when it was made")
    func figures() {
        var settings = RestartSettings()
        settings.intensity = 3
        var policy = RestartPolicy(settings: settings)
        #expect(policy.ruling == nil)
        let expected: [(RestartPolicy.Ruling.Ground, streak: Int, failures: Int)] = [
            (.first, 0, 1), (.streak, 1, 2), (.streak, 2, 3), (.intensity, 3, 4),
        ]
        for (second, expected) in expected.enumerated() {
            let decision = policy.ended(ending(), at: at(Int64(second)), random: 0.5)
            #expect(policy.ruling?.decision == decision)
            #expect(policy.ruling?.ground == expected.0)
            #expect(policy.ruling?.streak == expected.streak)
            #expect(policy.ruling?.failures == expected.failures)
            #expect(policy.ruling?.settings == settings)
        }
    }

    @Test("health, a kill from outside and the rule are grounds of their own")
    func grounds() {
        var policy = RestartPolicy(settings: RestartSettings())
        _ = policy.ended(ending(), at: at(1), random: 0.5)
        _ = policy.ended(ending(readyFor: .seconds(41)), at: at(50), random: 0.5)
        #expect(policy.ruling?.ground == .health && policy.ruling?.ending.readyFor == .seconds(41))
        _ = policy.ended(ending(.signal(9), readyFor: .seconds(1)), at: at(52), random: 0.5)
        #expect(policy.ruling?.ground == .killedFromOutside && policy.ruling?.failures == 1)
        #expect(policy.streak == 1, "a kill from outside is not counted")
        policy.settings.rule = .temporary
        _ = policy.ended(ending(), at: at(53), random: 0.5)
        #expect(policy.ruling?.ground == .rule && policy.ruling?.decision == .finished)
    }

    @Test(
        "the machine says what became of an end, and by what",
        arguments: [
            ([.stop(.requested)], .unwanted), ([.restart(.requested)], .replaced),
            ([.restart(.configuration), .start], .askedFor), ([.stop(.requested), .start], .askedFor),
        ] as [([WorkerStateMachine.Event], WorkerStateMachine.Aftermath)]
    )
    func aftermath(events: [WorkerStateMachine.Event], aftermath: WorkerStateMachine.Aftermath) {
        var machine = WorkerStateMachine(settings: .init())
        for event in [.start, .admitted, .spawned, .ready] + events { _ = machine.handle(event, at: at(1)) }
        #expect(machine.aftermath == nil)
        _ = machine.handle(.exited(.code(0)), at: at(2))
        #expect(machine.aftermath == aftermath)
    }

    @Test("an end that nobody has asked for is ruled on")
    func ruled() {
        var machine = WorkerStateMachine(settings: .init())
        for event in [.start, .admitted, .spawned, .ready] as [WorkerStateMachine.Event] {
            _ = machine.handle(event, at: at(1))
        }
        _ = machine.handle(.exited(.code(3)), at: at(42))
        guard case .ruled(let ruling) = machine.aftermath else {
            Issue.record("\(String(describing: machine.aftermath))")
            return
        }
        #expect(ruling.ground == .health && ruling.ending.readyFor == .seconds(41))
    }
}
