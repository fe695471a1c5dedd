import RoostPolicy
import Testing

@Suite("WorkerStateMachine") struct WorkerStateMachineTests {
    typealias Machine = WorkerStateMachine

    private let start = MonotonicInstant(nanoseconds: 1_000_000_000)
    private func after(_ duration: Duration) -> MonotonicInstant { start.advanced(by: duration) }

    private func machine(_ change: (inout Machine.Settings) -> Void = { _ in }) -> Machine {
        var settings = Machine.Settings()
        change(&settings)
        return Machine(settings: settings)
    }

    private func running(_ change: (inout Machine.Settings) -> Void = { _ in }) -> Machine {
        var machine = machine(change)
        for event in [Machine.Event.start, .admitted, .spawned, .ready] { _ = machine.handle(event, at: start) }
        return machine
    }

    @Test("a stop goes from asking to SIGTERM to SIGKILL, each step after its time, and SIGKILL again until the end")
    func teardown() {
        var machine = running()
        #expect(machine.handle(.stop(.requested), at: start) == [.drain(within: .seconds(30))])
        #expect(machine.deadline == after(.seconds(30)))
        #expect(machine.handle(.deadlinePassed, at: after(.seconds(30))) == [.signal(.terminate)])
        #expect(machine.deadline == after(.seconds(35)))
        #expect(machine.handle(.deadlinePassed, at: after(.seconds(35))) == [.signal(.kill)])
        #expect(machine.handle(.deadlinePassed, at: after(.seconds(40))) == [.signal(.kill)])
        #expect(machine.handle(.exited(.signal(9)), at: after(.seconds(41))) == [])
        #expect(machine.phase == .stopped && machine.exitReason(of: .signal(9)) == .requested)
    }

    @Test("a program that cannot be asked gets SIGTERM at once")
    func noDrain() {
        var machine = running { $0.drain = .zero }
        #expect(machine.handle(.stop(.requested), at: start) == [.signal(.terminate)])
    }

    @Test("a hung process has the time to write a core, and no more")
    func hung() {
        var machine = running()
        #expect(machine.handle(.hung, at: start) == [.signal(.abort)])
        #expect(machine.deadline == after(.milliseconds(50)))
        #expect(machine.handle(.deadlinePassed, at: after(.milliseconds(50))) == [.signal(.kill)])
        #expect(machine.exitReason(of: .signal(9)) == .hung)
    }

    @Test("a timer that fires early, or for a deadline that has moved, does nothing")
    func staleDeadline() {
        var machine = running()
        _ = machine.handle(.stop(.requested), at: start)
        #expect(machine.handle(.deadlinePassed, at: after(.seconds(29))) == [])
        #expect(machine.deadline == after(.seconds(30)))
    }

    @Test("a process that is not ready in time is a failure of its own kind")
    func startTimeout() {
        var machine = machine()
        for event in [Machine.Event.start, .admitted, .spawned] { _ = machine.handle(event, at: start) }
        #expect(machine.deadline == after(.seconds(10)))
        #expect(machine.handle(.deadlinePassed, at: after(.seconds(10))) == [.signal(.terminate)])
        #expect(machine.exitReason(of: .code(0)) == .startTimeout)
        #expect(machine.handle(.exited(.code(0)), at: after(.seconds(11))) == [.reportFailure, .requestAdmission])
        #expect(machine.policy.streak == 1)
    }

    @Test("a stop that comes between spawn and its outcome ends the new process, or nothing")
    func stopWhileSpawning() {
        var machine = machine()
        _ = machine.handle(.start, at: start)
        #expect(machine.handle(.admitted, at: start) == [.spawn])
        #expect(machine.handle(.stop(.requested), at: start) == [])
        #expect(machine.handle(.spawned, at: start) == [.signal(.terminate)])
        #expect(machine.handle(.exited(.signal(15)), at: start) == [])
        #expect(machine.phase == .stopped)
    }

    @Test("a ready worker killed from outside is replaced at once, without limit")
    func killFromOutside() {
        var machine = running { $0.restart.intensity = 1 }
        for _ in 0..<50 {
            #expect(machine.handle(.exited(.signal(9)), at: start, random: 0.9) == [.reportFailure, .requestAdmission])
            for event in [Machine.Event.admitted, .spawned, .ready] { _ = machine.handle(event, at: start) }
        }
        #expect(machine.state == .running)
    }

    @Test("what is not restarted by its rule is stopped and no longer wanted, until it is started")
    func finished() {
        var machine = running { $0.restart.rule = .transient }
        #expect(machine.handle(.exited(.code(0)), at: start) == [])
        #expect(machine.phase == .stopped && !machine.isWanted)
        #expect(machine.handle(.start, at: start) == [.requestAdmission])
    }

    @Test("a crash loop ends in quarantine or escalation", arguments: IntensityExceeded.allCases)
    func crashLoop(exceeded: IntensityExceeded) {
        var machine = machine { $0.restart.exceeded = exceeded }
        _ = machine.handle(.start, at: start)
        var now = start
        var actions: [Machine.Action] = []
        for _ in 0..<6 {
            if let deadline = machine.deadline {
                now = deadline
                #expect(machine.handle(.deadlinePassed, at: now) == [.requestAdmission])
            }
            #expect(machine.handle(.admitted, at: now) == [.spawn])
            _ = machine.handle(.spawned, at: now)
            actions = machine.handle(.exited(.signal(11)), at: now, random: 0.5)
        }
        #expect(machine.state == .quarantined && machine.deadline == nil)
        #expect(actions == (exceeded == .escalate ? [.reportFailure, .escalate] : [.reportFailure]))
    }

