import Foundation
import RoostPolicy
import RoostReactor
import Testing

@Suite("Reactor, other threads") struct InboxTests {
    @Test("of what four threads post nothing is lost, and what one posts keeps its order")
    func post() throws {
        let reactor = try Reactor()
        nonisolated(unsafe) var seen: [[Int]] = Array(repeating: [], count: 4)  // the loop's thread only
        nonisolated(unsafe) var left = 40_000
        nonisolated(unsafe) var strangers = 0
        for thread in 0..<4 {
            Thread.detachNewThread {
                for number in 0..<10_000 {
                    reactor.post {
                        if !reactor.isOnLoop { strangers += 1 }
                        seen[thread].append(number)
                        left -= 1
                        if left == 0 { reactor.stop() }
                    }
                }
            }
        }
        reactor.runUntilStopped()
        #expect(left == 0 && strangers == 0)
        #expect(seen.allSatisfy { $0 == Array(0..<10_000) })
    }

    @Test("of tasks that four threads start none is lost, and all run on the loop")
    func tasks() throws {
        let reactor = try Reactor()
        let resident = Resident(reactor)
        for _ in 0..<4 {
            Thread.detachNewThread {
                for _ in 0..<2_500 {
                    reactor.start {
                        let isOnLoop = await resident.bump()
                        if !isOnLoop { Issue.record("not on the loop") }
                        if await resident.count == 10_000 { reactor.stop() }
                    }
                }
            }
        }
        reactor.runUntilStopped()
        resident.assumeIsolated { #expect($0.count == 10_000) }
    }

    @Test("a stop that comes before the run is not lost", arguments: [true, false])
    func earlyStop(onOwnThread: Bool) throws {
        let reactor = try Reactor()
        if onOwnThread {
            reactor.stop()
        } else {
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                reactor.stop()
                done.signal()
            }
            done.wait()
        }
        reactor.runUntilStopped(limit: .seconds(2))
        nonisolated(unsafe) var ran = false
        reactor.schedule(after: .milliseconds(1)) {
            ran = true
            reactor.stop()
        }
        reactor.runUntilStopped()
        #expect(ran, "one stop ends one run")
    }

    @Test("a stop from another thread ends a loop that waits for ever")
    func stop() throws {
        let reactor = try Reactor()
        Thread.detachNewThread { reactor.stop() }
        reactor.runUntilStopped()
    }

    @Test("an idle loop does not wake up")
    func idle() throws {
        let reactor = try Reactor()
        reactor.schedule(after: .milliseconds(200)) { reactor.stop() }
        reactor.runUntilStopped()
        #expect(reactor.wakeUps <= 3)
    }
}
