import RoostIPC
import RoostJSON
import RoostProtocol
import Testing

@testable import RoostCommand

@Suite struct CommandTests {
    // MARK: Nobody there

    @Test("without a supervisor the status is 2 and one line says where and what to do")
    func noSupervisor() async throws {
        try await FakeSupervisor.run { fake in
            let place = fake.directory + "/roostd.sock"
            for command in [["status"], ["restart", "a"], ["reload"], ["logs"], ["events"], ["config", "history"]] {
                let outcome = await fake.roost(
                    command[0],
                    command.count > 1 ? command[1] : "--runtime=\(fake.directory)"
                )
                #expect(outcome.status == 2)
                #expect(outcome.output.isEmpty)
                #expect(
                    outcome.errors
                        == "roost: no supervisor answers at \(place); start it with `make run` or `systemctl start roost`\n"
                )
            }
        }
    }

    @Test("with --json the same failure is one JSON object on stderr")
    func noSupervisorJSON() async throws {
        try await FakeSupervisor.run { fake in
            let outcome = await fake.roost("status", "--json")
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty)
            let error = try JSONParser.parse(outcome.errors)["error"]
            #expect(error?["code"] == "no_supervisor")
            #expect(error?["message"]?.stringValue?.contains("start it with") == true)
        }
    }

    @Test("a path that no socket can have is said to be too long")
    func longPath() async throws {
        try await FakeSupervisor.run { fake in
            let outcome = await fake.roost("status", "--runtime", String(repeating: "x", count: 120))
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("choose a shorter directory"))
        }
    }

    // MARK: Answers

    @Test("status asks for the names, and prints the table or JSON")
    func status() async throws {
        let answer: @Sendable (IncomingRequest) -> Answer = { request in
            guard request.method == .status, let asked = try? StatusRequest(decoding: request.payload) else {
                return .unknown(request.method)
            }
            guard asked.names == ["proxy"] else { return .failure(.notFound, "there is no worker \(asked.names)") }
            return .message(Samples.status)
        }
        try await FakeSupervisor.run(answer: answer) { fake in
            let text = await fake.roost("status", "proxy")
            #expect(text == .init(status: 0, output: StatusText.text(of: Samples.status, colors: false), errors: ""))
            let json = await fake.roost("--json", "status", "proxy")
            #expect(json.status == 0)
            #expect(try JSONParser.parse(json.output) == StatusJSON.value(of: Samples.status))
            let unknown = await fake.roost("status", "nix")
            #expect(unknown == .init(status: 1, output: "", errors: "roost: there is no worker [\"nix\"]\n"))
            let failed = await fake.roost("status", "nix", "--json")
            let error = try JSONParser.parse(failed.errors)
            #expect(error["error"]?["code"] == "not_found")
        }
    }

    @Test("restart says every instance, and fails with 1 and a line if one did not come back")
    func restart() async throws {
        let answer: @Sendable (IncomingRequest) -> Answer = { request in
            guard request.method == .restart, let asked = try? RestartRequest(decoding: request.payload) else {
                return .unknown(request.method)
            }
            guard asked.names == ["proxy"], !asked.rolling, asked.timeoutMs == 1500 else {
                return .failure(.invalidArgument, "asked for \(asked)")
            }
            let failed = Samples.outcome(82, nil, succeeded: false, "proxy/1 is backoff: exited with status 3")
            return .message(Samples.change(Samples.outcome(81, 92), failed))
        }
        try await FakeSupervisor.run(answer: answer) { fake in
            let text = await fake.roost("restart", "proxy", "--timeout", "1500ms")
            #expect(text.status == 1)
            #expect(text.output == "proxy/0 restarted: pid 81 -> 92\n")
            #expect(text.errors == "roost: proxy/1 is backoff: exited with status 3\n")
            let json = await fake.roost("restart", "proxy", "--timeout", "1500ms", "--json")
            #expect(json.status == 1)
            let outcomes = try JSONParser.parse(json.output)["outcomes"]
            #expect(outcomes?[0]?["pid_after"] == 92)
            #expect(outcomes?[1]?["succeeded"] == false)
            let error = try JSONParser.parse(json.errors)["error"]
            #expect(error?["code"] == "failed")
        }
    }

    @Test(
        "each change is said in its own words",
        arguments: [
            (Samples.outcome(81, 92), "restarted", "proxy/0 restarted: pid 81 -> 92"),
            (Samples.outcome(nil, 92), "started", "proxy/0 started: pid 92"),
            (Samples.outcome(81, 81), "started", "proxy/0 was running: pid 81"),
            (Samples.outcome(81, nil), "stopped", "proxy/0 stopped: pid 81 has ended"),
            (Samples.outcome(81, nil), "started", "proxy/0 stopped: pid 81 has ended"),
            (Samples.outcome(nil, nil), "stopped", "proxy/0 is stopped"),
        ]
    )
    func changes(outcome: InstanceOutcome, verb: String, line: String) {
        #expect(ChangeOutcome([outcome], verb).line(outcome) == line)
    }

    @Test("a rejected reload prints every problem and ends with 1")
    func rejected() async throws {
        let answer: @Sendable (IncomingRequest) -> Answer = { _ in
            var reply = ReloadReply()
            reply.generation = 3
            reply.problems = ["roost.yaml:1:1: a: is wrong; mend it", "roost.yaml:2:1: b: is wrong; mend it"]
            return .message(reply)
        }
        try await FakeSupervisor.run(answer: answer) { fake in
            let outcome = await fake.roost("reload")
            #expect(outcome.status == 1)
            #expect(outcome.output.isEmpty)
            #expect(
                outcome.errors == """
                    roost.yaml:1:1: a: is wrong; mend it
                    roost.yaml:2:1: b: is wrong; mend it
                    roost: rejected (2 problems), configuration 3 stays in force: mend the files and run `roost reload`

                    """
            )
            let json = await fake.roost("reload", "--json")
            let problems = try JSONParser.parse(json.output)["problems"]?.arrayValue
            #expect(problems?.count == 2)
            #expect(json.status == 1)
        }
    }

    @Test("a caller who may not is told so, with 1: there is a supervisor")
    func forbidden() async throws {
        try await FakeSupervisor.run(
            admit: { (_, _) throws(RequestFailure) in
                throw RequestFailure(.forbidden, "uid 7 may not do that: join the group roost-observe or use sudo")
            },
            answer: { .unknown($0.method) }
        ) { fake in
            let outcome = await fake.roost("status")
            #expect(outcome.status == 1)
            #expect(outcome.errors == "roost: uid 7 may not do that: join the group roost-observe or use sudo\n")
        }
    }

    @Test("a supervisor that goes away in the middle is a failure")
    func goneAway() async throws {
        let answer: @Sendable (IncomingRequest) -> Answer = { request in
            request.connection.assumeIsolated { $0.close() }
            return .reply([])
        }
        try await FakeSupervisor.run(answer: answer) { fake in
            let outcome = await fake.roost("stop", "proxy")
            #expect(outcome.status == 1)
            #expect(outcome.errors.hasPrefix("roost: roostd went away"))
            #expect(outcome.errors.filter { $0 == "\n" }.count == 1)
        }
    }

    @Test("an older supervisor that does not know a method is a failure with its words")
    func unknownMethod() async throws {
        try await FakeSupervisor.run(answer: { .unknown($0.method) }) { fake in
            let outcome = await fake.roost("metrics", "--json")
            #expect(outcome.status == 1)
            let error = try JSONParser.parse(outcome.errors)["error"]
            #expect(error?["code"] == "unknown_method")
        }
    }

    @Test("config show prints each file under its name")
    func configShow() async throws {
        let answer: @Sendable (IncomingRequest) -> Answer = { _ in
            var reply = ConfigShowReply()
            reply.generation = 3
            for (path, content) in [("roost.yaml", "workers: {}"), ("rules.d/a.yaml", "name: a\n")] {
                var file = SourceFile()
                file.path = path
                file.content = Array(content.utf8)
                reply.files.append(file)
            }
            return .message(reply)
        }
        try await FakeSupervisor.run(answer: answer) { fake in
            let outcome = await fake.roost("config", "show")
            let expected = """
                # --- roost.yaml (configuration 3)
                workers: {}

                # --- rules.d/a.yaml (configuration 3)
                name: a

                """
            #expect(outcome == .init(status: 0, output: expected, errors: ""))
        }
    }

    @Test("config check without its helper says so")
    func noHelper() async throws {
        try await FakeSupervisor.run { fake in
            let outcome = await fake.roost("config", "check", "x.yaml") { $0.programFolders = ["/nowhere"] }
            #expect(outcome.status == 1)
            #expect(outcome.errors == "roost: roost-config is not in /nowhere; install Roost again\n")
        }
    }
}
