import Glibc
import RoostPolicy
import RoostReactor
import Testing

@Suite("Reactor, timers") struct TimerTests {
    private let clock = VirtualClock()
    private let reactor: Reactor
    init() throws { reactor = try Reactor(clock: .virtual(clock)) }

    @Test("timers fire in the order of their deadlines, equal ones in the order of their making")
    func order() {
        var fired: [String] = []
        for (name, delay) in [("c", 3), ("a1", 1), ("b", 2), ("a2", 1), ("now", 0), ("past", -5)] {
            reactor.schedule(after: .seconds(delay)) { fired.append(name) }
        }
        clock.advance(by: .seconds(3))
        reactor.runUntilIdle()
        #expect(fired == ["past", "now", "a1", "a2", "b", "c"])
        #expect(reactor.timerCount == 0)
    }

    @Test("no timer fires before its deadline")
    func notEarly() {
        var fired = 0
        reactor.schedule(after: .nanoseconds(10)) { fired += 1 }
        clock.advance(by: .nanoseconds(9))
        reactor.runUntilIdle()
        #expect(fired == 0)
        clock.advance(by: .nanoseconds(1))
        reactor.runUntilIdle()
        #expect(fired == 1)
    }

    @Test("a cancelled timer does not fire; a token that is used up takes back nobody else's timer")
    func cancelled() {
        var fired: [String] = []
        let first = reactor.schedule(after: .seconds(1)) { fired.append("first") }
        reactor.cancel(first)
        reactor.schedule(after: .seconds(1)) { fired.append("second") }
        reactor.cancel(first)
        clock.advance(by: .seconds(1))
        reactor.runUntilIdle()
        #expect(fired == ["second"])
    }

    @Test("a timer can be cancelled by one that fires just before it")
    func cancelledWhileFiring() {
        var fired: [String] = []
        var second: TimerToken?
        reactor.schedule(after: .seconds(1)) { [reactor] in
            fired.append("first")
            if let second { reactor.cancel(second) }
        }
        second = reactor.schedule(after: .seconds(1)) { fired.append("second") }
        clock.advance(by: .seconds(1))
        reactor.runUntilIdle()
        #expect(fired == ["first"])
    }

    @Test("a hundred thousand cancelled timers leave nothing behind")
    func manyCancelled() {
        final class Held {}
        weak var weakly: Held?
        do {
            let held = Held()
            weakly = held
            let tokens = (0..<100_000).map { number in
                reactor.schedule(after: .milliseconds(number * 7919 % 100_000)) { withExtendedLifetime(held) {} }
            }
            for token in tokens { reactor.cancel(token) }
        }
        #expect(reactor.timerCount == 0 && weakly == nil)
    }

    @Test("any order of making and cancelling fires the rest in order", arguments: UInt64(1)...20)
    func randomOrder(seed: UInt64) {
        var random = seed
        func next(_ bound: UInt64) -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (random >> 33) % bound
        }
        var live: [(deadline: UInt64, number: Int, token: TimerToken)] = []
        var fired: [Int] = []
        for number in 0..<500 {
            let deadline = next(100)
            let token = reactor.schedule(after: .milliseconds(deadline)) { fired.append(number) }
            live.append((deadline, number, token))
            if next(3) == 0 {
                let victim = live.remove(at: Int(next(UInt64(live.count))))
                reactor.cancel(victim.token)
            }
        }
        #expect(reactor.timerCount == live.count)
        clock.advance(by: .seconds(1))
        reactor.runUntilIdle()
        #expect(fired == live.sorted { ($0.deadline, $0.number) < ($1.deadline, $1.number) }.map(\.number))
    }

    @Test("a timer that is made while timers fire waits for the next turn, even if it is due")
    func insertedWhileFiring() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        var story: [String] = []
        var rounds = 0
        func again() {
            rounds += 1
            story.append("timer")
            if rounds == 1 { write(ends[1], "x", 1) }
            if rounds < 1000 { reactor.schedule(after: .seconds(-1), again) }
        }
        reactor.schedule(after: .zero, again)
        try reactor.register(ends[0], for: [.readable, .edgeTriggered]) { _ in story.append("descriptor") }
        reactor.runUntilIdle()
        #expect(story.prefix(2) == ["timer", "descriptor"] && rounds == 1000)
    }

    @Test("a timer that renews itself in the past does not keep the others from firing")
    func renewedInThePast() {
        var rounds = 0
        var otherFiredAfter: Int?
        func again() {
            rounds += 1
            if rounds < 1000 { reactor.schedule(after: .seconds(-1), again) }
        }
        reactor.schedule(after: .seconds(-1), again)
        reactor.schedule(after: .zero) { otherFiredAfter = rounds }
        reactor.runUntilIdle()
        #expect(otherFiredAfter == 1)
    }

    @Test("the loop waits for its next timer and no longer, in real time")
    func realTime() throws {
        let reactor = try Reactor()
        let before = reactor.now
        var after = before
        reactor.schedule(after: .milliseconds(30)) {
            after = reactor.now
            reactor.stop()
        }
        reactor.runUntilStopped()
        #expect(before.duration(to: after) >= .milliseconds(30))
        #expect(reactor.wakeUps <= 3)
    }
}
