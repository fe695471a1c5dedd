import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("many restarts")
struct ChurnTests {
    private static let supervisor = """
        supervisor:
          spawn_budget: { rate: 1000, burst: 1000 }
          log: { ring: 64KiB }
          events: { ring: 100 }

        """

    private struct Figures: Equatable {
        var descriptors: Int
        var threads: Int
        var residentBytes: Int

        init(_ pid: Int32) {
            descriptors = ProcessFacts.descriptors(pid).count
            threads = ProcessFacts.threads(pid)
            residentBytes = ProcessFacts.residentBytes(pid)
        }
    }

    private func churn(_ configuration: String, _ names: [String], rounds: Int) async throws {
        try await RunningRoost.run(Self.supervisor + configuration) { roost in
            for name in names { try await roost.wait(for: name) }
            var request = RestartRequest()
            request.names = names
            var warm: Figures?
            let files = Scratch.names(in: roost.scratch.path) + Scratch.names(in: roost.runtime)
            for round in 0..<rounds {
                let reply = try await roost.ask(.restart, request, ChangeReply.self)
                #expect(reply.outcomes.count == names.count)
                #expect(reply.outcomes.allSatisfy { $0.succeeded && $0.pidBefore != $0.pidAfter })
                if round == rounds / 4 { warm = Figures(roost.pid) }
            }
            let before = try #require(warm)
            try await eventually("roostd has the descriptors of before") {
                Figures(roost.pid).descriptors == before.descriptors
            }
            let after = Figures(roost.pid)
            #expect(after.threads == 1)
            #expect(after.residentBytes < before.residentBytes + 1 << 20)
            #expect(Scratch.names(in: roost.scratch.path) + Scratch.names(in: roost.runtime) == files)
            for name in names {
                let worker = try await roost.worker(name)
                #expect(worker.restarts == UInt64(rounds))
            }
        }
    }

    @Test("hundreds of operator restarts of plain programs leave roostd as it was")
    func plain() async throws {
        let names = (1...6).map { "plain\($0)" }
        let entries = names.map { "  \($0): { command: [/bin/sleep, \"1000\"] }\n" }.joined()
        try await churn("workers:\n" + entries, names, rounds: Soak.size(300, soak: 10_000) / names.count)
    }

    @Test("restarts of the proxy leave roostd as it was")
    func proxy() async throws {
        try await churn(Sample.proxy, ["proxy"], rounds: Soak.size(50, soak: 500))
    }
}
