import Glibc
import RoostPolicy
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct CapturedRunTests {
    private func run(
        _ script: String,
        within limit: Duration = .seconds(20),
        outputLimit: Int = 1 << 20,
        path: String = "/bin/sh"
    ) throws -> CapturedRun {
        let bench = try Bench()
        let reactor = bench.reactor
        defer { bench.finish() }
        return try bench.outcome {
            try await CapturedRun.of(
                path,
                ["-c", script],
                environment: ["PATH=/usr/bin:/bin"],
                within: limit,
                outputLimit: outputLimit,
                on: reactor
            )
        }
    }

    @Test("output, errors and status are told apart")
    func parts() throws {
        let run = try run("echo out; echo err >&2; exit 3")
        #expect(run.status == .code(3))
        #expect(run.output == Array("out\n".utf8))
        #expect(run.errors == "err\n")
    }

    @Test("more than a pipe holds comes whole, and stdin is empty")
    func long() throws {
        let run = try run("cat; head -c 300000 /dev/zero")
        #expect(run.output.count == 300_000)
        #expect(run.status.isSuccess)
    }

    @Test("a program that is too slow is ended")
    func slow() throws {
        let error = #expect(throws: CapturedRun.Failure.self) { try run("sleep 60", within: .milliseconds(50)) }
        guard case .tooSlow("/bin/sh", .milliseconds(50))? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("did not finish within") == true)
    }

    @Test("a program that writes too much is ended")
    func tooMuch() throws {
        let error = #expect(throws: CapturedRun.Failure.self) { try run("yes", outputLimit: 100_000) }
        #expect(error?.description == "/bin/sh wrote more than 100000 bytes")
    }

    @Test("a program that cannot be started says why")
    func notStarted() throws {
        let error = #expect(throws: CapturedRun.Failure.self) { try run("", path: "/none") }
        #expect(error?.description == "cannot execute /none: No such file or directory")
    }

    @Test("ended with the others, it and its group are gone, and none begins any more")
    func interrupted() throws {
        let bench = try Bench()
        let (reactor, runs) = (bench.reactor, HelperRuns())
        defer { bench.finish() }
        let file = bench.scratch.file("pid")
        let started = Slot<Result<CapturedRun, any Error>>()
        @Sendable func begin(_ slot: Slot<Result<CapturedRun, any Error>>) {
            reactor.start {
                do {
                    let run = try await CapturedRun.of(
                        "/bin/sh",
                        ["-c", "sleep 1000 & echo $! >\(file); wait"],
                        environment: ["PATH=/usr/bin:/bin"],
                        within: .seconds(60),
                        on: reactor,
                        among: runs
                    )
                    slot.value = .success(run)
                } catch { slot.value = .failure(error) }
            }
        }
        begin(started)
        var child: Int32 = 0
        try bench.turn(until: "it runs") {
            child = Int32(Scratch.text(file).filter(\.isNumber)) ?? 0
            return child > 0 && Scratch.text(file).hasSuffix("\n")
        }
        #expect(!runs.isEmpty)
        runs.endAll()
        try bench.turn(until: "it is reaped") { runs.isEmpty && started.value != nil }
        let words = "/bin/sh was ended: roostd is stopping"
        #expect(throws: CapturedRun.Failure.self) { _ = try started.require().get() }
        try bench.turn(until: "its child is gone") { !ProcessFacts.isAlive(child) }
        let late = Slot<Result<CapturedRun, any Error>>()
        begin(late)
        try bench.turn(until: "it is refused") { late.value != nil }
        let refusal = #expect(throws: CapturedRun.Failure.self) { _ = try late.require().get() }
        #expect(refusal?.description == words)
        #expect(runs.isEmpty)
    }

    @Test("whatever the outcome, nothing stays registered")
    func clean() throws {
        let bench = try Bench(isVirtual: true)
        let reactor = bench.reactor
        for path in ["/bin/true", "/none"] {
            _ = try? bench.outcome {
                try await CapturedRun.of(path, [], environment: [], within: .seconds(5), on: reactor)
            }
            bench.advance(.seconds(10))
        }
        #expect(reactor.sourceCount == 0)
    }
}
