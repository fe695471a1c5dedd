import Glibc
import RoostJSON
import RoostProtocol
import RoostTestSupport
import Testing

/// What is left to read when a worker has ended as nobody wanted it to.
@Suite("reports of abnormal ends")
struct FlightTests {
    private static let heartbeat = "heartbeat: { interval: 100ms, deadline: 20s }"

    private func report(_ roost: RunningRoost, _ number: Int = 0) async throws -> JSONValue {
        let directory = roost.scratch.file("state/reports")
        let name = try await eventually("report \(number)") { () -> String? in
            let names = Scratch.names(in: directory).filter { $0.hasSuffix(".json") }
            return names.indices.contains(number) ? names[number] : nil
        }
        return try JSONParser.parse(Scratch.text("\(directory)/\(name)"))
    }

    private func messages(_ report: JSONValue) throws -> [JSONValue] {
        guard case .array(let messages)? = report["messages"] else { throw TestFailure("a report without messages") }
        return messages
    }

    @Test(
        "a crash after 100 KiB of output: its last 64 KiB, its status, its messages, its figures",
        arguments: [11, 6, 4]
    )
    func crash(signal: Int) async throws {
        // Without the runtime's backtrace, which would be the last of the output.
        let configuration = """
            workers:
              alpha:
                executable: SCRIPTED
                \(Self.heartbeat)
                environment:
                  SCRIPT: "once=SCRATCH/once then=bytes:102400@1300 then=raise:\(signal)@1400"
                  SWIFT_BACKTRACE: enable=no

            """
        try await RunningRoost.run(configuration) { roost in
            let pid = try await roost.wait(for: "alpha").pid
            try await roost.wait(for: "alpha") { $0.restarts == 1 }
            let report = try await report(roost)
            let lines = (0..<12_800).map { "\($0 + 1_000_000)\n" }.joined()
            #expect(report["output"]?.stringValue == String(lines.suffix(65_536)))
            #expect(report["pid"] == pid.map { .integer(Int64($0)) } && report["generation"] == .integer(1))
            #expect(report["exit"]?["signal"] == .integer(Int64(signal)))
            #expect(report["exit"]?["reason"] == .string("signaled"))
            #expect(report["executable"]?["path"]?.stringValue?.hasSuffix("scripted-worker") == true)
            #expect(report["executable"]?["version"]?.stringValue?.isEmpty == false)
            #expect(report["core"]?["pattern"]?.stringValue != nil && report["core"]?["dumped"] != .null)
            let messages = try messages(report)
            #expect(messages.first?["kind"] == .string("hello"))
            #expect(messages.contains { $0["kind"] == .string("hello") && $0["direction"] == .string("sent") })
            #expect(messages.contains { $0["method"] == .string("ready") })
            let heartbeats = messages.filter { $0["method"] == .string("heartbeat") }
            #expect(heartbeats.count > 5)
            #expect(heartbeats.allSatisfy { $0["summary"]?.stringValue?.hasPrefix("sequence ") == true })
            guard case .array(let figures)? = report["figures"],
                case .integer(let resident)? = figures.first?["resident_bytes"]
            else { throw TestFailure("a report without figures") }
            #expect(resident > 1 << 20)
            // The record names the report, and the report its entry.
            var request = WhyRequest()
            request.names = ["alpha"]
            request.history = true
            let why: WhyReply = try await roost.ask(.why, request)
            let ended = try #require(why.history.first { $0.event == "ended" })
            #expect(report["record"] == .integer(Int64(ended.id)))
            let path = roost.scratch.file("state/reports/") + Scratch.names(in: roost.scratch.file("state/reports"))[0]
            #expect(ended.cause?.inputs.first { $0.name == "report" }?.text == path)
            #expect(why.answers.first?.sentence.contains(path) == true)
        }
    }

