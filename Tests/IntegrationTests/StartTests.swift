import CLinux
import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("how roostd starts, or refuses to")
struct StartTests {
    /// Runs roostd to its end; its exit status and all that it wrote.
    private func roostd(_ arguments: [String], _ scratch: Scratch) async throws -> (status: Int32, text: String) {
        let output = roost_open(scratch.file("out"), O_RDWR | O_CREAT | O_TRUNC, 0o644)
        defer { close(output) }
        let child = try Child(
            Program.path("roostd"),
            arguments,
            environment: ["PATH=/usr/bin:/bin"],
            output: output,
            directory: scratch.path
        )
        let status = try await child.ended()
        return (status, Scratch.text(scratch.file("out")))
    }

    private func arguments(_ scratch: Scratch) -> [String] {
        ["--config", scratch.file("roost.yaml"), "--state", scratch.file("state"), "--runtime", scratch.file("run")]
    }

    @Test("a missing configuration file: 66, and the path")
    func missing() async throws {
        let scratch = try Scratch()
        let (status, text) = try await roostd(arguments(scratch), scratch)
        #expect(status == 66)
        #expect(text.contains(scratch.file("roost.yaml")))
        #expect(text.split(separator: "\n").count == 1)
    }

    @Test("an invalid configuration: 78, and every error with file, line and column")
    func invalid() async throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("rules.d")
        try scratch.write("roost.yaml", "supervisor: { lease: soon }\nworkers:\n  proxy: { nise: 3 }\n")
        try scratch.write("rules.d/api.yaml", "name: api\nbackends: []\n")
        let (status, text) = try await roostd(arguments(scratch), scratch)
        #expect(status == 78)
        #expect(text.contains("roost.yaml:1:22: supervisor.lease: "))
        #expect(text.contains("roost.yaml:3:12: workers.proxy.nise: "))
        #expect(text.contains("rules.d/api.yaml:2:"))
        #expect(Scratch.names(in: scratch.file("run")).allSatisfy { $0.hasSuffix(".sock") || $0 == "roostd.lock" })
    }

    @Test(
        "wrong usage: 64, and how it is used",
        arguments: [["--cofnig", "x"], ["--runtime"], ["start"], ["--state="]]
    )
    func usage(_ arguments: [String]) async throws {
        let (status, text) = try await roostd(arguments, try Scratch())
        #expect(status == 64)
        #expect(text.contains("usage: roostd"))
    }

    @Test("a runtime directory whose sockets would have too long names is refused")
    func longPath() async throws {
        let scratch = try Scratch()
        try scratch.write("roost.yaml", "workers: {}\n")
        let long = scratch.file(String(repeating: "d", count: 100))
        let (status, text) = try await roostd(
            ["--config", scratch.file("roost.yaml"), "--state", scratch.file("state"), "--runtime", long],
            scratch
        )
        #expect(status == 70)
        #expect(text.contains("107"))
        #expect(text.contains("shorter"))
    }

    @Test("a worker's name that makes its socket's name too long is refused")
    func longWorker() async throws {
        let scratch = try Scratch()
        let name = "a" + String(repeating: "b", count: 30)
        try scratch.write("roost.yaml", "workers: { \(name): { executable: \(Program.path("scripted-worker")) } }\n")
        let fill = 107 - "/roostd.sock".utf8.count - scratch.path.utf8.count - 2
        let long = scratch.file(String(repeating: "d", count: fill))
        let (status, text) = try await roostd(
            ["--config", scratch.file("roost.yaml"), "--state", scratch.file("state"), "--runtime", long],
            scratch
        )
        #expect(status == 70)
        #expect(text.contains("\(name).sock") && text.contains("shorter"))
    }

    @Test("a port that somebody else holds: the error names address, process and pid")
    func portHeld() async throws {
        let scratch = try Scratch()
        let port = Ports.free()
        let held = try #require(Ports.bound(to: port))
        defer { close(held) }
        try scratch.write("roost.yaml", "proxy: { listen: \"127.0.0.1:\(port)\" }\nworkers: { proxy: {} }\n")
        let (status, text) = try await roostd(arguments(scratch), scratch)
        #expect(status == 78)
        #expect(text.contains("127.0.0.1:\(port)"))
        let comm = Scratch.text("/proc/self/comm").filter { $0 != "\n" }
        #expect(text.contains("held by \(comm) (pid \(getpid()))"))
    }

    @Test("a second roostd on the same runtime directory is refused and harms nothing")
    func second() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            let output = roost_open(roost.scratch.file("second.out"), O_RDWR | O_CREAT, 0o644)
            defer { close(output) }
            let status = try await roost.secondDaemon(output: output).ended()
            let text = Scratch.text(roost.scratch.file("second.out"))
            #expect(status == 70)
            #expect(text.contains("in use by another roostd (pid \(roost.pid))"))
            #expect(try await roost.worker("proxy").pid == pid)
            #expect(try await roost.get().status == 200)
        }
    }

    @Test("after kill -9 of roostd its workers end within their lease, and a new roostd replaces what it left")
    func killed() async throws {
        let configuration = Sample.proxy + "  alpha: { executable: SCRIPTED }\nsupervisor: { lease: 1s }\n"
        try await RunningRoost.run(configuration) { roost in
            let workers = [try await roost.wait(for: "proxy").pid, try await roost.wait(for: "alpha").pid].compactMap(
                \.self
            )
            roost.daemon.signal(SIGKILL)
            #expect(try await roost.daemon.ended() == 128 + SIGKILL)
            // It serves on while the lease lasts.
            #expect(try await roost.get().status == 200)
            try await eventually("the workers are gone") { !workers.contains(where: ProcessFacts.isAlive) }
            #expect(Scratch.names(in: roost.runtime).contains("proxy.sock"))
            try await roost.replaceDaemon(killing: false)
            try await roost.wait(for: "proxy")
            try await roost.wait(for: "alpha")
            #expect(try await roost.get().status == 200)
            #expect(try await roost.supervisor().configGeneration == 1)
        }
    }

    @Test("a directory that others can write to is refused")
    func openDirectory() async throws {
        let scratch = try Scratch()
        try scratch.write("roost.yaml", "workers: {}\n")
        try scratch.makeDirectory("run")
        chmod(scratch.file("run"), 0o777)
        let (status, text) = try await roostd(arguments(scratch), scratch)
        #expect(status == 70)
        #expect(text.contains("can be written to by others"))
    }
}
