import CLinux
import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("no strays: what is left when roostd does not come back")
struct GuardTests {
    private static let lease = Duration.seconds(1)
    /// Nothing is left two seconds after the lease; the rest is for a machine that is busy with other tests.
    private static let limit = lease + .seconds(2) + .seconds(5)

    private static let configuration = """
        supervisor: { lease: 1s }
        workers:
          kit: { executable: SCRIPTED, environment: { SCRIPT: "then=orphan:SCRATCH/orphan@1" } }
          busy: { executable: SCRIPTED, environment: { SCRIPT: "drain=never" } }
          slow: { executable: SCRIPTED, environment: { SCRIPT: "never-ready" }, start_timeout: 60s }
          deaf: { command: [/bin/sh, -c, "trap '' TERM; while :; do sleep 1; done"] }
          still: { command: [/bin/sleep, "1000"] }
          away: { command: [/bin/sh, -c, "setsid /bin/sh -c 'sleep 1001 & exec sleep 1002' & exec sleep 1003"] }

        """

    private func nobodyIsLeft(_ roost: RunningRoost) async throws {
        do {
            try await eventually("no process is left", within: Self.limit) {
                roost.processes.filter(ProcessFacts.isAlive).isEmpty
            }
        } catch {
            let left = roost.processes.map { "\($0) \(Scratch.text("/proc/\($0)/comm").dropLast())" }
            throw TestFailure("\(error): \(left.joined(separator: ", "))")
        }
        #expect(Scratch.names(in: roost.runtime) == ["roostd.lock"])
    }

    private func guards(_ roost: RunningRoost) -> [Int32] {
        roost.processes.filter { Scratch.text("/proc/\($0)/comm") == "roostd-guard\n" }
    }

    @Test("killed and not started again: within the lease and two seconds no process and no socket is left")
    func killed() async throws {
        try await RunningRoost.run(Self.configuration, exit: nil) { roost in
            for name in ["kit", "busy", "deaf", "still", "away"] { try await roost.wait(for: name) }
            try await roost.wait(for: "slow", state: .starting)
            let stopped = try #require(try await roost.worker("still").pid)
            try await eventually("the orphan and the runaway are there") {
                Scratch.names(in: roost.scratch.path).contains("orphan")
                    && roost.processes.contains { Scratch.text("/proc/\($0)/cmdline").contains("1002") }
            }
            #expect(kill(stopped, SIGSTOP) == 0)
            roost.daemon.signal(SIGKILL)
            _ = try await roost.daemon.ended()
            #expect(roost.processes.filter(ProcessFacts.isAlive).count > 8)
            try await nobodyIsLeft(roost)
            #expect(roost.written.contains("roostd-guard: no roostd has come"))
        }
    }

    @Test("a clean stop leaves no guard, no socket and no runaway")
    func cleanStop() async throws {
        try await RunningRoost.run(Self.configuration, exit: nil) { roost in
            for name in ["kit", "deaf", "away"] { try await roost.wait(for: name) }
            #expect(try await roost.stop("busy", "slow").outcomes.count == 2)
            #expect(guards(roost).count == 1)
            roost.daemon.signal(SIGTERM)
            #expect(try await roost.daemon.ended() == 0)
            #expect(guards(roost) == [])
            try await nobodyIsLeft(roost)
        }
    }

    @Test("the guard takes no signal of a terminal, and when it is killed there is another one")
    func guardDies() async throws {
        try await RunningRoost.run("workers: {}\n") { roost in
            let first = try #require(guards(roost).first)
            #expect(ProcessFacts.stat(first)?.group == first)
            for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP] { #expect(kill(first, signal) == 0) }
            #expect(ProcessFacts.stat(first)?.state == "S")
            #expect(ProcessFacts.descriptors(first).count <= 6)
            #expect(kill(first, SIGKILL) == 0)
            try await eventually("another guard") { guards(roost).contains { $0 != first } }
        }
    }

    @Test("a successor's guard relieves the one before, and no process of a roostd that came back is touched")
    func successor() async throws {
        try await RunningRoost.run("supervisor: { lease: 1s }\nworkers: {}\n") { roost in
            let first = try #require(guards(roost).first)
            try await roost.replaceDaemon()
            try await eventually("one guard, the new one") { guards(roost).count == 1 && guards(roost) != [first] }
            let second = try #require(guards(roost).first)
            try await Task.sleep(for: Self.lease + .milliseconds(500))  // that nothing happens cannot be waited for
            #expect(guards(roost) == [second])
            #expect(try await roost.supervisor().pid == roost.pid)
        }
    }

    @Test("a runtime directory that was taken away ends everything at once")
    func directoryLost() async throws {
        let configuration = Self.configuration.replacing("lease: 1s", with: "lease: 1h")
        try await RunningRoost.run(configuration, exit: nil) { roost in
            for name in ["kit", "deaf", "away"] { try await roost.wait(for: name) }
            #expect(rename(roost.runtime, roost.scratch.file("gone")) == 0)
            roost.daemon.signal(SIGKILL)
            _ = try await roost.daemon.ended()
            try await eventually("no process is left", within: Self.limit) {
                roost.processes.filter(ProcessFacts.isAlive).isEmpty
            }
        }
    }

    @Test("killed in the middle of anything, at random instants: nobody is left", arguments: 0..<2)
    func randomInstants(stream: Int) async throws {
        var random = SplitMix(seed: 0x6A7D + UInt64(stream))
        try await RunningRoost.run(Self.churning, exit: nil) { roost in
            let output = roost_open(roost.scratch.file("more.out"), O_RDWR | O_CREAT | O_APPEND, 0o644)
            defer { close(output) }
            roost.daemon.signal(SIGKILL)
            _ = try await roost.daemon.ended()
            try await nobodyIsLeft(roost)
            for round in 0..<Soak.size(10, soak: 100) {
                let daemon = try roost.secondDaemon(output: output)
                // The first half second is loading, spawning, attaching; SIGTERM makes it a stop.
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...400, using: &random)))
                if round % 3 == 1 { daemon.signal(SIGTERM) }
                if round % 3 == 2 {
                    // Somebody dies, and is being replaced.
                    let mine = ProcessFacts.children(of: daemon.pid).filter { !guards(roost).contains($0) }
                    for pid in mine where ProcessFacts.stat(pid)?.parent == daemon.pid { kill(pid, SIGKILL) }
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...30, using: &random)))
                daemon.signal(SIGKILL)
                _ = try await daemon.ended()
                do { try await nobodyIsLeft(roost) } catch { throw TestFailure("round \(round): \(error)") }
            }
        }
    }

    private static let churning = """
        supervisor: { lease: 1s }
        workers:
          kit: { executable: SCRIPTED, instances: 2 }
          late: { executable: SCRIPTED, environment: { SCRIPT: "ready-after=100" }, after: [kit] }
          flapping: { command: [/bin/sh, -c, "sleep 0.05"], backoff: { base: 1ms, max: 9ms }, intensity: { restarts: 1000, period: 60s } }
          plain: { command: [/bin/sleep, "1000"], instances: 3 }
          away: { command: [/bin/sh, -c, "setsid /bin/sh -c 'sleep 1001 & exec sleep 1002' & exec sleep 1003"] }

        """
}