    @Test("each change lifts a quarantine and starts the count anew", arguments: [Machine.Event.start, .changed])
    func lifted(by event: Machine.Event) {
        var machine = running { $0.restart.intensity = 0 }
        _ = machine.handle(.exited(.code(1)), at: start)
        #expect(machine.state == .quarantined)
        #expect(machine.handle(event, at: start) == [.requestAdmission])
        #expect(machine.policy.failuresInPeriod(at: start) == 0)
    }

    // MARK: Operators and failures at once

    @Test(
        "an operator's command during the end of a failed process is kept",
        arguments: [Machine.Event.start, .restart(.requested)],
        [RestartRule.permanent, .transient, .temporary]
    )
    func commandWhileFailing(command: Machine.Event, rule: RestartRule) {
        var machine = running {
            $0.restart.rule = rule
            $0.restart.intensity = 0
        }
        _ = machine.handle(.hung, at: start)
        _ = machine.handle(command, at: start)
        #expect(machine.exitReason(of: .signal(6)) == .hung)
        #expect(machine.handle(.exited(.signal(6)), at: start) == [.requestAdmission])
        #expect(machine.state == .waiting && machine.isWanted)
    }

    @Test("a stop after such a command wins, and the command does not outlive the process")
    func commandTakenBack() {
        var machine = running { $0.restart.intensity = 0 }
        for event in [Machine.Event.hung, .restart(.requested), .stop(.requested), .exited(.signal(6))] {
            _ = machine.handle(event, at: start)
        }
        #expect(machine.phase == .stopped)
        for event in [Machine.Event.start, .admitted, .spawned, .exited(.code(1))] {
            _ = machine.handle(event, at: start)
        }
        #expect(machine.state == .quarantined)
    }

    @Test("a companion's failure does not start what an operator has stopped")
    func dependencyOfStopped() {
        var machine = machine()
        #expect(machine.handle(.restart(.dependency), at: start) == [])
        #expect(!machine.isWanted)
        machine = running()
        _ = machine.handle(.stop(.requested), at: start)
        #expect(machine.handle(.restart(.dependency), at: start) == [])
        #expect(!machine.isWanted)
    }

    @Test("two members of a group that crash in turn do not lift each other's backoff and quarantine")
    func dependencyOfCrashing() {
        var machine = machine { $0.restart.intensity = 2 }
        _ = machine.handle(.start, at: start)
        for _ in 0..<2 {
            for event in [Machine.Event.admitted, .spawned, .exited(.code(1))] {
                _ = machine.handle(event, at: start, random: 0.5)
            }
        }
        #expect(machine.state == .backoff)
        #expect(machine.handle(.restart(.dependency), at: start) == [])
        #expect(machine.state == .backoff && machine.policy.failuresInPeriod(at: start) == 2)
        for event in [Machine.Event.deadlinePassed, .admitted, .spawned, .exited(.code(1))] {
            _ = machine.handle(event, at: after(.seconds(1)))
        }
        #expect(machine.state == .quarantined)
        #expect(machine.handle(.restart(.dependency), at: after(.seconds(1))) == [])
        #expect(machine.state == .quarantined)
    }

    @Test("a companion's failure replaces a running process and counts as none of its own")
    func dependencyOfRunning() {
        var machine = running()
        #expect(machine.handle(.restart(.dependency), at: start) == [.drain(within: .seconds(30))])
        #expect(machine.exitReason(of: .code(0)) == .dependency)
        #expect(machine.handle(.exited(.code(0)), at: start) == [.requestAdmission])
        #expect(machine.policy.streak == 0)
    }

    @Test("changed settings act from the next decision on")
    func settings() {
        var machine = running()
        machine.settings.restart.intensity = 0
        machine.settings.restart.exceeded = .escalate
        #expect(machine.handle(.exited(.code(1)), at: start) == [.reportFailure, .escalate])
    }

    @Test("a process that goes over its hard ceiling while it drains is killed at once")
    func memoryWhileDraining() {
        var machine = running()
        #expect(machine.handle(.memoryExceeded(isHard: false), at: start) == [.drain(within: .seconds(30))])
        #expect(machine.handle(.memoryExceeded(isHard: true), at: start) == [.signal(.kill)])
        #expect(machine.exitReason(of: .signal(9)) == .memory)
    }

    @Test(
        "without a cause of ours the exit's reason is the kernel's word",
        arguments: [
            (RoostPolicy.ExitStatus.code(0), ExitReason.exited), (.code(3), .exited), (.signal(9), .signaled),
            (.unknown, .unknown),
        ]
    )
    func exitReason(of status: RoostPolicy.ExitStatus, is reason: ExitReason) {
        #expect(running().exitReason(of: status) == reason)
    }

    @Test(
        "a cause of ours names the exit",
        arguments: [
            (StopCause.requested, "requested"), (.hung, "hung"), (.memory, "memory"), (.startTimeout, "start_timeout"),
            (.dependency, "dependency"), (.configuration, "configuration"), (.upgrade, "upgrade"),
        ]
    )
    func cause(_ cause: StopCause, isNamed name: String) { #expect(cause.exitReason.rawValue == name) }
}
