import RoostPolicy
import Testing

@Suite("AdmissionQueue") struct AdmissionQueueTests {
    private func instant(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }
    private func queue(concurrency: Int = 4, rate: Double = 10, burst: Int = 20) -> AdmissionQueue<String> {
        var settings = AdmissionQueue<String>.Settings()
        (settings.concurrency, settings.rate, settings.burst) = (concurrency, rate, burst)
        return AdmissionQueue(settings: settings, at: instant(0))
    }

    @Test("who asks is admitted once")
    func once() {
        var queue = queue()
        queue.request("a", streak: 0)
        #expect(queue.admit(at: instant(0)) { _ in false } == ["a"])
        #expect(queue.admit(at: instant(0)) { _ in false } == [])
        #expect(queue.waiting == 0)
    }

    @Test("a second request replaces the first, and a withdrawn one is gone")
    func replaced() {
        var queue = queue()
        queue.request("a", streak: 0)
        queue.request("a", streak: 3)
        #expect(queue.waiting == 1)
        queue.withdraw("a")
        #expect(queue.admit(at: instant(0)) { _ in false } == [])
    }

    @Test("who has failed least comes first, then who has waited longest")
    func order() {
        var queue = queue(concurrency: 10)
        for (id, streak) in [("a", 2), ("b", 0), ("c", 1), ("d", 0)] { queue.request(id, streak: streak) }
        #expect(queue.admit(at: instant(0)) { _ in false } == ["b", "d", "c", "a"])
    }

    @Test("no more start at once than allowed; a start that ends gives its place to the next")
    func concurrency() {
        var queue = queue(concurrency: 2)
        for id in ["a", "b", "c", "d"] { queue.request(id, streak: 0) }
        #expect(queue.admit(at: instant(0)) { _ in false } == ["a", "b"])
        #expect(queue.admit(at: instant(0)) { _ in false } == [])
        queue.startEnded("a")
        queue.startEnded("a")
        queue.startEnded("stranger")
        #expect(queue.admit(at: instant(0)) { _ in false } == ["c"])
    }

    @Test("who is blocked keeps its place and holds up nobody")
    func blocked() {
        var queue = queue(concurrency: 1)
        queue.request("blocked", streak: 0)
        queue.request("free", streak: 5)
        #expect(queue.admit(at: instant(0)) { $0 == "blocked" } == ["free"])
        queue.request("late", streak: 0)
        queue.startEnded("free")
        #expect(queue.admit(at: instant(0)) { _ in false } == ["blocked"])
    }

    @Test("an empty budget is refilled at its rate, and the queue says when to ask again")
    func budget() throws {
        var queue = queue(concurrency: 100, rate: 10, burst: 2)
        for id in ["a", "b", "c"] { queue.request(id, streak: 0) }
        #expect(queue.nextToken(at: instant(0)) == nil)
        #expect(queue.admit(at: instant(0)) { _ in false } == ["a", "b"])
        let next = try #require(queue.nextToken(at: instant(0)))
        #expect(instant(100) <= next && next <= instant(101))
        #expect(queue.admit(at: instant(99)) { _ in false } == [])
        #expect(queue.admit(at: next) { _ in false } == ["c"])
        #expect(queue.nextToken(at: next) == nil, "nobody waits")
    }

    @Test("asking when the next token comes does not put it off")
    func steadyToken() {
        var queue = queue(concurrency: 100, rate: 10, burst: 1)
        for id in ["a", "b"] { queue.request(id, streak: 0) }
        _ = queue.admit(at: instant(0)) { _ in false }
        let first = queue.nextToken(at: instant(0))
        #expect(queue.nextToken(at: instant(60)) == first)
        #expect(queue.nextToken(at: instant(500)) == instant(500), "due already")
    }

    @Test("a refill that is no time does not trap", arguments: [1e-300, .leastNonzeroMagnitude, 0, -1])
    func hardlyAnyRate(_ rate: Double) {
        var queue = queue(rate: rate, burst: 1)
        for id in ["a", "b"] { queue.request(id, streak: 0) }
        #expect(queue.admit(at: instant(0)) { _ in false } == ["a"])
        #expect(queue.nextToken(at: instant(0)).map { $0 > instant(1_000_000) } ?? true)
        #expect(queue.admit(at: instant(1_000_000)) { _ in false } == [])
    }

