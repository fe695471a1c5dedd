import RoostPolicy
import Testing

@testable import RoostCommand

@Suite struct ArgumentTests {
    @Test(
        "global options count before and after the command's name",
        arguments: [
            ["--json", "--runtime", "/x", "status"], ["status", "--json", "--runtime", "/x"],
            ["--runtime=/x", "status", "--json"], ["--json", "status", "proxy", "--runtime", "/x"],
            ["--json", "config", "history", "--runtime", "/x"], ["config", "--json", "history", "--runtime=/x"],
            ["config", "history", "--json", "--runtime", "/x"], ["logs", "--json", "-f", "--runtime", "/x"],
        ]
    )
    func globals(arguments: [String]) throws {
        let command = try RoostProgram.command(arguments)
        #expect(command.globals.json)
        #expect(command.globals.runtime == "/x")
    }

    @Test("options reach their command")
    func options() throws {
        let restart = try #require(
            try RoostProgram.command(["restart", "a", "b", "--rolling", "--timeout", "1m30s"]) as? Restart
        )
        #expect(restart.names == ["a", "b"])
        #expect(restart.rolling)
        #expect(restart.timeout == .seconds(90))
        let logs = try #require(
            try RoostProgram.command(["logs", "proxy", "-f", "--since", "5m", "--level", "error", "--grep", "a+"])
                as? Logs
        )
        #expect(logs.names == ["proxy"])
        #expect(logs.follow)
        #expect(logs.since == .ago(.seconds(300)))
        #expect(logs.level == .error)
        #expect(logs.grep == "a+")
        let events = try #require(
            try RoostProgram.command(["events", "--type", "worker", "--type", "error", "--since", "0"])
                as? EventsCommand
        )
        #expect(events.type == ["worker", "error"])
        #expect(events.since == 0)
        #expect((try RoostProgram.command(["scale", "proxy", "3"]) as? Scale)?.instances == 3)
        #expect((try RoostProgram.command(["config", "rollback", "4"]) as? ConfigRollback)?.generation == 4)
    }

    @Test(
        "wrong usage is refused",
        arguments: [
            ["nothing"], ["--bad"], ["restart"], ["stop"], ["start"], ["scale", "proxy"], ["scale", "proxy", "-1"],
            ["scale", "proxy", "many"], ["restart", "a", "--timeout", "5"], ["restart", "a", "--timeout", "0s"],
            ["logs", "--since", "yesterday"], ["logs", "--level", "loud"], ["logs", "--grep", "("],
            ["config", "show", "x"], ["config", "show", "3", "--effective"], ["config", "check", "a", "b"],
            ["events", "--since", "-3"], ["status", "--runtime"],
        ]
    )
    func refused(arguments: [String]) async throws {
        try await FakeSupervisor.run { fake in
            let world = World(
                reactor: fake.reactor,
                environment: { _ in nil },
                write: { fake.written.append($0, $1) }
            )
            #expect(await RoostProgram.run(arguments: arguments, in: world) == 64)
            let line = fake.written.text(.errors)
            #expect(line.hasPrefix("roost: "))
            #expect(line.contains("; see `roost "))
            #expect(line.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
            #expect(fake.written.text(.output).isEmpty)
        }
    }

    @Test(
        "RFC 3339 is read with any fraction and offset",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-03-01T12:00:00Z", 1_772_366_400_000_000_000),
            ("2026-03-01T12:00:00.25Z", 1_772_366_400_250_000_000),
            ("2026-03-01 13:00:00+01:00", 1_772_366_400_000_000_000),
            ("2026-03-01T06:30:00-05:30", 1_772_366_400_000_000_000), ("1969-12-31t23:59:59z", -1_000_000_000),
            ("2026-03-01T12:00:00.1234567899Z", 1_772_366_400_123_456_789),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000_000),
        ] as [(String, Int64)]
    )
    func instants(text: String, nanoseconds: Int64) {
        #expect(RFC3339.parse(text)?.nanoseconds == nanoseconds)
    }

    @Test(
        "what WallTime writes is read as the same instant",
        arguments: [0, 1, 951_782_400_000, 4_102_444_799_999, -62_000_000]
    )
    func roundTrip(milliseconds: Int64) {
        let time = WallTime(nanoseconds: milliseconds * 1_000_000)
        #expect(RFC3339.parse(time.description) == time)
    }

    @Test(
        "no instant is made of anything else",
        arguments: [
            "", "now", "2026-03-01", "2026-03-01T12:00:00", "2026-13-01T12:00:00Z", "2026-02-30T12:00:00Z",
            "2025-02-29T12:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:00.Z",
            "2026-03-01T12:00:00+1:00", "2026-03-01T12:00:00Zx", "9999-12-31T00:00:00Z", "0000-01-01T00:00:00Z",
            "٢٠٢٦-03-01T12:00:00Z",
        ]
    )
    func noInstants(text: String) { #expect(RFC3339.parse(text) == nil) }

    @Test("a duration counts back from now, and never over the edge")
    func ago() throws {
        let now = WallTime(nanoseconds: 1_000_000_000)
        #expect(try Since.parse("250ms").time(before: now).nanoseconds == 750_000_000)
        #expect(try Since.parse("106751d").time(before: WallTime(nanoseconds: .min)).nanoseconds == .min)
    }

    @Test(
        "the runtime directory is the flag, the variable, the system's if it runs, or that of make run",
        arguments: [
            ("/flag", "/variable", true, "/flag"), (nil, "/variable", true, "/variable"),
            (nil, nil, true, "/run/roost"),
            (nil, nil, false, ".roost/run"), (nil, "", false, ".roost/run"),
        ] as [(String?, String?, Bool, String)]
    )
    func runtime(flag: String?, variable: String?, isInstalled: Bool, expected: String) {
        let place = RuntimePlace(flag: flag, environment: { $0 == "ROOST_RUNTIME" ? variable : nil }) { path in
            path == "/run/roost/roostd.sock" && isInstalled
        }
        #expect(place.directory == expected)
        #expect(place.socket == expected + "/roostd.sock")
    }

    @Test("completions and the help dump are made of the whole command tree", arguments: ["bash", "zsh", "fish"])
    func generated(shell: String) async throws {
        try await FakeSupervisor.run { fake in
            let script = await fake.roost("--generate-completion-script", shell)
            #expect(script.status == 0)
            #expect(script.output.contains("rollback"))
            let help = await fake.roost("--experimental-dump-help")
            #expect(help.status == 0)
            #expect(help.output.contains("\"rollback\""))
        }
    }

    @Test("help and version go to the output with status 0")
    func help() async throws {
        try await FakeSupervisor.run { fake in
            let help = await fake.roost("help", "restart")
            #expect(help.status == 0)
            #expect(help.output.contains("USAGE: roost restart"))
            #expect(await fake.roost("--version") == .init(status: 0, output: "0.1.0\n", errors: ""))
        }
    }
}
