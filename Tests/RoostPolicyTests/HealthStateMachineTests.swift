import RoostPolicy
import Testing

@Suite("HealthStateMachine") struct HealthStateMachineTests {
    typealias Progress = HealthStateMachine.Progress

    private func instant(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }
    private func machine() -> HealthStateMachine {
        HealthStateMachine(deadline: .seconds(2), at: instant(0), runQueueWait: .zero)
    }

    /// Calls `check` whenever it is due, as a shell does, and says when it found the process hung.
    private func hangTime(
        _ health: inout HealthStateMachine,
        until limit: Int64,
        wait: (Int64) -> Duration
    ) -> Int64? {
        while health.nextCheck <= instant(limit) {
            let now = (health.nextCheck.nanoseconds + 999_999) / 1_000_000
            if case .hung = health.check(at: instant(now), runQueueWait: wait(now)) { return now }
        }
        return nil
    }

    @Test("a process that beats in time is never found hung")
    func alive() {
        var health = machine()
        for beat in stride(from: Int64(0), to: 60_000, by: 1999) {
            #expect(health.check(at: instant(beat), runQueueWait: .zero) == .alive)
            #expect(health.heartbeat([], at: instant(beat), runQueueWait: .zero) == .alive)
        }
    }

    @Test("a stopped process, which waits for no CPU, is hung at the deadline and not before")
    func stopped() {
        var health = machine()
        #expect(health.nextCheck == instant(2000))
        #expect(health.check(at: instant(1999), runQueueWait: .zero) == .alive)
        #expect(health.check(at: instant(2000), runQueueWait: .zero) == .hung(.silent(.seconds(2))))
    }

    @Test("a stopped process is hung at the deadline even if it had waited for a CPU before its last beat")
    func stoppedAfterStarvation() {
        var health = machine()
        _ = health.heartbeat([], at: instant(1500), runQueueWait: .seconds(1))
        #expect(hangTime(&health, until: 20_000) { _ in .seconds(1) } == 3500)
    }

    @Test("only time in which it could run counts: half starved is twice the deadline")
    func halfStarved() {
        var health = machine()
        let time = hangTime(&health, until: 20_000) { .microseconds($0 * 500) }
        #expect(time.map { 4000...4002 ~= $0 } == true, "\(time ?? -1)")
    }

    @Test("a process that never got a CPU has five times the deadline and no more")
    func starved() {
        var health = machine()
        #expect(hangTime(&health, until: 60_000) { .milliseconds($0) } == 10_000)
    }

    @Test("a starved process that beats before the fifth deadline is alive")
    func starvedAndAlive() {
        var health = machine()
        #expect(hangTime(&health, until: 9_900) { .milliseconds($0) } == nil)
        #expect(health.heartbeat([], at: instant(9_900), runQueueWait: .milliseconds(9_900)) == .alive)
        #expect(health.nextCheck == instant(11_900))
    }

    @Test(
        "a wait that the kernel counts backwards or beyond all time does not count",
        arguments: [Int64(-5), 1_000_000]
    )
    func garbageWait(_ seconds: Int64) {
        var health = machine()
        let time = hangTime(&health, until: 60_000) { _ in .seconds(seconds) }
        #expect(time == (seconds < 0 ? 2000 : 10_000))
    }

    @Test("checks of a starved process come in bounded number")
    func fewChecks() {
        var health = machine()
        var checks = 0
        _ = hangTime(&health, until: 60_000) {
            checks += 1
            return .milliseconds($0 * 9 / 10)
        }
        #expect(checks <= 40)
    }

    @Test("a slow phase is waited for, and the deadline counts from its end")
    func slowPhase() {
        var health = machine()
        health.slowPhase(.seconds(30), at: instant(1000))
        #expect(hangTime(&health, until: 32_999) { _ in .zero } == nil)
        #expect(hangTime(&health, until: 40_000) { _ in .zero } == 33_000)
    }

    @Test("what a process waited for a CPU in its slow phase does not count after it")
    func starvedInSlowPhase() {
        var health = machine()
        health.slowPhase(.seconds(30), at: instant(0))
        #expect(hangTime(&health, until: 60_000) { .milliseconds(min($0, 30_000)) } == 32_000)
    }

    @Test("a beat ends the slow phase")
    func slowPhaseOver() {
        var health = machine()
        health.slowPhase(.seconds(30), at: instant(0))
        _ = health.heartbeat([], at: instant(1000), runQueueWait: .zero)
        #expect(hangTime(&health, until: 40_000) { _ in .zero } == 3000)
    }

