import RoostPolicy
import Testing

@Suite("MemoryCeiling") struct MemoryCeilingTests {
    typealias Verdict = MemoryCeiling.Verdict

    @Test(
        "the verdict on each of a row of samples",
        arguments: [
            ([9, 9, 9, 9], [.within, .within, .within, .within]),
            ([10, 10, 10, 10], [.within, .within, .within, .within]),
            ([11, 11, 11, 11], [.within, .within, .softExceeded, .within]),
            ([11, 11, 10, 11, 11, 11], [.within, .within, .within, .within, .within, .softExceeded]),
            ([20, 20, 20], [.within, .within, .softExceeded]),
            ([21, 1], [.hardExceeded, .within]),
            ([11, 11, 21, 11], [.within, .within, .hardExceeded, .softExceeded]),
        ] as [([Int], [Verdict])]
    )
    func row(of samples: [Int], gives expected: [Verdict]) {
        var ceiling = MemoryCeiling(soft: 10, hard: 20)
        #expect(samples.map { ceiling.sample($0) } == expected)
    }

    @Test("without a ceiling nothing is too much")
    func none() {
        var ceiling = MemoryCeiling(soft: nil, hard: nil)
        #expect((0..<5).map { _ in ceiling.sample(.max) } == Array(repeating: Verdict.within, count: 5))
    }

    @Test("a hard ceiling alone acts at the first sample")
    func hardOnly() {
        var ceiling = MemoryCeiling(soft: nil, hard: 20)
        #expect(ceiling.sample(20) == .within)
        #expect(ceiling.sample(21) == .hardExceeded)
    }
}
