import Foundation
import RoostPolicy
import RoostReactor
import Testing

/// What of Swift concurrency runs on the loop when the reactor is not the process's executor.
@Suite("Reactor, executor") struct ExecutorTests {
    private let reactor: Reactor
    init() throws { reactor = try Reactor() }

    /// Runs `body` in a task on the loop; what it gives says for each step whether it was on the loop.
    private func steps(_ body: @escaping @Sendable (Reactor) async -> [Bool]) -> [Bool] {
        nonisolated(unsafe) var outcome: [Bool] = []  // the loop's thread only
        let reactor = reactor
        reactor.start {
            outcome = await body(reactor)
            reactor.stop()
        }
        reactor.runUntilStopped()
        return outcome
    }

    @Test("a hop from actor to actor and back stays on the loop")
    func hop() {
        let outcome = steps { await Resident($0).bump(through: Resident($0)) }
        #expect(outcome == [true, true, true])
    }

    @Test("a task that captures its actor runs on the loop")
    func capturingTask() {
        #expect(steps { [await Resident($0).bumpInTask().value] } == [true])
    }

    @Test("children of a group and of async let, and nonisolated functions, inherit the loop")
    func children() {
        let outcome = steps { reactor in
            async let child = reactor.isOnLoop
            let children = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        await Task.yield()
                        return reactor.isOnLoop
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            return await children + [child, isOnLoop(reactor)]
        }
        #expect(outcome == Array(repeating: true, count: 12))
    }

    @Test("a continuation that a foreign thread resumes goes on on the loop")
    func foreignResume() {
        let outcome = steps { reactor in
            await withCheckedContinuation { continuation in
                Thread.detachNewThread { continuation.resume() }
            }
            return [reactor.isOnLoop]
        }
        #expect(outcome == [true])
    }

    @Test("callbacks of timers and posts are inside the isolation of the loop's actors")
    func assumeIsolated() {
        let resident = Resident(reactor)
        reactor.schedule(after: .zero) { [reactor] in
            resident.assumeIsolated { resident in
                let isOnLoop = resident.bump()
                #expect(isOnLoop)
            }
            reactor.post {
                resident.assumeIsolated { resident in
                    let isOnLoop = resident.bump()
                    #expect(isOnLoop)
                }
                reactor.stop()
            }
        }
        reactor.runUntilStopped()
        resident.assumeIsolated { #expect($0.count == 2) }
    }

    @Test("another thread is outside of it, and is stopped")
    func assumeIsolatedElsewhere() async {
        await #expect(processExitsWith: .failure) {
            let resident = Resident(try Reactor())
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                resident.assumeIsolated { _ = $0.bump() }
                done.signal()
            }
            done.wait()
        }
    }

    @Test("jobs that come without end let descriptors and timers through")
    func endlessJobs() {
        nonisolated(unsafe) var isOver = false
        nonisolated(unsafe) var yields = 0
        let reactor = reactor
        reactor.schedule(after: .milliseconds(5)) { isOver = true }
        reactor.start {
            while !isOver {
                yields += 1
                await Task.yield()
            }
            reactor.stop()
        }
        reactor.runUntilStopped()
        #expect(isOver && yields > reactor.jobBudget)
    }

    @Test("of many jobs that are there at once only a budget's worth runs before a descriptor")
    func budget() throws {
        let pipe = Pipe()
        pipe.put()
        nonisolated(unsafe) var ran = 0
        nonisolated(unsafe) var order: [Int] = []
        nonisolated(unsafe) var ranBefore: Int?
        let reactor = reactor
        try reactor.register(pipe.reader, for: [.readable, .edgeTriggered]) { _ in ranBefore = ran }
        for number in 0..<10_000 {
            reactor.start {
                ran += 1
                order.append(number)
                if ran == 10_000 { reactor.stop() }
            }
        }
        reactor.runUntilStopped()
        #expect(ranBefore == reactor.jobBudget)
        #expect(order == Array(0..<10_000), "in the order of their making")
    }
}

private nonisolated func isOnLoop(_ reactor: Reactor) async -> Bool { reactor.isOnLoop }
