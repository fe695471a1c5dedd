import RoostPolicy
import Testing

@Suite("RollStateMachine") struct RollStateMachineTests {
    typealias Machine = RollStateMachine

    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)
    private func after(_ duration: Duration) -> MonotonicInstant { start.advanced(by: duration) }

    private func machine(
        _ events: [Machine.Event] = [],
        _ change: (inout Machine.Settings) -> Void = { _ in }
    ) -> Machine {
        var settings = Machine.Settings()
        change(&settings)
        var machine = Machine(settings: settings, at: start)
        for event in events { _ = machine.handle(event, at: start) }
        return machine
    }

    private let proving: [Machine.Event] = [.admitted, .spawned, .ready]
    private let entering: [Machine.Event] = [
        .admitted, .spawned, .ready, .heartbeat, .heartbeat, .probed(failure: nil),
    ]

    @Test("everything goes well: admitted, spawned, ready, heartbeats, probe, told to serve; then the old one drains")
    func promotion() {
        var machine = machine()
        #expect(machine.firstActions == [.requestAdmission])
        #expect(machine.handle(.admitted, at: start) == [.spawn])
        #expect(machine.handle(.spawned, at: start) == [])
        #expect(machine.handle(.ready, at: start) == [.probe(within: .seconds(2))])
        #expect(machine.handle(.heartbeat, at: start) == [])
        #expect(machine.handle(.probed(failure: nil), at: start) == [])
        #expect(machine.handle(.heartbeat, at: start) == [.enter(within: .seconds(2))])
        #expect(
            machine.handle(.entered(failure: nil), at: start)
                == [.promote, .tell(.promoted), .drain(within: .seconds(30))]
        )
        #expect(machine.deadline == after(.seconds(30)))
        #expect(machine.handle(.deadlinePassed, at: after(.seconds(30))) == [.signal(.terminate)])
        #expect(machine.handle(.deadlinePassed, at: after(.seconds(35))) == [.signal(.kill)])
        #expect(machine.handle(.deadlinePassed, at: after(.seconds(40))) == [.signal(.kill)])
        #expect(machine.handle(.exited("x"), at: after(.seconds(41))) == [])
        #expect(machine.phase == .over)
    }

    @Test("a program that cannot be asked is promoted when it is ready, and the old one gets SIGTERM")
    func plain() {
        var machine = machine([.admitted, .spawned]) {
            ($0.isProbed, $0.isTold, $0.heartbeats, $0.drain) = (false, false, 0, .zero)
        }
        #expect(machine.handle(.ready, at: start) == [.promote, .tell(.promoted), .signal(.terminate)])
    }

    @Test(
        "a candidate that shows a fault is ended, and the old one is not touched",
        arguments: [
            (Machine.Event.probed(failure: "lies"), "lies"), (.unfit("hangs"), "hangs"),
        ]
    )
    func unfit(_ event: Machine.Event, _ reason: String) {
        var machine = machine(proving)
        #expect(machine.handle(event, at: start) == [.tell(.failed(reason)), .signal(.terminate)])
        #expect(machine.handle(.deadlinePassed, at: after(.seconds(5))) == [.signal(.kill)])
        #expect(machine.handle(.incumbentExited, at: after(.seconds(5))) == [])
        #expect(machine.handle(.exited("x"), at: after(.seconds(6))) == [])
        #expect(machine.phase == .over)
    }

    @Test("each wait for a candidate ends with a reason that says what is missing")
    func lateness() {
        var waiting = machine()
        #expect(
            waiting.handle(.deadlinePassed, at: after(.seconds(10)))
                == [.withdrawAdmission, .tell(.failed("no start was granted within 10.0 seconds"))]
        )
        var starting = machine([.admitted, .spawned])
        #expect(
            starting.handle(.deadlinePassed, at: after(.seconds(10))).first
                == .tell(.failed("was not ready within 10.0 seconds"))
        )
        var silent = machine(proving + [.probed(failure: nil), .heartbeat])
        #expect(
            silent.handle(.deadlinePassed, at: after(.seconds(10))).first
                == .tell(.failed("sent 1 of 2 heartbeats within 10.0 seconds"))
        )
        var mute = machine(proving)
        #expect(
            mute.handle(.deadlinePassed, at: after(.seconds(10))).first
                == .tell(.failed("did not answer its probe within 10.0 seconds"))
        )
        var idle = machine(entering)
        #expect(
            idle.handle(.deadlinePassed, at: after(.seconds(2))).first
                == .tell(.failed("did not take its listeners within 2.0 seconds"))
        )
    }

    @Test("a candidate that ends by itself is the end of the roll, not of the serving process")
    func candidateExits() {
        var machine = machine(proving)
        #expect(machine.handle(.exited("exited with status 3"), at: start) == [.tell(.failed("exited with status 3"))])
        #expect(machine.phase == .over)
    }

    @Test("when the serving process ends, the candidate takes its place at whatever step it is")
    func incumbentExits() {
        var waiting = machine()
        #expect(waiting.handle(.incumbentExited, at: start) == [.withdrawAdmission, .tell(.incumbentEnded)])
        var starting = machine([.admitted, .spawned])
        #expect(
            starting.handle(.incumbentExited, at: start)
                == [.takeOver(.starting(until: after(.seconds(10)))), .tell(.incumbentEnded)]
        )
        for events in [proving, entering] {
            var machine = machine(events)
            #expect(machine.handle(.incumbentExited, at: start) == [.takeOver(.running), .tell(.incumbentEnded)])
            #expect(machine.phase == .over)
        }
    }

    @Test("a serving process that is being ended already is not asked to drain: its teardown goes on where it is")
    func incumbentEnding() {
        var machine = machine(entering)
        _ = machine.handle(.incumbentEnding(.aborting, until: after(.milliseconds(50))), at: start)
        #expect(machine.handle(.entered(failure: nil), at: start) == [.promote, .tell(.promoted)])
        #expect(machine.handle(.deadlinePassed, at: after(.milliseconds(50))) == [.signal(.kill)])
    }

    @Test("a stop before the promotion ends the candidate; after it the old one goes on ending")
    func stop() {
        var waiting = machine()
        #expect(
            waiting.handle(.stopped, at: start) == [.withdrawAdmission, .tell(.failed("it was told to stop"))]
        )
        var spawning = machine([.admitted, .stopped])
        #expect(
            spawning.handle(.spawned, at: start) == [.tell(.failed("it was told to stop")), .signal(.terminate)]
        )
        var retiring = machine(entering + [.entered(failure: nil)])
        #expect(retiring.handle(.stopped, at: start) == [])
        #expect(retiring.deadline == after(.seconds(30)))
    }

    @Test("what comes too late, or twice, changes nothing")
    func late() {
        var machine = machine(proving)
        #expect(machine.handle(.ready, at: start) == [])
        #expect(machine.handle(.admitted, at: start) == [])
        #expect(machine.handle(.entered(failure: "x"), at: start) == [])
        var retiring = self.machine(entering + [.entered(failure: nil)])
        for event in [Machine.Event.heartbeat, .probed(failure: "x"), .entered(failure: "x"), .unfit("x"), .ready] {
            #expect(retiring.handle(event, at: start) == [])
        }
    }
}
