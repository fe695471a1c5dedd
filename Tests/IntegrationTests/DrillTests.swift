import CLinux
import Glibc
import RoostJSON
import RoostProtocol
import RoostTestSupport
import Testing

/// `roost drill` against the real thing.
@Suite("drills")
struct DrillTests {
    private struct Outcome {
        let status: Int32
        let text: String

        var json: JSONValue { get throws { try JSONParser.parse(text) } }
    }

    private static let configuration = """
        supervisor: { watch: { enabled: false } }
        proxy: { listen: "127.0.0.1:PORT" }
        workers:
          proxy:
            drain: 5s
            heartbeat: { interval: 100ms, deadline: 500ms }
            intensity: { restarts: 2, period: 60s }
            backoff: { base: 1ms, max: 10ms }
          alpha: { executable: SCRIPTED }

        """

    private static let common = ["listener proxy.listen", "others"]

    @Test(
        "a kill and a hang pass, name what was looked at, and are what the record tells",
        arguments: ["kill", "hang"]
    )
    func instance(fault: String) async throws {
        try await RunningRoost.run(Self.configuration) { daemon in
            let pid = try #require(try await daemon.wait(for: "proxy") { $0.heartbeatAgeSeconds != nil }.pid)
            try await daemon.wait(for: "alpha")
            let outcome = try await roost(daemon, "drill", "proxy", "--\(fault)", "--yes", "--json")
            #expect(outcome.status == 0, "\(outcome.text)")
            let verdict = try outcome.json
            #expect(verdict["passed"] == true && verdict["target"] == "proxy/0", "\(outcome.text)")
            #expect(verdict["drill"]?.stringValue == fault)
            let names = verdict["checks"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
            #expect(names == ["replaced", "ready"] + Self.common + ["restarts", "last_exit", "record"])
            let worker = try await daemon.wait(for: "proxy") { $0.restarts == 1 }
            #expect(worker.pid != pid)
            #expect(worker.lastExit?.reason == (fault == "kill" ? .signaled : .hung))
            let history = try await roost(daemon, "why", "proxy", "--history")
            let uid = getuid()
            let signal = fault == "kill" ? "SIGKILL" : "SIGSTOP"
            #expect(history.text.contains("proxy/0 was drilled at"), "\(history.text)")
            #expect(history.text.contains("because a drill of uid \(uid) (pid "), "\(history.text)")
            #expect(history.text.contains(") sent it \(signal)"), "\(history.text)")
        }
    }

    @Test("a crash loop passes: quarantined within the intensity, the others serve on, and it runs again afterwards")
    func crashLoop() async throws {
        try await RunningRoost.run(Self.configuration) { daemon in
            try await daemon.wait(for: "proxy")
            let alpha = try await daemon.wait(for: "alpha").pid
            let outcome = try await roost(daemon, "drill", "proxy", "--crash-loop", "--yes", "--json")
            #expect(outcome.status == 0, "\(outcome.text)")
            let verdict = try outcome.json
            #expect(verdict["passed"] == true && verdict["drill"] == "crash-loop", "\(outcome.text)")
            let names = verdict["checks"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
            #expect(names == ["quarantined"] + Self.common + ["record", "lifted", "others afterwards"])
            #expect(verdict["checks"]?[0]?["detail"] == "after 3 deaths, of at most 3")
            try await daemon.wait(for: "proxy")
            #expect(try await daemon.get().status == 200)
            #expect(try await daemon.worker("alpha").pid == alpha)
        }
    }

    @Test("people get a table whose last line is the verdict")
    func table() async throws {
        try await RunningRoost.run(Self.configuration) { daemon in
            try await daemon.wait(for: "alpha")
            let outcome = try await roost(daemon, "drill", "alpha", "--kill", "--yes")
            #expect(outcome.status == 0, "\(outcome.text)")
            #expect(outcome.text.hasSuffix("\npassed: kill of alpha/0, 6 checks\n"), "\(outcome.text)")
        }
    }

    @Test("a promise that is not kept fails the drill, with 1")
    func fails() async throws {
        // What comes after the first process never becomes ready.
        let script = "[ -e SCRATCH/mark ] && exec sleep 1000; touch SCRATCH/mark; exec SCRIPTED"
        let configuration = """
            supervisor: { watch: { enabled: false } }
            workers:
              alpha: { executable: SCRATCH/bin, start_timeout: 1s, intensity: { restarts: 1000, period: 60s } }

            """
        let scratch = try Scratch()
        let program =
            "#!/bin/sh\n"
            + script.replacing("SCRATCH", with: scratch.path)
            .replacing("SCRIPTED", with: Program.path("scripted-worker")) + "\n"
        try Scratch.write(scratch.file("bin"), Array(program.utf8), mode: 0o755)
        try await RunningRoost.run(configuration.replacing("SCRATCH", with: scratch.path)) { daemon in
            try await daemon.wait(for: "alpha")
            let outcome = try await roost(daemon, "drill", "alpha", "--kill", "--yes")
            #expect(outcome.status == 1)
            #expect(outcome.text.contains("it did not become ready"), "\(outcome.text)")
            #expect(outcome.text.contains("\nfailed: kill of alpha/0, "), "\(outcome.text)")
        }
    }

    @Test("what would show nothing or do harm is refused with its reason, and nothing is done")
    func refusals() async throws {
        let configuration = """
            supervisor: { watch: { enabled: false } }
            workers:
              alpha: { executable: SCRIPTED, intensity: { restarts: 5, period: 60s, then: escalate } }
              once: { executable: SCRIPTED, restart: temporary }
              plain: { command: [sleep, "1000"] }

            """
        let refusals: [(arguments: [String], status: Int32, reason: String)] = [
            (["alpha", "--kill"], 64, "add --yes to mean it"),
            (["supervisor", "--kill"], 64, "add --yes to mean it"),
            (["plain", "--hang", "--yes"], 1, "plain/0 is a plain program without heartbeats"),
            (["alpha", "--crash-loop", "--yes"], 1, "a crash loop would stop roostd"),
            (["once", "--kill", "--yes"], 1, "once/0 is temporary"),
            (["supervisor", "--kill", "--yes"], 1, "nobody would start roostd again"),
            (["nobody", "--kill", "--yes"], 1, "there is no worker nobody"),
            (["alpha/7", "--kill", "--yes"], 1, "there is no worker alpha/7"),
        ]
        try await RunningRoost.run(configuration) { daemon in
            var pids: [Int32?] = []
            for name in ["alpha", "once", "plain"] { pids.append(try await daemon.wait(for: name).pid) }
            for refusal in refusals {
                let outcome = try await drill(daemon, refusal.arguments)
                #expect(outcome.status == refusal.status, "\(refusal): \(outcome.text)")
                #expect(outcome.text.contains(refusal.reason), "\(refusal): \(outcome.text)")
            }
            _ = try await daemon.stop("plain")
            let stopped = try await roost(daemon, "drill", "plain", "--kill", "--yes")
            #expect(stopped.status == 1 && stopped.text.contains("plain/0 is stopped: only a running worker"))
            #expect(try await daemon.worker("alpha").pid == pids[0])
            #expect(try await daemon.worker("once").pid == pids[1])
            #expect(try await daemon.supervisor().pid == daemon.pid)
        }
    }

    private func roost(_ daemon: RunningRoost, _ arguments: String...) async throws -> Outcome {
        try await run(daemon, arguments)
    }

    private func drill(_ daemon: RunningRoost, _ arguments: [String]) async throws -> Outcome {
        try await run(daemon, ["drill"] + arguments)
    }

    /// Output and errors together, with an input that is no terminal.
    private func run(_ daemon: RunningRoost, _ arguments: [String]) async throws -> Outcome {
        let path = daemon.scratch.file("drill.out")
        let output = roost_open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        defer { close(output) }
        let child = try Child(
            Program.path("roost"),
            ["--runtime", daemon.runtime] + arguments,
            environment: ["PATH=/usr/bin:/bin"],
            output: output
        )
        return Outcome(status: try await child.ended(), text: Scratch.text(path))
    }
}