    @Test(
        "a slow phase has a length between nothing and an hour",
        arguments: [(Duration.seconds(-5), Int64(2500)), (.zero, 2500), (.seconds(Int64.max), 3_602_500)]
    )
    func slowPhaseBounds(_ duration: Duration, hungAt expected: Int64) {
        var health = machine()
        health.slowPhase(duration, at: instant(500))
        #expect(hangTime(&health, until: 4_000_000) { _ in .zero } == expected)
    }

    // MARK: Sources of work

    private func queue(_ completed: UInt64, pending: UInt64, limit: Duration? = .seconds(5)) -> [Progress] {
        [Progress(name: "queue", completed: completed, pending: pending, stallAfter: limit)]
    }

    @Test("work that is pending and never done is a stall, once its time is over")
    func stalled() {
        var health = machine()
        for second in Int64(0)...5 {
            #expect(health.heartbeat(queue(7, pending: 3), at: instant(second * 1000), runQueueWait: .zero) == .alive)
        }
        #expect(
            health.heartbeat(queue(7, pending: 3), at: instant(5001), runQueueWait: .zero)
                == .hung(.stalled(source: "queue", .milliseconds(5001)))
        )
    }

    @Test("a source that completes something now and then is not stalled, however much is pending")
    func slowButMoving() {
        var health = machine()
        for second in Int64(0)..<100 {
            let progress = queue(UInt64(second / 4), pending: .max)
            #expect(health.heartbeat(progress, at: instant(second * 1000), runQueueWait: .zero) == .alive)
        }
    }

    @Test("idle time does not count: the clock runs from when work arrived")
    func idle() {
        var health = machine()
        #expect(health.heartbeat(queue(7, pending: 0), at: instant(0), runQueueWait: .zero) == .alive)
        #expect(health.heartbeat(queue(7, pending: 0), at: instant(60_000), runQueueWait: .zero) == .alive)
        #expect(health.heartbeat(queue(7, pending: 1), at: instant(61_000), runQueueWait: .zero) == .alive)
        #expect(health.heartbeat(queue(7, pending: 1), at: instant(66_000), runQueueWait: .zero) == .alive)
        let verdict = health.heartbeat(queue(7, pending: 1), at: instant(66_001), runQueueWait: .zero)
        #expect(verdict == .hung(.stalled(source: "queue", .milliseconds(5001))))
    }

    @Test("a source without a limit may take for ever")
    func noLimit() {
        var health = machine()
        for second in Int64(0)..<1000 {
            let progress = queue(7, pending: 1, limit: nil)
            #expect(health.heartbeat(progress, at: instant(second * 1000), runQueueWait: .zero) == .alive)
        }
    }

    @Test("one stalled source among busy ones is named")
    func oneOfMany() {
        var health = machine()
        var verdict = HealthStateMachine.Verdict.alive
        for second in Int64(0)...6 {
            let progress = (0..<10).map {
                let completed = $0 == 4 ? 1 : UInt64(second)
                return Progress(name: "s\($0)", completed: completed, pending: 1, stallAfter: .seconds(5))
            }
            verdict = health.heartbeat(progress, at: instant(second * 1000), runQueueWait: .zero)
        }
        #expect(verdict == .hung(.stalled(source: "s4", .seconds(6))))
    }

    @Test("garbage in heartbeats neither traps nor grows without bound", arguments: UInt64(1)...20)
    func garbage(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var health = machine()
        for _ in 0..<50 {
            let progress = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                Progress(
                    name: String(Int.random(in: 0...1000, using: &random)),
                    completed: .random(in: 0...UInt64.max, using: &random),
                    pending: Bool.random(using: &random) ? .max : 0,
                    stallAfter: [nil, .zero, .seconds(Int64.max), .seconds(-1)].randomElement(using: &random) ?? nil
                )
            }
            let now = MonotonicInstant(nanoseconds: .random(in: .min...Int64.max, using: &random))
            let wait = Duration.seconds(Int64.random(in: .min...Int64.max, using: &random) / 4)
            _ = health.heartbeat(progress, at: now, runQueueWait: wait)
            _ = health.check(at: health.nextCheck, runQueueWait: wait + .seconds(1))
        }
        #expect(health.heartbeat([], at: instant(0), runQueueWait: .zero) == .alive)
    }

    @Test("sources beyond the limit of a heartbeat are not looked at")
    func manySources() {
        var health = machine()
        let idle = (0..<HealthStateMachine.maximumSources).map {
            Progress(name: "idle\($0)", completed: 0, pending: 0, stallAfter: .seconds(5))
        }
        for second in Int64(0)..<20 {
            let verdict = health.heartbeat(idle + queue(1, pending: 1), at: instant(second * 1000), runQueueWait: .zero)
            #expect(verdict == .alive)
        }
    }
}
