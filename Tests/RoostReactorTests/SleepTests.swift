import Foundation
import RoostPolicy
import RoostReactor
import Testing

@Suite("Reactor, sleep") struct SleepTests {
    private let clock = VirtualClock()
    private let reactor: Reactor
    init() throws { reactor = try Reactor(clock: .virtual(clock)) }

    @Test("a sleeper wakes when its clock says so")
    func virtualTime() {
        nonisolated(unsafe) var wokeAt: MonotonicInstant?
        let (reactor, begun) = (reactor, clock.now)
        reactor.start {
            try? await reactor.sleep(for: .seconds(3600))
            wokeAt = reactor.now
        }
        reactor.runUntilIdle()
        #expect(wokeAt == nil && reactor.timerCount == 1)
        clock.advance(by: .seconds(3599))
        reactor.runUntilIdle()
        #expect(wokeAt == nil)
        clock.advance(by: .seconds(1))
        reactor.runUntilIdle()
        #expect(wokeAt == begun.advanced(by: .seconds(3600)) && reactor.timerCount == 0)
    }

    @Test("a cancelled sleeper wakes at once, and leaves no timer", arguments: [false, true])
    func cancelled(beforeItSleeps: Bool) {
        nonisolated(unsafe) var caught: (any Error)?
        let reactor = reactor
        let task = reactor.start {
            do { try await reactor.sleep(for: .seconds(3600)) } catch { caught = error }
        }
        if !beforeItSleeps { reactor.runUntilIdle() }
        #expect(caught == nil)
        task.cancel()
        reactor.runUntilIdle()
        #expect(caught is CancellationError && reactor.timerCount == 0)
    }

    @Test("a sleeper that another thread cancels while it wakes ends once, in one way or the other")
    func cancelledElsewhere() throws {
        let reactor = try Reactor()
        nonisolated(unsafe) var ended = 0
        for _ in 0..<500 {
            let task = reactor.start {
                try? await reactor.sleep(for: .milliseconds(1))
                ended += 1
                if ended == 500 { reactor.stop() }
            }
            Thread.detachNewThread { task.cancel() }
        }
        reactor.runUntilStopped()
        #expect(ended == 500 && reactor.timerCount == 0)
    }

    @Test("no time and negative time are slept at once", arguments: [Duration.zero, .seconds(-5), .seconds(Int64.min)])
    func none(_ duration: Duration) {
        nonisolated(unsafe) var isAwake = false
        let reactor = reactor
        reactor.start {
            try? await reactor.sleep(for: duration)
            isAwake = true
        }
        reactor.runUntilIdle()
        #expect(isAwake)
    }
}
