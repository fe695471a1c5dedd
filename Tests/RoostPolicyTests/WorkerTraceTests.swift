import Glibc
import RoostPolicy
import Testing

@Suite("WorkerStateMachine, random lives") struct WorkerTraceTests {
    private static let blocks: UInt64 = 20
    /// 20,000 lives, or a million with `ROOST_SOAK=1`.
    private static let livesPerBlock: UInt64 = getenv("ROOST_SOAK") == nil ? 1000 : 50_000

    @Test(
        "no life of a worker breaks an invariant: one process at a time, each reaped, each stop ends, each wait is bounded",
        arguments: 0..<blocks
    )
    func lives(block: UInt64) {
        for seed in block * Self.livesPerBlock..<(block + 1) * Self.livesPerBlock {
            let steps = 20 + Int(seed % 80)
            var trace = WorkerTrace(seed: seed)
            do {
                try trace.run(steps: steps)
            } catch {
                Issue.record(Comment(rawValue: Self.story(ofSeed: seed, steps: steps, error)))
                return
            }
        }
    }

    /// The shortest life of the seed that shows the fault, event by event.
    private static func story(ofSeed seed: UInt64, steps: Int, _ fault: WorkerTrace.Fault) -> String {
        var trace = WorkerTrace(seed: seed, keepsLog: true)
        for shorter in 0...steps {
            trace = WorkerTrace(seed: seed, keepsLog: true)
            do { try trace.run(steps: shorter) } catch {
                return "seed \(seed), \(shorter) steps: \(error.complaint)\n" + trace.log.joined(separator: "\n")
            }
        }
        return "seed \(seed), step \(fault.step): \(fault.complaint), and not again"
    }

    @Test("the lives go through every state")
    func visitsAll() throws {
        var visited: Set<WorkerState> = []
        for seed in 0..<200 as Range<UInt64> {
            var trace = WorkerTrace(seed: seed)
            try trace.run(steps: 60)
            visited.formUnion(trace.visited)
        }
        #expect(visited == Set(WorkerState.allCases))
    }

    @Test("a life is the same for a seed", arguments: [UInt64(1), 77, 4711])
    func repeatable(seed: UInt64) throws {
        var (one, other) = (WorkerTrace(seed: seed, keepsLog: true), WorkerTrace(seed: seed, keepsLog: true))
        try one.run(steps: 60)
        try other.run(steps: 60)
        #expect(one.log == other.log && one.log.count > 60)
    }
}