    @Test("SIGSEGV from outside ends a worker, and is reported")
    func segmentation() async throws {
        try await RunningRoost.run(Sample.scripted("", Self.heartbeat)) { roost in
            let pid = try #require(try await roost.wait(for: "alpha").pid)
            #expect(kill(pid, SIGSEGV) == 0)
            try await roost.wait(for: "alpha") { $0.restarts == 1 && $0.lastExit?.signal == SIGSEGV }
            let report = try await report(roost)
            #expect(report["pid"] == .integer(Int64(pid)))
            // Where the runtime finds its tool, the worker has written a backtrace before.
            let hasWritten = report["output"]?.stringValue?.contains("Program crashed") == true
            #expect(report["backtrace"]?["found"] == .bool(hasWritten))
        }
    }

    @Test("a hang is reported with what was heard before it")
    func hang() async throws {
        let script = "once=SCRATCH/once then=block@500"
        let heartbeat = "heartbeat: { interval: 100ms, deadline: 1s }"
        try await RunningRoost.run(Sample.scripted(script, heartbeat)) { roost in
            try await roost.wait(for: "alpha") { $0.restarts == 1 }
            let report = try await report(roost)
            #expect(report["exit"]?["reason"] == .string("hung"))
            #expect(report["cause"]?["kind"] == .string("missed_heartbeats"))
            guard case .number(let age)? = report["at_death"]?["heartbeat_age_seconds"] else {
                throw TestFailure("no age of the last heartbeat")
            }
            #expect(age > 0.8)
            #expect(try messages(report).contains { $0["method"] == .string("heartbeat") })
        }
    }

    @Test("a start that takes too long and a program that is not there are reported")
    func starts() async throws {
        let configuration = """
            workers:
              slow: { executable: SCRIPTED, environment: { SCRIPT: "never-ready" }, start_timeout: 300ms }
              none: { executable: SCRATCH/none }

            """
        try await RunningRoost.run(configuration) { roost in
            let kinds = try await eventually("both are reported") { () -> Set<String>? in
                let directory = roost.scratch.file("state/reports")
                let kinds = Set(
                    try Scratch.names(in: directory).filter { $0.hasSuffix(".json") }.compactMap {
                        try JSONParser.parse(Scratch.text("\(directory)/\($0)"))["cause"]?["kind"]?.stringValue
                    }
                )
                return kinds.count > 1 ? kinds : nil
            }
            #expect(kinds == ["start_timeout", "spawn_failure"])
        }
    }

    @Test("ends that were asked for leave no report: restart, SIGTERM from outside, stop")
    func requested() async throws {
        try await RunningRoost.run(Sample.scripted("", Self.heartbeat)) { roost in
            try await roost.wait(for: "alpha")
            #expect(try await roost.restart("alpha").outcomes.allSatisfy { $0.succeeded })
            let second = try #require(try await roost.wait(for: "alpha").pid)
            #expect(kill(second, SIGTERM) == 0)
            try await roost.wait(for: "alpha") { $0.pid != second }
            #expect(try await roost.stop("alpha").outcomes.allSatisfy { $0.succeeded })
            try await roost.wait(for: "alpha", state: .stopped)
            #expect(Scratch.names(in: roost.scratch.file("state/reports")).isEmpty)
        }
    }

    @Test("the report about an adopted process has what it wrote before its first supervisor was killed")
    func adopted() async throws {
        let script = "once=SCRATCH/once then=lines:said-before@50"
        try await RunningRoost.run(Sample.scripted(script, Self.heartbeat)) { roost in
            let pid = try #require(try await roost.wait(for: "alpha").pid)
            try await eventually("it has spoken") {
                try await roost.logs("alpha").contains { $0.message == "said-before" }
            }
            try await roost.replaceDaemon()
            try await roost.wait(for: "alpha") { $0.pid == pid && $0.heartbeatAgeSeconds != nil }
            #expect(kill(pid, SIGKILL) == 0)
            try await roost.wait(for: "alpha") { $0.pid != pid }
            let report = try await report(roost)
            #expect(report["output"]?.stringValue?.contains("said-before\n") == true)
            #expect(report["at_death"]?["adopted"] == .bool(true) && report["pid"] == .integer(Int64(pid)))
            #expect(try messages(report).first?["kind"] == .string("hello"))
        }
    }
}
