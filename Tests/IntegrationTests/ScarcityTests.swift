import CLinux
import Glibc
import RoostIPC
import RoostProtocol
import RoostTestSupport
import Testing

/// What roostd does while the kernel refuses it something: it answers, says so, and goes on when it gets it again.
@Suite("scarcity")
struct ScarcityTests {
    /// Sets a limit of a running process (prlimit(1)); `nil` is as high as may be.
    private func limit(_ pid: Int32, _ resource: String, _ value: Int?, as user: [String] = []) async throws {
        let option = "--\(resource)=\(value.map(String.init) ?? "4096"):"
        let run = try await FinishedRun.of(user + ["/usr/bin/prlimit", "--pid", "\(pid)", option])
        guard run.status == 0 else { throw TestFailure("prlimit: \(run.errors)") }
    }

    private func exhaustDescriptors(_ roost: RunningRoost) async throws {
        let highest = ProcessFacts.descriptors(roost.pid).keys.max() ?? 0
        // Below the highest number: not even a hole is left.
        try await limit(roost.pid, "nofile", ProcessFacts.descriptors(roost.pid).count)
        #expect(Int(highest) + 1 >= ProcessFacts.descriptors(roost.pid).count)
    }

    @Test("without descriptors roostd answers old and new callers, says what it cannot do, and recovers")
    func descriptors() async throws {
        let configuration =
            "supervisor: { watch: false }\n" + Sample.proxy + """
                  alpha: { command: [/bin/sleep, "1000"], backoff: { base: 100ms, max: 200ms }, intensity: { restarts: 1000 } }

                """
        try await RunningRoost.run(configuration) { roost in
            try await roost.wait(for: "proxy")
            let pid = try #require(try await roost.wait(for: "alpha").pid)
            _ = try await roost.status()  // the connection that is kept is there
            try await exhaustDescriptors(roost)

            // accept: one new caller after the other is served.
            for number in UInt8(0)..<5 {
                let connection = try await roost.connect()
                #expect(try await connection.request(.echo, [number], within: .seconds(10)) == [number])
                await connection.close()
            }
            // Helper: its pipes cannot be made.
            let reply = try await roost.reload()
            #expect(!reply.accepted)
            #expect(reply.problems.contains { $0.contains("Too many open files") }, "\(reply.problems)")
            // Spawn and log pipe: the worker that ends now cannot be replaced.
            let worker = try await roost.worker("proxy").pid
            #expect(kill(pid, SIGKILL) == 0)
            try await roost.wait(for: "alpha", state: .backoff)
            #expect(try await roost.logs().contains { $0.message.contains("Too many open files") })
            #expect(try await roost.supervisor().state == .degraded)
            #expect(try await roost.get().status == 200)

            try await limit(roost.pid, "nofile", nil)
            let after = try await roost.wait(for: "alpha") { $0.pid != pid }
            #expect(after.pid != nil)
            #expect(try await roost.reload().accepted)
            #expect(try await roost.worker("proxy").pid == worker)
        }
    }

    @Test("without room on its disk a history that cannot be written is loud, and the change is in force")
    func fileSize() async throws {
        let padding = String(repeating: "# " + String(repeating: "x", count: 97) + "\n", count: 1000)
        let first = "supervisor: { watch: false }\n" + Sample.proxy
        try await RunningRoost.run(first) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            // The log of the test's roostd stays below, a kept generation does not.
            try await limit(roost.pid, "fsize", 50_000)
            let reply = try await roost.reload(first + "  alpha: { command: [/bin/sleep, \"1000\"] }\n" + padding)
            #expect(reply.accepted && reply.generation == 2, "\(reply.problems)")
            try await roost.wait(for: "alpha")
            let words = "cannot keep configuration generation 2 in the history"
            let line = try #require(try await roost.logs().first { $0.message.contains(words) })
            #expect(line.level == .error && line.message.contains("File too large"))
            #expect(Scratch.names(in: roost.scratch.file("state/generations")) == ["1"])
            #expect(try await roost.worker("proxy").pid == pid)

            try await limit(roost.pid, "fsize", 1 << 30)
            #expect(try await roost.reload(first + padding).accepted)
            #expect(Scratch.names(in: roost.scratch.file("state/generations")) == ["1", "3"])
        }
    }

    @Test(
        "with the state directory's file system full a reload says what it could not keep, and goes on",
        .enabled(if: geteuid() == 0, "needs root, to mount a small file system")
    )
    func full() async throws {
        let first = "supervisor: { watch: false }\n" + Sample.proxy
        try await RunningRoost.run(first) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            let state = roost.scratch.file("state")
            try #require(mount("roost-test", state, "tmpfs", 0, "size=16k") == 0, "errno \(errno)")
            defer { umount2(state, Int32(MNT_DETACH)) }
            let full = roost_open(state + "/full", O_WRONLY | O_CREAT, 0o644)
            var filler = [UInt8](repeating: 0, count: 4096)
            while write(full, &filler, filler.count) > 0 {}
            close(full)
            let reply = try await roost.reload(first + "  alpha: { command: [/bin/sleep, \"1000\"] }\n")
            #expect(reply.accepted && reply.generation == 2)
            try await roost.wait(for: "alpha")
            let words = "cannot keep configuration generation 2 in the history"
            let line = try #require(try await roost.logs().first { $0.message.contains(words) })
            #expect(line.level == .error && line.message.contains("No space left on device"))
            #expect(try await roost.worker("proxy").pid == pid)
            // Room again: the next change is kept.
            unlink(state + "/full")
            #expect(try await roost.reload(first).accepted)
            #expect(Scratch.names(in: state + "/generations") == ["3"])
        }
    }

    @Test(
        "where no process can be started roostd answers, says so, and starts it when it can",
        .enabled(if: geteuid() == 0, "needs root, to be a user with a limit of its own")
    )
    func processes() async throws {
        // Root has no limit of processes (setrlimit(2), RLIMIT_NPROC): an account's number that nothing else runs as.
        let user: UInt32 = 61_717
        let configuration = """
            supervisor: { watch: false }
            workers:
              alpha: { command: [/bin/sleep, "1000"], backoff: { base: 100ms, max: 200ms }, intensity: { restarts: 1000 } }

            """
        let asUser = ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"]
        let reach = try await FinishedRun.of(asUser + [Program.path("roost-config"), "--help"])
        try #require(reach.status == 0, "other users cannot reach the programs: \(reach.errors)")
        try await RunningRoost.run(configuration, user: user) { roost in
            let pid = try #require(try await roost.wait(for: "alpha").pid)
            try await limit(roost.pid, "nproc", 1, as: asUser)
            let reply = try await roost.reload()
            #expect(!reply.accepted)
            #expect(reply.problems.contains { $0.contains("Resource temporarily unavailable") }, "\(reply.problems)")
            #expect(kill(pid, SIGKILL) == 0)
            try await roost.wait(for: "alpha", state: .backoff)
            #expect(try await roost.logs().contains { $0.message.contains("Resource temporarily unavailable") })
            let connection = try await roost.connect()
            #expect(try await connection.request(.echo, [1], within: .seconds(10)) == [1])
            await connection.close()
            try await limit(roost.pid, "nproc", nil, as: asUser)
            try await roost.wait(for: "alpha") { $0.pid != pid }
            #expect(try await roost.reload().accepted)
        }
    }
}
