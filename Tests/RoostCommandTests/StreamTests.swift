import Glibc
import RoostIPC
import RoostJSON
import RoostProtocol
import RoostReactor
import Testing

@testable import RoostCommand

@Suite struct StreamTests {
    private static func logs(_ items: [LogLines], thenWait: Bool = false) -> @Sendable (IncomingRequest) -> Answer {
        { request in
            guard request.method == .logs else { return .message(Samples.status) }
            return .items { writer in
                for item in items { try await writer.send(item) }
                while thenWait { try await Task.sleep(for: .seconds(3600)) }
            }
        }
    }

    private static func item(_ lines: [LogLine], dropped: UInt64 = 0) -> LogLines {
        var item = LogLines()
        item.lines = lines
        item.dropped = dropped
        return item
    }

    @Test(
        "a line is time, level, source, message and fields",
        arguments: [
            (Samples.line("backend is down"), "12:00:00.250 warning proxy/0 backend is down\n"),
            (
                Samples.line("slow", fields: #"{"category":"x","rule":"api","ms":12,"text":"two words","list":[1]}"#),
                "12:00:00.250 warning proxy/0 slow rule=api ms=12 text=\"two words\" list=[1]\n"
            ),
            (Samples.line("two\nlines\u{1b}[0m"), "12:00:00.250 warning proxy/0 two\\nlines\\u001b[0m\n"),
            (Samples.line("broken", fields: "{not json"), "12:00:00.250 warning proxy/0 broken {not json\n"),
        ]
    )
    func line(line: LogLine, text: String) {
        #expect(LogText.line(line, asJSON: false, colors: false) == text)
    }

    @Test("a JSON line has every member, the fields as an object")
    func jsonLine() throws {
        let text = LogText.line(Samples.line("down", fields: #"{"rule":"api"}"#), asJSON: true, colors: true)
        #expect(
            try JSONParser.parse(text) == [
                "id": 7, "at": "2026-03-01T12:00:00.250Z", "source": "proxy", "instance": 0, "pid": 81,
                "level": "warning", "message": "down", "fields": ["rule": "api"],
            ]
        )
    }

    @Test("logs prints all lines and says what was dropped")
    func logs() async throws {
        let items = [Self.item([Samples.line("one")]), Self.item([Samples.line("two")], dropped: 3)]
        try await FakeSupervisor.run(answer: Self.logs(items)) { fake in
            let text = await fake.roost("logs")
            #expect(
                text.output == """
                    12:00:00.250 warning proxy/0 one
                    ... 3 lines dropped: this reader was too slow
                    12:00:00.250 warning proxy/0 two

                    """
            )
            #expect(text.status == 0)
            let json = await fake.roost("logs", "--json")
            let lines = json.output.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines[1] == #"{"dropped":3}"#)
        }
    }

    @Test("--grep looks at message and fields")
    func grep() async throws {
        let item = Self.item([
            Samples.line("one"), Samples.line("two", fields: #"{"rule":"api"}"#), Samples.line("three"),
        ])
        try await FakeSupervisor.run(answer: Self.logs([item])) { fake in
            #expect(await fake.roost("logs", "--grep", "^on|rule=a").output.filter { $0 == "\n" }.count == 2)
            #expect(await fake.roost("logs", "--grep", "nothing").output.isEmpty)
        }
    }

    @Test("names, level, time and follow reach the supervisor")
    func request() async throws {
        let answer: @Sendable (IncomingRequest) -> Answer = { request in
            guard request.method == .logs else { return .message(Samples.status) }
            guard let asked = try? LogsRequest(decoding: request.payload) else { return .failure(.internal, "") }
            return .items { writer in
                try await writer.send(
                    Self.item([Samples.line("\(asked.names) \(asked.sinceNs ?? 0) \(asked.level) \(asked.follow)")])
                )
            }
        }
        try await FakeSupervisor.run(answer: answer) { fake in
            let output = await fake.roost("logs", "proxy", "--since", "1s", "--level", "error").output
            #expect(output.hasSuffix(#"["proxy"] 1772366399000000000 error false"# + "\n"))
        }
    }

    @Test("-f ends with 0 when the operator wants the end")
    func interrupted() async throws {
        try await FakeSupervisor.run(answer: Self.logs([Self.item([Samples.line("one")])], thenWait: true)) { fake in
            let reactor = fake.reactor
            let written = fake.written
            let outcome = await fake.roost("logs", "-f") { world in
                world.whenUnwanted = { end in
                    @Sendable func look() {
                        if written.text(.output).isEmpty {
                            reactor.schedule(after: .milliseconds(1)) { look() }
                        } else {
                            end()
                        }
                    }
                    reactor.onLoop { look() }
                }
            }
            #expect(outcome == .init(status: 0, output: "12:00:00.250 warning proxy/0 one\n", errors: ""))
        }
    }

    @Test("-f ends with 0 and without a word when nobody reads any more")
    func readerGone() async throws {
        let items = (1...3).map { Self.item([Samples.line("\($0)")]) }
        try await FakeSupervisor.run(answer: Self.logs(items, thenWait: true)) { fake in
            fake.written.closeAfter(1)
            let outcome = await fake.roost("logs", "-f")
            #expect(outcome == .init(status: 0, output: "12:00:00.250 warning proxy/0 1\n", errors: ""))
        }
    }

    /// Sends a line and goes away; whoever comes back is told what it has asked for.
    private static let leaving: @Sendable (IncomingRequest) -> Answer = { request in
        guard request.method == .logs else { return .message(Samples.status) }
        let since = (try? LogsRequest(decoding: request.payload))?.sinceId
        let connection = request.connection
        return .items { writer in
            try await writer.send(
                item([Samples.line(since.map { "behind \($0)" } ?? "one")], dropped: since == nil ? 0 : 2)
            )
            try await Task.sleep(for: .milliseconds(20))
            if since == nil { await connection.close() }
            while since != nil { try await Task.sleep(for: .seconds(3600)) }
        }
    }

    @Test("-f goes on behind the last line when the supervisor has gone away and come back")
    func comesBack() async throws {
        try await FakeSupervisor.run(answer: Self.leaving) { fake in
            fake.written.closeAfter(2)
            let outcome = await fake.roost("logs", "-f") { world in
                let written = fake.written
                let reactor = fake.reactor
                world.whenUnwanted = { end in
                    @Sendable func look() {
                        if written.text(.output).contains("behind") {
                            end()
                        } else {
                            reactor.schedule(after: .milliseconds(1)) { look() }
                        }
                    }
                    reactor.onLoop { look() }
                }
            }
            #expect(
                outcome.output == """
                    12:00:00.250 warning proxy/0 one
                    ... 2 lines dropped: this reader was too slow
                    12:00:00.250 warning proxy/0 behind 7

                    """
            )
            #expect(outcome.errors == "roost: roostd went away; waiting for it\n")
            #expect(outcome.status == 0)
        }
    }

    @Test("-f gives up with 2 when no supervisor comes back within the lease")
    func staysAway() async throws {
        try await FakeSupervisor.run(answer: Self.leaving) { fake in
            let path = fake.directory + "/roostd.sock"
            let outcome = await fake.roost("logs", "-f") { world in
                world.lease = .milliseconds(300)
                let write = world.write
                world.write = { bytes, stream in
                    unlink(path)
                    return write(bytes, stream)
                }
            }
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("no supervisor answers"))
        }
    }

    @Test("events have the contract's JSON, and a dropped event where some are missing")
    func events() async throws {
        let answer: @Sendable (IncomingRequest) -> Answer = { _ in
            .items { writer in
                var item = Events()
                item.dropped = 2
                var event = Event()
                event.id = 17
                event.type = "worker"
                event.atNs = Samples.at
                event.dataJson = #"{"name":"proxy","state":"running"}"#
                item.events = [event]
                try await writer.send(item)
            }
        }
        try await FakeSupervisor.run(answer: answer) { fake in
            #expect(
                await fake.roost("events", "--json").output == """
                    {"type":"dropped","data":{"count":2}}
                    {"type":"worker","timestamp":"2026-03-01T12:00:00.250Z","data":{"name":"proxy","state":"running"},"id":17}

                    """
            )
            #expect(
                await fake.roost("events").output == """
                    ... 2 events missing: they are not kept any more
                    12:00:00.250 #17 worker name=proxy state=running

                    """
            )
        }
    }
}
