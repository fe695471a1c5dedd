import RoostJSON
import RoostProtocol
import Testing

@testable import RoostCommand

@Suite struct StatusTests {
    @Test("the JSON has the contract's keys first, in its order and with its values")
    func contractShape() throws {
        let value = StatusJSON.value(of: Samples.status)
        let supervisor = try #require(value["supervisor"]?.objectValue)
        #expect(value.objectValue?.keys == ["supervisor", "workers"])
        #expect(
            supervisor.keys.prefix(6) == ["pid", "version", "state", "uptime_seconds", "config_generation", "watchdog"]
        )
        #expect(supervisor["uptime_seconds"] == 12.5)
        #expect(supervisor["watchdog"] == ["enabled": true, "interval_seconds": 10])
        let worker = try #require(value["workers"]?[0]?.objectValue)
        let contract: JSONObject = [
            "name": "proxy", "instance": 0, "state": "running", "ready": true, "pid": 2, "uptime_seconds": 11.9,
            "config_generation": 3, "restarts": 0, "rss_bytes": 21_000_000, "cpu_seconds": 0.4, "last_exit": nil,
        ]
        #expect(JSONObject(Array(worker.members.prefix(contract.count))) == contract)
    }

    @Test(
        "a last exit has a code, a signal or neither",
        arguments: [
            (Samples.exit(.exited, code: 3), #"{"at":"2026-03-01T12:00:00.250Z","code":3,"reason":"exited"}"#),
            (Samples.exit(.hung, signal: 6), #"{"at":"2026-03-01T12:00:00.250Z","signal":6,"reason":"hung"}"#),
            (Samples.exit(.unknown), #"{"at":"2026-03-01T12:00:00.250Z","reason":"unknown"}"#),
            (Samples.exit(.startTimeout), #"{"at":"2026-03-01T12:00:00.250Z","reason":"start_timeout"}"#),
        ]
    )
    func lastExit(exit: LastExit, json: String) throws {
        var reply = Samples.status
        reply.workers[0].lastExit = exit
        let value = try #require(StatusJSON.value(of: reply)["workers"]?[0]?["last_exit"])
        #expect(JSONWriter.compact(value) == json)
    }

    @Test("a worker without a process has a null pid")
    func nullPid() {
        var reply = Samples.status
        reply.workers[0].pid = nil
        #expect(StatusJSON.value(of: reply)["workers"]?[0]?["pid"] == .null)
    }

    @Test("people get a line about the supervisor and an aligned table")
    func table() {
        var reply = Samples.status
        var second = Samples.worker
        second.name = "voice"
        second.instance = 11
        second.state = .backoff
        second.ready = false
        second.pid = nil
        second.restarts = 7
        second.reason = "exited with status 3"
        second.nextStartSeconds = 1.25
        second.lastExit = Samples.exit(.signaled, signal: 9)
        reply.workers.append(second)
        let expected = """
            roostd 0.1.0 running: 1/2 ready, pid 1, up 12s, configuration 3, watchdog 10s, 7.4MiB, 0.4s CPU
            WORKER    STATE    READY  PID  UPTIME  RESTARTS   MEMORY   CPU  LAST EXIT                     REASON
            proxy/0   running  yes      2     11s         0  20.0MiB  0.4s  -
            voice/11  backoff  no       -       -         7        -     -  signaled SIGKILL at 12:00:00  \
            exited with status 3; starts in 1.3s

            """
        #expect(StatusText.text(of: reply, colors: false) == expected)
    }

    @Test("the process beside the serving one is told while a rolling restart lasts")
    func rolling() {
        var reply = Samples.status
        var rolling = Rolling()
        (rolling.step, rolling.pid, rolling.uptimeSeconds) = (.proving, 92, 0.5)
        reply.workers[0].rolling = rolling
        #expect(StatusText.text(of: reply, colors: false).contains("  pid 92 is being proved\n"))
        let json = StatusJSON.value(of: reply)["workers"]?[0]?["rolling"]
        #expect(json?["step"] == "proving" && json?["pid"] == 92)
        #expect(StatusJSON.value(of: Samples.status)["workers"]?[0]?["rolling"] == .null)
    }

    @Test("colours are escapes around the words, and absent unless asked for")
    func colors() {
        #expect(StatusText.text(of: Samples.status, colors: true).contains("\u{1b}[32mrunning\u{1b}[0m"))
        #expect(!StatusText.text(of: Samples.status, colors: false).contains("\u{1b}"))
    }

    @Test("what a worker says of itself does not steer the terminal")
    func escapes() {
        var reply = Samples.status
        reply.workers[0].reason = "red\u{1b}[31m\nline"
        let text = StatusText.text(of: reply, colors: false)
        #expect(text.contains("red\\u001b[31m\\nline"))
        #expect(!text.contains("\u{1b}"))
    }

    @Test("a rejected configuration is loud")
    func problems() {
        var reply = Samples.status
        reply.supervisor?.configProblems = ["roost.yaml:6:1: x: is not a known key; remove it"]
        let lines = StatusText.text(of: reply, colors: false).split(separator: "\n")
        #expect(lines[1] == "the last change of the configuration was rejected:")
        #expect(lines[2] == "  roost.yaml:6:1: x: is not a known key; remove it")
    }

    @Test("a state of a newer supervisor is unknown, not a crash")
    func unknownState() {
        var reply = Samples.status
        reply.supervisor?.state = .unrecognized(77)
        reply.workers[0].state = .unrecognized(78)
        #expect(StatusJSON.value(of: reply)["workers"]?[0]?["state"] == "unknown")
        #expect(StatusText.text(of: reply, colors: false).hasPrefix("roostd 0.1.0 unknown:"))
    }

    @Test(
        "durations, sizes and times of processors fit a column",
        arguments: [
            (Figures.duration(0), "0s"), (Figures.duration(59.9), "59s"), (Figures.duration(72), "1m12s"),
            (Figures.duration(3600 * 3 + 240), "3h04m"), (Figures.duration(86_400 * 2 + 10_800), "2d03h"),
            (Figures.duration(-1), "0s"), (Figures.duration(.nan), "0s"), (Figures.duration(.infinity), "0s"),
            (Figures.bytes(0), "0B"), (Figures.bytes(1023), "1023B"), (Figures.bytes(1 << 20), "1.0MiB"),
            (Figures.bytes(.max), "16.0EiB"), (Figures.processorTime(0.44), "0.4s"),
            (Figures.processorTime(72), "1m12s"), (Figures.decimal(-0.04, 1), "0.0"),
            (Figures.decimal(1.2345, 3), "1.235"),
            (Figures.decimal(2.5, 0), "3"), (Figures.decimal(.infinity, 2), "inf"),
        ]
    )
    func figures(text: String, expected: String) { #expect(text == expected) }
}
