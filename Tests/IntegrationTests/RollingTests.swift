import CLinux
import Glibc
import RoostIPC
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("rolling restarts")
struct RollingTests {
    private static func rolling(_ names: String...) -> RestartRequest {
        var request = RestartRequest()
        request.names = names
        request.rolling = true
        return request
    }

    @Test("32 kept connections under load during rolling restarts: not one request fails")
    func underLoad() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            var pid = try #require(try await roost.wait(for: "proxy").pid)
            let load = StrictLoad(port: roost.port, connections: 32)
            let slow = StrictLoad(port: roost.port, connections: 8, pause: 50_000)
            let rolls = Soak.size(10, soak: 100)
            for _ in 0..<rolls {
                try await load.goesOn()
                let reply: ChangeReply = try await roost.ask(.restart, Self.rolling("proxy"))
                let outcome = try #require(reply.outcomes.first)
                #expect(outcome.succeeded && outcome.pidBefore == pid && outcome.pidAfter != pid, "\(outcome)")
                #expect(outcome.state == .running)
                pid = try #require(outcome.pidAfter)
            }
            try await load.goesOn()
            try await load.end()
            try await slow.end()
            #expect(load.failed.count == 0, "\(load.failures)")
            #expect(slow.failed.count == 0, "\(slow.failures)")
            #expect(load.closed.count >= 32)
            let worker = try await roost.wait(for: "proxy") { $0.rolling == nil }
            #expect(worker.pid == pid && worker.restarts == UInt64(rolls) && worker.ready)
            #expect(worker.lastExit?.reason == .requested && worker.lastExit?.code == 0)
        }
    }

    @Test(
        "an executable that is broken: no request fails, the old process serves on, and the reason is told",
        arguments: [
            (script: "exit 3", reason: "the new process exited with status 3"),
            (script: "exec sleep 1000", reason: "the new process was not ready within 2.0 seconds"),
            // Ready, alive and healthy by its own word, but nobody serves the listener.
            (
                script: "exec SCRIPTED",
                reason: "the new process failed the probe of proxy.listen: no answer within 2.0 seconds"
            ),
        ]
    )
    func brokenExecutable(script: String, reason: String) async throws {
        let configuration = """
            proxy: { listen: "127.0.0.1:PORT" }
            workers:
              proxy: { executable: SCRATCH/bin, drain: 5s, start_timeout: 2s }

            """
        let scratch = try Scratch()
        let good = "#!/bin/sh\nexec \(Program.path("roost-proxy")) \"$@\"\n"
        try Scratch.write(scratch.file("bin"), Array(good.utf8), mode: 0o755)
        try await RunningRoost.run(configuration.replacing("SCRATCH", with: scratch.path)) { roost in
            let pid = try #require(try await roost.wait(for: "proxy").pid)
            let load = StrictLoad(port: roost.port, connections: 16)
            try await load.goesOn()
            let broken = "#!/bin/sh\n" + roost.fill(script) + "\n"
            try Scratch.write(scratch.file("new"), Array(broken.utf8), mode: 0o755)
            #expect(rename(scratch.file("new"), scratch.file("bin")) == 0)
            let output = roost_open(scratch.file("out"), O_RDWR | O_CREAT | O_TRUNC, 0o644)
            defer { close(output) }
            let command = try Child(
                Program.path("roost"),
                ["--runtime", roost.runtime, "restart", "proxy", "--rolling"],
                environment: ["PATH=/usr/bin:/bin"],
                output: output
            )
            #expect(try await command.ended() == 1)
            let text = Scratch.text(scratch.file("out"))
            #expect(
                text.contains("proxy/0 was not replaced: \(reason); the old process, pid \(pid), serves on"),
                "\(text)"
            )
            try await load.goesOn()
            try await load.end()
            #expect(load.failed.count == 0, "\(load.failures)")
            let worker = try await roost.wait(for: "proxy") { $0.rolling == nil }
            #expect(worker.pid == pid && worker.restarts == 0 && worker.lastExit == nil)
            let told = try await roost.events().contains {
                "\($0)".contains("failed") && "\($0)".contains(reason.dropFirst(16))
            }
            #expect(told)
        }
    }

    @Test("a candidate takes no traffic before it is proved, and is in the status meanwhile")
    func candidate() async throws {
        let configuration = Sample.proxy.replacing(
            "drain: 5s",
            with: "drain: 5s, heartbeat: { interval: 1s, deadline: 3s }"
        )
        try await RunningRoost.run(configuration) { roost in
            let old = try #require(try await roost.wait(for: "proxy").pid)
            let load = StrictLoad(port: roost.port, connections: 4)
            async let reply: ChangeReply = roost.ask(.restart, Self.rolling("proxy"))
            let other = try await eventually("the candidate is being proved") {
                let worker = try await roost.connectAndAsk("proxy")
                return worker?.rolling?.step == .proving ? worker?.rolling?.pid : nil
            }
            let established = ProcessFacts.establishedConnections(of: other, port: roost.port)
            let serving = try await roost.connectAndAsk("proxy")
            // Only if it was not promoted in between does the count say anything.
            if serving?.pid == old { #expect(established == 0) }
            #expect(other != old)
            #expect(try await reply.outcomes.first?.pidAfter == other)
            try await load.goesOn()
            #expect(ProcessFacts.establishedConnections(of: other, port: roost.port) > 0)
            try await load.end()
            #expect(load.failed.count == 0, "\(load.failures)")
        }
    }

    @Test("the serving process is killed while another one is being proved: that one takes its place")
    func killedMeanwhile() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            let old = try #require(try await roost.wait(for: "proxy").pid)
            async let reply: ChangeReply = roost.ask(.restart, Self.rolling("proxy"))
            let other = try await eventually("the candidate is there") {
                try await roost.connectAndAsk("proxy")?.rolling?.pid
            }
            #expect(kill(old, SIGKILL) == 0)
            #expect(try await roost.get().status == 200)
            #expect(try await reply.outcomes.first?.succeeded == true)
            let worker = try await roost.wait(for: "proxy")
            #expect(worker.pid == other && worker.restarts == 1)
            let children = ProcessFacts.children(of: roost.pid).filter(ProcessFacts.isAlive)
            #expect(children.filter { !ProcessFacts.isGuard($0) } == [other])
        }
    }

    @Test("scaling up and down under load touches no other instance, and no request fails")
    func scale() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            let load = StrictLoad(port: roost.port, connections: 16)
            for _ in 0..<Soak.size(3, soak: 20) {
                try await load.goesOn()
                #expect(try await roost.scale("proxy", 3).outcomes.map(\.succeeded) == [true, true])
                try await load.goesOn()
                #expect(try await roost.scale("proxy", 1).outcomes.map(\.succeeded) == [true, true])
            }
            try await load.goesOn()
            try await load.end()
            #expect(load.failed.count == 0, "\(load.failures)")
            let worker = try await roost.worker("proxy")
            #expect(worker.pid == pid && worker.restarts == 0)
        }
    }

    @Test(
        "roostd is killed in the middle of a rolling restart, at any moment: one process serves on, the other one ends"
    )
    func supervisorKilled() async throws {
        for delay in stride(from: 0, to: 2400, by: Soak.size(600, soak: 50)) {
            try await RunningRoost.run(Sample.proxy) { roost in
                try await roost.wait(for: "proxy")
                let connection = try await roost.connect()
                let request = Self.rolling("proxy").encoded()
                let rolled = Task { _ = try? await connection.request(.restart, request, within: .seconds(30)) }
                let load = StrictLoad(port: roost.port, connections: 8)
                try await Task.sleep(for: .milliseconds(delay))
                try await roost.replaceDaemon()
                rolled.cancel()
                let worker = try await roost.wait(for: "proxy") { $0.rolling == nil }
                try await eventually("one process is left") {
                    ProcessFacts.withEnvironment(containing: roost.runtime).filter(ProcessFacts.isAlive).filter {
                        $0 != roost.pid && !ProcessFacts.isGuard($0)
                    } == [worker.pid]
                }
                // And it can be rolled.
                let reply: ChangeReply = try await roost.ask(.restart, Self.rolling("proxy"))
                #expect(reply.outcomes.first?.succeeded == true, "\(reply.outcomes)")
                try await load.goesOn()
                try await load.end()
                #expect(load.failed.count == 0, "after \(delay) ms: \(load.failures)")
            }
        }
    }

    @Test("roostd stops in the middle of a rolling restart, at any moment, and nothing is left")
    func stopMeanwhile() async throws {
        for delay in stride(from: 0, to: 2000, by: Soak.size(450, soak: 50)) {
            try await RunningRoost.run(Sample.proxy) { roost in
                try await roost.wait(for: "proxy")
                let connection = try await roost.connect()
                let request = Self.rolling("proxy").encoded()
                let rolled = Task { _ = try? await connection.request(.restart, request, within: .seconds(30)) }
                try await Task.sleep(for: .milliseconds(delay))
                rolled.cancel()
            }
        }
    }
}

extension RunningRoost {
    /// The status over a connection of its own, for while another request is under way.
    fileprivate func connectAndAsk(_ name: String) async throws -> WorkerStatus? {
        let connection = try await connect()
        let reply = try await connection.request(
            .status,
            StatusRequest(),
            reply: StatusReply.self,
            within: .seconds(20)
        )
        await connection.close()
        return reply.workers.first { $0.name == name }
    }
}
