import Glibc
import RoostIPC
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("what a worker's process is made of")
struct ProcessTests {
    /// A worker program that stays as it was started: the kit opens descriptors of its own at once.
    private static let asStarted = "#!/bin/sh\n[ \"$1\" = --check ] && exit 0\nexec sleep 1000\n"

    private func withSleeper(_ more: String = "", _ body: (RunningRoost, Int32) async throws -> Void) async throws {
        let configuration = """
            proxy: { listen: "127.0.0.1:PORT" }
            workers: { proxy: { command: [/bin/sleep, "1000"]\(more) } }
            """
        try await RunningRoost.run(configuration, environment: ["PASSED_ON=yes", "LANG=C.UTF-8"]) { roost in
            try await body(roost, try #require(try await roost.wait(for: "proxy").pid))
        }
    }

    @Test("a plain program has its listeners, what a later supervisor needs of its log, and nothing else open")
    func plainDescriptors() async throws {
        try await withSleeper { roost, pid in
            let open = ProcessFacts.descriptors(pid)
            #expect(open.keys.sorted() == [0, 1, 2, 3, 4, 5])
            #expect(open[4] == open[1] && open[5]?.contains("memfd:roost-log") == true)
            #expect(open[0] == "/dev/null")
            #expect(open[1]?.hasPrefix("pipe:") == true && open[2] == open[1])
            #expect(open[3]?.hasPrefix("socket:") == true)
            let variables = ProcessFacts.environment(pid)
            #expect(variables.contains("LISTEN_FDS=1") && variables.contains("LISTEN_FDNAMES=proxy.listen"))
            #expect(variables.contains { $0.hasPrefix("LISTEN_PID=") && Int32($0.dropFirst(11)) == pid })
        }
    }

    @Test("a worker has its configuration, its socket, its listeners and its log, and nothing else open")
    func workerDescriptors() async throws {
        let configuration = """
            proxy: { listen: "127.0.0.1:PORT" }
            workers:
              proxy: { executable: SCRATCH/program, start_timeout: 60s }
            """
        try await RunningRoost.run("workers: {}\n") { roost in
            try Scratch.write(roost.scratch.file("program"), Array(Self.asStarted.utf8), mode: 0o755)
            #expect(try await roost.reload(configuration).accepted)
            let worker = try await roost.wait(for: "proxy", state: .starting)
            let pid = try #require(worker.pid)
            try await eventually("the script has become sleep") { Scratch.text("/proc/\(pid)/comm") == "sleep\n" }
            let open = ProcessFacts.descriptors(pid)
            #expect(open.keys.sorted() == [0, 1, 2, 3, 4, 5, 6, 7])
            #expect(open[6] == open[1] && open[7]?.contains("memfd:roost-log") == true)
            #expect(open[3]?.contains("memfd:") == true)
            #expect(open[4]?.hasPrefix("socket:") == true && open[5]?.hasPrefix("socket:") == true)
            let variables = ProcessFacts.environment(pid)
            #expect(variables.contains("LISTEN_FDNAMES=configuration:ipc:proxy.listen:log.pipe:log.tape"))
            #expect(variables.contains("ROOST_RUNTIME=\(roost.runtime)"))
            #expect(variables.contains("ROOST_WORKER=proxy") && variables.contains("ROOST_INSTANCE=0"))
        }
    }

    @Test("no signal is blocked or ignored, the group is its own, SIGTERM ends it")
    func signals() async throws {
        try await withSleeper { roost, pid in
            let status = ProcessFacts.status(pid)
            #expect(status["SigBlk"] == "0000000000000000")
            #expect(status["SigIgn"] == "0000000000000000")
            #expect(status["NoNewPrivs"] == "1")
            let facts = try #require(ProcessFacts.stat(pid))
            #expect(facts.group == pid)
            #expect(facts.parent == roost.pid)
            #expect(kill(pid, SIGTERM) == 0)
            let worker = try await roost.wait(for: "proxy") { $0.pid != pid }
            #expect(worker.lastExit?.signal == SIGTERM)
        }
    }

    @Test("only allowed and configured variables are passed on")
    func environment() async throws {
        try await withSleeper(", environment: { SET: here, PASSED_ON: }") { roost, pid in
            let variables = ProcessFacts.environment(pid)
            #expect(variables.contains("SET=here"))
            #expect(variables.contains("PASSED_ON=yes"))
            #expect(variables.contains("LANG=C.UTF-8"))
            #expect(!variables.contains { $0.contains("ROOSTD_ONLY") || $0.hasPrefix("ROOST_") })
            let names = variables.map { $0.prefix { $0 != "=" } }.sorted()
            let told = ["LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET"]
            #expect(names.map(String.init) == (told + ["LANG", "PASSED_ON", "PATH", "SET"]).sorted())
        }
    }

    @Test("resource limits, nice value and OOM score are as configured")
    func limits() async throws {
        let more =
            ", nice: 7, oom_score_adjust: 300, limits: { open_files: 321, core: 0, file_size: 1MiB, stack: 4MiB }"
        try await withSleeper(more) { roost, pid in
            let limits = Scratch.text("/proc/\(pid)/limits").split(separator: "\n")
            func values(_ name: String) -> [String]? {
                limits.first { $0.hasPrefix(name) }.map { line in
                    line.dropFirst(name.count).split(separator: " ").prefix(2).map(String.init)
                }
            }
            #expect(values("Max open files") == ["321", "321"])
            #expect(values("Max core file size") == ["0", "0"])
            #expect(values("Max file size") == ["1048576", "1048576"])
            #expect(values("Max stack size") == ["4194304", "4194304"])
            #expect(Scratch.text("/proc/\(pid)/oom_score_adj") == "300\n")
            #expect(ProcessFacts.stat(pid)?.nice == 7)
        }
    }

    @Test("roostd has one thread, also while it starts, reloads and logs under load")
    func oneThread() async throws {
        let plain = "  noisy: { command: [/bin/sh, -c, \"yes noise | head -c 2000000; exec sleep 1000\"] }\n"
        try await RunningRoost.run(Sample.proxy + plain) { roost in
            try await roost.wait(for: "proxy")
            for round in 0..<5 {
                async let reply = roost.reload(Sample.proxy + plain + "supervisor: { lease: \(20 + round)s }\n")
                #expect(ProcessFacts.threads(roost.pid) == 1)
                #expect(try await reply.accepted)
                async let restarted = roost.restart("proxy")
                #expect(ProcessFacts.threads(roost.pid) == 1)
                #expect(try await restarted.outcomes.allSatisfy { $0.succeeded })
            }
            #expect(ProcessFacts.threads(roost.pid) == 1)
        }
    }

    @Test("every descriptor of roostd is closed on exec")
    func closeOnExec() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            try await roost.wait(for: "proxy")
            let connection = try await roost.connect()
            for number in ProcessFacts.descriptors(roost.pid).keys where number > 2 {
                let info = Scratch.text("/proc/\(roost.pid)/fdinfo/\(number)")
                guard let line = info.split(separator: "\n").first(where: { $0.hasPrefix("flags:") }) else { continue }
                let flags = Int(line.dropFirst(6).drop { $0 == "\t" || $0 == " " }, radix: 8) ?? 0
                #expect(flags & 0o2000000 != 0, "descriptor \(number): \(info)")
            }
            await connection.close()
        }
    }

    @Test("an orphan of a worker becomes roostd's, is reaped when it ends, and does not outlive the stop")
    func orphans() async throws {
        let script = "once=SCRATCH/once then=orphan:SCRATCH/orphan@10"
        try await RunningRoost.run(
            Sample.scripted([("alpha", script, ""), ("beta", "then=orphan:SCRATCH/other@10", "")])
        ) { roost in
            func orphan(_ file: String) async throws -> Int32 {
                try await eventually("the orphan runs") {
                    Int32(Scratch.text(roost.scratch.file(file)).filter(\.isNumber))
                }
            }
            let pid = try #require(try await roost.wait(for: "alpha").pid)
            let (first, second) = (try await orphan("orphan"), try await orphan("other"))
            #expect(kill(pid, SIGKILL) == 0)
            try await eventually("roostd is its parent") { ProcessFacts.stat(first)?.parent == roost.pid }
            #expect(kill(first, SIGKILL) == 0)
            try await eventually("it is reaped") { ProcessFacts.stat(first) == nil }
            // The other one is there at the stop: that nothing is left then is checked for every test.
            #expect(ProcessFacts.isAlive(second))
        }
    }

    @Test("above its soft memory ceiling a worker is replaced without a gap, above the hard one it is killed")
    func memory() async throws {
        let workers = [
            (name: "soft", script: "once=SCRATCH/a then=leak:60000000@50", more: "memory: { soft: 64MiB, hard: 4GiB }"),
            (name: "hard", script: "once=SCRATCH/b then=leak:60000000@50", more: "memory: { hard: 64MiB }"),
            (name: "well", script: "", more: "memory: { soft: 256MiB, hard: 512MiB }"),
        ]
        try await RunningRoost.run(Sample.scripted(workers)) { roost in
            let soft = try await roost.wait(for: "soft") { $0.restarts == 1 && $0.lastExit != nil }
            #expect(soft.lastExit?.reason == .memory && soft.lastExit?.code == 0)
            let hard = try await roost.wait(for: "hard") { $0.restarts == 1 }
            #expect(hard.lastExit?.reason == .memory && hard.lastExit?.signal == SIGKILL)
            #expect(try await roost.worker("well").restarts == 0)
        }
    }
}
