import CLinux
import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("roost-proxy without a supervisor")
struct StandaloneProxyTests {
    /// Binds a port, prints it, and becomes the program with the listener as descriptor 3, as systemd does it
    /// (sd_listen_fds(3)).
    private static let launcher = """
        import os, socket, sys
        s = socket.socket()
        s.bind(("127.0.0.1", 0))
        s.listen(64)
        print("port %d" % s.getsockname()[1], flush=True)
        os.dup2(s.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ["LISTEN_FDS"] = "1"
        os.environ["LISTEN_FDNAMES"] = "proxy.listen"
        os.environ["LISTEN_PID"] = str(os.getpid())
        os.execv(sys.argv[1], sys.argv[1:])
        """

    private static let rule = "name: welcome\npriority: -1000\ncontent: { source: welcome }\n"

    private func write(_ scratch: Scratch, main: String = "workers: { proxy: {} }\n", rule: String = Self.rule) throws {
        try scratch.makeDirectory("rules.d")
        try scratch.write("roost.yaml", main)
        try scratch.write("rules.d/welcome.yaml", rule)
    }

    @Test("with a listener by LISTEN_FDS it serves the rules of its file, and SIGTERM drains it")
    func serves() async throws {
        let scratch = try Scratch()
        try write(scratch)
        let output = roost_open(scratch.file("out"), O_RDWR | O_CREAT | O_APPEND, 0o644)
        defer { close(output) }
        let child = try Child(
            "/usr/bin/python3",
            ["-c", Self.launcher, Program.path("roost-proxy"), "--config", scratch.file("roost.yaml")],
            environment: ["PATH=/usr/bin:/bin"],
            output: output
        )
        let port = try await eventually("the launcher has a port") {
            let words = Scratch.text(scratch.file("out")).split(whereSeparator: \.isWhitespace)
            return words.firstIndex(of: "port").flatMap { words.indices.contains($0 + 1) ? UInt16(words[$0 + 1]) : nil }
        }
        // The listener is there before the proxy: the first caller waits in its backlog.
        let answer = try await HTTPSocket.get(port: port)
        #expect(answer.status == 200)
        #expect(answer.text.contains("Roost"))
        #expect(Scratch.text("/proc/\(child.pid)/comm").hasPrefix("roost-proxy"))
        child.signal(SIGTERM)
        #expect(try await child.ended(within: .seconds(20)) == 0, "\(Scratch.text(scratch.file("out")))")
        #expect(throws: HTTPSocket.Failure.connect(ECONNREFUSED)) { _ = try HTTPSocket(port: port) }
    }

    @Test("a broken file ends it at once with 78, and the errors")
    func broken() async throws {
        let scratch = try Scratch()
        try write(scratch, main: "proxy: { listne: x }\nworkers: { proxy: {} }\n")
        let run = try await FinishedRun.of(
            "/usr/bin/python3",
            "-c",
            Self.launcher,
            Program.path("roost-proxy"),
            "--config",
            scratch.file("roost.yaml"),
            within: .seconds(30)
        )
        #expect(run.status == 78)
        #expect(run.errors.contains("roost.yaml:1:10: proxy.listne: "))
    }

    @Test("--check says what is wrong with its part: 78 and the places; 0 when it is right; 66 without a file")
    func check() async throws {
        let scratch = try Scratch()
        try write(scratch, main: "supervisor: { lease: soon }\nworkers: { proxy: {} }\n")
        let file = scratch.file("roost.yaml")
        let right = try await FinishedRun.of("roost-proxy", "--check", file, within: .seconds(30))
        #expect(right.status == 0, "\(right.errors)")
        try scratch.replace("rules.d/welcome.yaml", "name: welcome\nbackends: [ { url: nowhere } ]\n")
        let wrong = try await FinishedRun.of("roost-proxy", "--check", file, within: .seconds(30))
        #expect(wrong.status == 78)
        #expect(wrong.errors.contains("rules.d/welcome.yaml:2:"))
        #expect(!wrong.errors.contains("supervisor.lease"))
        #expect(try await FinishedRun.of("roost-proxy", "--check", file + "x", within: .seconds(30)).status == 66)
        #expect(try await FinishedRun.of("roost-proxy", "--chekc", file, within: .seconds(30)).status == 64)
    }

    @Test("ROOST_PROXY_LISTEN in roostd's environment beats the file, also over a reload")
    func listenOverride() async throws {
        let other = Ports.free()
        try await RunningRoost.run(Sample.proxy, environment: ["ROOST_PROXY_LISTEN=127.0.0.1:\(other)"]) { roost in
            try await roost.wait(for: "proxy")
            #expect(try await HTTPSocket.get(port: other).status == 200)
            #expect(throws: HTTPSocket.Failure.connect(ECONNREFUSED)) { _ = try HTTPSocket(port: roost.port) }
            #expect(try await roost.reload(Sample.proxy + "supervisor: { lease: 11s }\n").accepted)
            #expect(try await HTTPSocket.get(port: other).status == 200)
            #expect(try await roost.supervisor().listeners.map(\.address) == ["127.0.0.1:\(other)"])
        }
    }
}
