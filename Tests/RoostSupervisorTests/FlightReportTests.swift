import Glibc
import RoostJSON
import RoostPolicy
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct FlightReportTests {
    static let exit = LastExit(
        at: WallTime(nanoseconds: 1_772_366_400_250_117_000),
        status: .signal(SIGSEGV),
        reason: .signaled
    )

    static func report(
        _ log: FlightLog = FlightLog(),
        at nanoseconds: Int64 = Self.exit.at.nanoseconds
    ) -> FlightReport {
        let id = InstanceID(name: "proxy", instance: 2)
        return FlightReport(
            id,
            at: WallTime(nanoseconds: nanoseconds),
            instant: MonotonicInstant(nanoseconds: 100_000_000_000),
            exit: exit,
            because: .ending(exit, of: id, pid: 7),
            log
        )
    }

    @Test("its name has the instance and a time that sorts")
    func names() {
        #expect(FlightRecorder.name(Self.report()) == "proxy-2-20260301T120000.250117Z.json")
    }

    @Test("any bytes of output become JSON that reads back, with what is no text replaced")
    func garbage() throws {
        let tape = try LogTape()
        var log = FlightLog()
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        try Scratch.append(bytes, to: tape)
        log.tape = tape
        let text = JSONWriter.pretty(.object(Self.report(log).json(core: CorePattern("core"))))
        let json = try JSONParser.parse(text)
        #expect(json["output"]?.stringValue == String(decoding: bytes.suffix(64 * 1024), as: UTF8.self))
        #expect(json["output_bytes"] == .integer(64 * 1024) && json["output_written"] == .integer(100_000))
        #expect(json["exit"]?["signal"] == .integer(Int64(SIGSEGV)))
        #expect(json["backtrace"]?["found"] == .bool(false))
    }

    @Test("the last minute of figures is told, the oldest first, with what they were at death")
    func figures() throws {
        var log = FlightLog()
        log.begin(pid: 7, isPlain: false, path: "/x", at: MonotonicInstant(nanoseconds: 1_000_000_000))
        log.heartbeat = (MonotonicInstant(nanoseconds: 98_500_000_000), .milliseconds(3))
        for second in 1...99 as ClosedRange<Int64> {
            var figures = try #require(ProcessFigures(pid: getpid()))
            figures.residentBytes = Int(second)
            log.note(figures, descriptors: nil, at: MonotonicInstant(nanoseconds: second * 1_000_000_000))
        }
        let json = JSONValue.object(Self.report(log).json(core: nil))
        guard case .array(let samples)? = json["figures"] else { throw TestFailure("no figures") }
        #expect(samples.count == 60)
        #expect(samples.first?["resident_bytes"] == .integer(40) && samples.last?["age_seconds"] == .number(1))
        let death = try #require(json["at_death"])
        #expect(death["resident_bytes"] == .integer(99) && death["uptime_seconds"] == .number(99))
        #expect(death["heartbeat_age_seconds"] == .number(1.5) && death["loop_lag_seconds"] == .number(0.003))
    }

    @Test("a backtrace is found between its marks, the last one, also one that is cut")
    func backtraces() {
        let trace = "*** Program crashed: Bad pointer dereference at 0x0 ***\nThread 0 crashed:\n0 f in x\n"
        let end = "Backtrace took 0.12s"
        func found(_ text: String) -> String? {
            CrashText.backtrace(in: Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(found("before\n\(trace)\(end)\nafter\n") == trace + end)
        #expect(found("Program crashed: old\n\(end)\n\(trace)\(end)") == trace + end)
        #expect(found("before\n\(trace)") == trace)
        #expect(found("before\nFatal error: none\n") == nil)
        #expect(found("") == nil && found("Program crashed:") == nil)
    }

    @Test(
        "where a core is",
        arguments: [
            ("core", "core in the process's working directory"), ("/var/core.%e.%p%%", "/var/core.%e.7%"),
            ("|/lib/systemd/systemd-coredump %P %u", "coredumpctl info 7"), ("|/bin/tool %p", "handed to /bin/tool"),
            ("", " in the process's working directory"), ("/%", "/"),
        ]
    )
    func cores(pattern: String, place: String) {
        #expect(CorePattern(pattern).place(pid: 7) == place)
    }

    @Test("ends that somebody asked for are normal unless the process crashed on its way")
    func abnormal() {
        for reason in RoostPolicy.ExitReason.allCases { check(reason) }
    }

    private func check(_ reason: RoostPolicy.ExitReason) {
        func isAbnormal(_ status: ChildStatus, _ told: Cause.Kind? = nil) -> Bool {
            LastExit(at: Self.exit.at, status: status, reason: reason).isAbnormal(toldBecause: told)
        }
        let isAskedFor = [.requested, .configuration, .upgrade, .dependency, .memory].contains(reason)
        #expect(isAbnormal(.signal(SIGSEGV)))
        #expect(isAbnormal(.signal(SIGKILL)) == !isAskedFor)
        #expect(isAbnormal(.code(0)) == (!isAskedFor && reason != .exited))
        #expect(isAbnormal(.code(3)) == !isAskedFor)
        if reason == .memory { #expect(isAbnormal(.signal(SIGKILL), .memoryHard)) }
    }
}

extension Scratch {
    /// Puts bytes onto a tape as a process would.
    static func append(_ bytes: [UInt8], to tape: LogTape) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TestFailure("pipe: errno \(errno)") }
        defer { for end in ends { close(end) } }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.prefix(4096).withUnsafeBytes { Glibc.write(ends[1], $0.baseAddress, $0.count) }
            guard count > 0, tape.take(from: ends[0], atMost: count) == count else { throw TestFailure("no tape") }
            rest = rest.dropFirst(count)
        }
    }
}
