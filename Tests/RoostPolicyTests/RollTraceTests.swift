import Glibc
import RoostPolicy
import Testing

@Suite("RollStateMachine, random lives") struct RollTraceTests {
    private static let blocks: UInt64 = 20
    /// 20,000 lives, or a million with `ROOST_SOAK=1`.
    private static let livesPerBlock: UInt64 = getenv("ROOST_SOAK") == nil ? 1000 : 50_000

    @Test(
        """
        no life with rolling restarts breaks an invariant: two processes at most, the serving one untouched until the \
        other is proved, each reaped, one outcome each, each wait bounded, each stop ends both
        """,
        arguments: 0..<blocks
    )
    func lives(block: UInt64) {
        for seed in block * Self.livesPerBlock..<(block + 1) * Self.livesPerBlock {
            var trace = RollTrace(seed: seed)
            do {
                try trace.run(steps: 20 + Int(seed % 100))
            } catch {
                Issue.record(Comment(rawValue: Self.story(ofSeed: seed, error)))
                return
            }
        }
    }

    private static func story(ofSeed seed: UInt64, _ fault: RollTrace.Fault) -> String {
        var trace = RollTrace(seed: seed, keepsLog: true)
        try? trace.run(steps: 20 + Int(seed % 100))
        return "seed \(seed), step \(fault.step): \(fault.complaint)\n" + trace.log.suffix(30).joined(separator: "\n")
    }

    @Test("the lives go through every phase and outcome")
    func visitsAll() throws {
        var seen: Set<String> = []
        for seed in 0..<300 as Range<UInt64> {
            var trace = RollTrace(seed: seed)
            try trace.run(steps: 100)
            seen.formUnion(trace.seen)
        }
        let phases = ["starting", "proving", "entering", "retiring", "abandoning", "over"]
        #expect(seen.isSuperset(of: phases + ["promoted", "failed", "incumbentEnded"]))
    }
}