    @Test("workers that fail while they start never hold all places", arguments: [2, 4])
    func placeForTheHealthy(concurrency: Int) {
        var queue = queue(concurrency: concurrency)
        for id in ["1", "2", "3", "4", "5"] { queue.request(id, streak: 2) }
        #expect(queue.admit(at: instant(0)) { _ in false }.count == concurrency - 1)
        #expect(queue.admit(at: instant(60_000)) { _ in false } == [], "they hang in their start")
        queue.request("healthy", streak: 0)
        #expect(queue.admit(at: instant(60_000)) { _ in false } == ["healthy"])
    }

    @Test("with one place, one that has failed gets it too")
    func onePlace() {
        var queue = queue(concurrency: 1)
        queue.request("a", streak: 9)
        #expect(queue.admit(at: instant(0)) { _ in false } == ["a"])
    }

    @Test("five crash loops delay a sixth by one token at most", arguments: UInt64(1)...50)
    func crashLoops(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var queue = queue(rate: 10, burst: 20)
        let arrival = Int64.random(in: 3000...9000, using: &random)
        var admitted: Int64?
        for now in 0..<20_000 as Range<Int64> where admitted == nil {
            if now == 0 { for id in 1...5 { queue.request("\(id)", streak: 1) } }
            if now == arrival { queue.request("sixth", streak: 0) }
            for id in queue.admit(at: instant(now), isBlocked: { _ in false }) {
                if id == "sixth" { admitted = now }
                queue.startEnded(id)  // it crashes at once
                if id != "sixth" { queue.request(id, streak: Int.random(in: 1...9, using: &random)) }
            }
        }
        let delay = try #require(admitted) - arrival
        #expect(delay <= 100)
    }

    @Test(
        "over any span of time no more are admitted than burst and rate allow; none is lost",
        arguments: UInt64(1)...60
    )
    func properties(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let concurrency = Int.random(in: 1...6, using: &random)
        let burst = Int.random(in: 1...10, using: &random)
        let rate = Double(Int.random(in: 1...40, using: &random))
        var queue = queue(concurrency: concurrency, rate: rate, burst: burst)
        var requested: Set<String> = []
        var starting: Set<String> = []
        var admissions: [Int64] = []
        var now: Int64 = 0
        for step in 0..<600 {
            now += Int64.random(in: 0...120, using: &random)
            let id = String(Int.random(in: 0..<12, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5 where !starting.contains(id) && step < 500:
                queue.request(id, streak: Int.random(in: 0...3, using: &random))
                requested.insert(id)
            case 5:
                queue.withdraw(id)
                requested.remove(id)
            default:
                if let ended = starting.sorted().randomElement(using: &random) {
                    queue.startEnded(ended)
                    starting.remove(ended)
                }
            }
            let block = Int.random(in: 0..<12, using: &random)
            for id in queue.admit(at: instant(now), isBlocked: { $0 == String(block) }) {
                #expect(id != String(block) && requested.contains(id) && !starting.contains(id))
                requested.remove(id)
                starting.insert(id)
                admissions.append(now)
            }
            #expect(starting.count <= concurrency && queue.waiting == requested.count)
        }
        expectBudget(admissions, burst: burst, rate: rate)
        for id in starting { queue.startEnded(id) }
        while !requested.isEmpty, now < 1_000_000 {
            now += 100
            for id in queue.admit(at: instant(now), isBlocked: { _ in false }) {
                requested.remove(id)
                queue.startEnded(id)
            }
        }
        #expect(requested.isEmpty, "lost: \(requested)")
    }

    private func expectBudget(_ admissions: [Int64], burst: Int, rate: Double) {
        for first in admissions.indices {
            for last in first..<admissions.count {
                let seconds = Double(admissions[last] - admissions[first]) / 1000
                let allowed = Double(burst) + seconds * rate
                guard Double(last - first + 1) <= allowed + 1e-6 else {
                    Issue.record("\(last - first + 1) admissions within \(seconds) s, \(allowed) allowed")
                    return
                }
            }
        }
    }
}
