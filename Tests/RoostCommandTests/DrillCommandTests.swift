import RoostIPC
import RoostProtocol
import Testing

@testable import RoostCommand

/// What is said before anything is done.
@Suite struct DrillCommandTests {
    /// Would do every drill, and fails the one that is done.
    private static let willing: @Sendable (IncomingRequest) -> Answer = { request in
        guard request.method == .drill, let asked = try? DrillRequest(decoding: request.payload), asked.rehearse else {
            return .failure(.failed, "it was done")
        }
        var reply = DrillReply()
        (reply.name, reply.pid) = ("proxy", 81)
        return .message(reply)
    }

    @Test("without --yes and without somebody to ask nothing is asked of the supervisor, with 64")
    func needsYes() async throws {
        try await FakeSupervisor.run(answer: { _ in .failure(.failed, "it was asked") }) { fake in
            for option in ["--kill", "--hang", "--crash-loop"] {
                let outcome = await fake.roost("drill", "proxy", option)
                #expect(outcome.status == 64 && outcome.output.isEmpty)
                #expect(
                    outcome.errors
                        == "roost: a drill does a real fault: nobody can be asked here, so add --yes to mean it\n"
                )
            }
            #expect(await fake.roost("drill", "supervisor", "--kill").status == 64)
        }
    }

    @Test("on a terminal it asks, and only yes is a yes", arguments: ["y", "YES", "n", "", "yeah", nil])
    func asks(answer: String?) async throws {
        try await FakeSupervisor.run(answer: Self.willing) { fake in
            let outcome = await fake.roost("drill", "proxy", "--kill") { world in
                world.canAsk = true
                world.answer = { answer }
            }
            #expect(outcome.status == 1)
            #expect(outcome.errors.hasPrefix("This will kill proxy/0 (pid 81) with SIGKILL. Go on? [y/N] "))
            let isDone = answer == "y" || answer == "YES"
            #expect(outcome.errors.hasSuffix(isDone ? "roost: it was done\n" : "roost: nothing was done\n"))
        }
    }

    @Test(
        "wrong usage is told with 64",
        arguments: [
            ["proxy", "--yes"], ["proxy", "--kill", "--hang", "--yes"], ["supervisor", "--hang", "--yes"],
            ["supervisor", "--crash-loop", "--yes"], ["--kill", "--yes"],
        ]
    )
    func usage(arguments: [String]) async throws {
        try await FakeSupervisor.run { fake in
            let all = ["drill"] + arguments
            let outcome =
                all.count == 3
                ? await fake.roost(all[0], all[1], all[2])
                : all.count == 4
                    ? await fake.roost(all[0], all[1], all[2], all[3])
                    : await fake.roost(all[0], all[1], all[2], all[3], all[4])
            #expect(outcome.status == 64, "\(outcome)")
        }
    }

    @Test("without a supervisor the status is 2; what the supervisor refuses is told with 1")
    func refused() async throws {
        try await FakeSupervisor.run { fake in
            #expect(await fake.roost("drill", "proxy", "--kill", "--yes").status == 2)
        }
        try await FakeSupervisor.run(answer: { _ in .failure(.conflict, "proxy/0 is parked") }) { fake in
            let outcome = await fake.roost("drill", "proxy", "--kill", "--yes")
            #expect(outcome == .init(status: 1, output: "", errors: "roost: proxy/0 is parked\n"))
        }
    }
}
