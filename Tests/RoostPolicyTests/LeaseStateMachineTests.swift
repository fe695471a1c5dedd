import RoostPolicy
import Testing

@Suite("LeaseStateMachine") struct LeaseStateMachineTests {
    private func instant(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }
    private func machine() -> LeaseStateMachine { LeaseStateMachine(duration: .seconds(10)) }

    @Test("a worker starts attached, and the loss of its supervisor makes it dial at once")
    func loss() {
        var lease = machine()
        #expect(lease.isAttached)
        #expect(lease.lost(at: instant(0)) == .dial)
        #expect(!lease.isAttached)
    }

    @Test("a failed dial is followed by a pause and another dial")
    func redial() {
        var lease = machine()
        _ = lease.lost(at: instant(0))
        #expect(lease.proceed(dialFailed: true, at: instant(1), random: 0.5) == .wait(until: instant(11)))
        #expect(lease.proceed(dialFailed: false, at: instant(11), random: 0.5) == .dial)
        #expect(lease.proceed(dialFailed: true, at: instant(11), random: 0.5) == .wait(until: instant(31)))
    }

    @Test("a dial that fails at once is not repeated in a tight loop")
    func noTightLoop() {
        var lease = machine()
        _ = lease.lost(at: instant(0))
        #expect(lease.proceed(dialFailed: true, at: instant(0), random: 0) == .wait(until: instant(5)))
    }

    @Test("no pause goes beyond the lease's end")
    func lastPause() {
        var lease = machine()
        _ = lease.lost(at: instant(0))
        #expect(lease.proceed(dialFailed: true, at: instant(9_999), random: 0.9) == .wait(until: instant(10_000)))
        #expect(lease.proceed(dialFailed: false, at: instant(10_000), random: 0) == .expire)
    }

    @Test("a supervisor that answers ends the waiting, and the next loss has a whole lease")
    func attachedAgain() {
        var lease = machine()
        _ = lease.lost(at: instant(0))
        lease.attached()
        #expect(lease.isAttached)
        #expect(lease.lost(at: instant(60_000)) == .dial)
        #expect(lease.proceed(dialFailed: false, at: instant(69_999), random: 0) == .dial)
        #expect(lease.proceed(dialFailed: false, at: instant(70_000), random: 0) == .expire)
    }

    @Test("a pause that ends after the supervisor has answered does not end the worker", arguments: [true, false])
    func lateTimer(dialFailed: Bool) {
        var lease = machine()
        _ = lease.lost(at: instant(0))
        _ = lease.proceed(dialFailed: true, at: instant(1), random: 0.5)
        lease.attached()
        #expect(lease.proceed(dialFailed: dialFailed, at: instant(11), random: 0.5) == .wait(until: instant(10_011)))
        #expect(lease.isAttached)
    }

    @Test("a second loss while detached does not prolong the lease")
    func lostTwice() {
        var lease = machine()
        _ = lease.lost(at: instant(0))
        #expect(lease.lost(at: instant(5_000)) == .wait(until: instant(10_000)))
    }

    @Test("what has expired stays expired")
    func expired() {
        var lease = machine()
        _ = lease.lost(at: instant(0))
        #expect(lease.proceed(dialFailed: true, at: instant(10_000), random: 0) == .expire)
        #expect(lease.lost(at: instant(10_001)) == .expire)
        #expect(lease.proceed(dialFailed: false, at: instant(10_001), random: 0) == .expire)
    }

    @Test(
        "whatever dials and losses do, a worker whose supervisor is gone ends with its lease",
        arguments: UInt64(1)...200
    )
    func alwaysEnds(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var lease = machine()
        var now: Int64 = 0
        var action = lease.lost(at: instant(now))
        var steps = 0
        while action != .expire, steps < 20_000 {
            steps += 1
            switch action {
            case .dial:
                now += Int64.random(in: 0...100, using: &random)  // how long the dial takes
                action = lease.proceed(dialFailed: true, at: instant(now), random: .random(in: 0..<1, using: &random))
            case .wait(let until):
                now = max(now, (until.nanoseconds + 999_999) / 1_000_000)
                let isLostAgain = Int.random(in: 0..<10, using: &random) == 0
                action = isLostAgain ? lease.lost(at: instant(now)) : .dial
                if !isLostAgain { action = lease.proceed(dialFailed: false, at: instant(now), random: 0) }
                if case .wait(let next) = action, next <= instant(now) {
                    action = lease.proceed(dialFailed: false, at: instant(now), random: 0)
                }
            case .expire: break
            }
        }
        #expect(action == .expire && (10_000...10_100) ~= now, "after \(steps) steps at \(now) ms")
    }
}
