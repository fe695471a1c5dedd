import RoostPolicy
import Testing

@Suite("Backoff") struct BackoffTests {
    private let backoff = Backoff(base: .milliseconds(100), max: .seconds(10))

    @Test(
        "the ceiling doubles with each attempt up to the maximum",
        arguments: [
            (Int.min, 100), (0, 100), (1, 100), (2, 200), (3, 400), (7, 6400), (8, 10_000), (64, 10_000),
            (.max, 10_000),
        ]
    )
    func ceiling(ofAttempt attempt: Int, is milliseconds: Int) {
        #expect(backoff.ceiling(attempt: attempt) == .milliseconds(milliseconds))
    }

    @Test("a pause is that part of its ceiling which chance says", arguments: 1...12)
    func bounds(attempt: Int) {
        let ceiling = backoff.ceiling(attempt: attempt)
        #expect(backoff.pause(attempt: attempt, random: 0) == .zero)
        #expect(backoff.pause(attempt: attempt, random: 0.5) == ceiling / 2)
        #expect(backoff.pause(attempt: attempt, random: 1 - .ulpOfOne) <= ceiling)
    }

    @Test("pauses are spread over all of the range")
    func jitter() {
        var random = SplitMix64(seed: 1)
        var tenths = Array(repeating: 0, count: 10)
        for _ in 0..<10_000 {
            let pause = backoff.pause(attempt: 20, random: .random(in: 0..<1, using: &random))
            tenths[Int(pause.wholeNanoseconds / 1_000_000_000)] += 1
        }
        #expect(tenths.allSatisfy { 850...1150 ~= $0 }, "\(tenths)")
    }

    @Test(
        "no chance and no duration traps or leaves the range",
        arguments: [-1, 0, 1, 2, .infinity, -.infinity, .nan, .greatestFiniteMagnitude] as [Double],
        [
            Backoff(base: .seconds(Int64.max), max: .seconds(Int64.max)),
            Backoff(base: .nanoseconds(1), max: .seconds(3600)),
            Backoff(base: .zero, max: .zero),
            Backoff(base: .seconds(5), max: .seconds(1)),
        ]
    )
    func edges(random: Double, backoff: Backoff) {
        for attempt in [1, 2, 41, 42, .max] {
            let pause = backoff.pause(attempt: attempt, random: random)
            #expect(pause >= .zero && pause <= backoff.max)
        }
    }

    @Test("even the smallest base reaches the maximum")
    func smallBase() {
        #expect(Backoff(base: .nanoseconds(1), max: .seconds(86_400)).ceiling(attempt: .max) == .seconds(86_400))
    }
}
