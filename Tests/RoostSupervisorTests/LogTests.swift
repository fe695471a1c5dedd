import CLinux
import Glibc
import RoostConfig
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

private let origin = LogRecord.Source(name: "proxy", instance: 1, pid: 42)
private let time = WallTime(nanoseconds: 1_700_000_000_250_000_000)

private func records(of chunks: [[UInt8]], lineLimit: Int = 4096) -> [LogRecord] {
    var reader = LogLineReader(source: origin, lineLimit: lineLimit)
    var records: [LogRecord] = []
    for chunk in chunks { chunk.withUnsafeBytes { reader.append($0, at: time) { records.append($0) } } }
    reader.end(at: time) { records.append($0) }
    return records
}

private func records(of text: String, lineLimit: Int = 4096) -> [LogRecord] {
    records(of: [Array(text.utf8)], lineLimit: lineLimit)
}

@Suite(.ownThread) struct LogLineReaderTests {
    @Test("lines come out the same in any split")
    func splits() {
        let text = Array("one\r\n{\"message\":\"two\",\"level\":\"error\"}\n\n\nthree\nlast".utf8)
        let whole = records(of: [text]).map(\.line)
        #expect(whole.count == 4)
        for cut in 0...text.count {
            #expect(records(of: [Array(text[..<cut]), Array(text[cut...])]).map(\.line) == whole)
        }
        #expect(records(of: text.map { [$0] }).map(\.line) == whole)
    }

    @Test("a JSON object with a message is structured, other members become metadata")
    func structured() throws {
        let line = #"{"level":"warning","category":"c","message":"m","timestamp":"x","metadata":{"a":1},"rule":"api"}"#
        let record = try #require(records(of: line).first)
        #expect((record.level, record.category, record.message) == (.warning, "c", "m"))
        #expect(record.metadata == ["a": 1, "rule": "api"])
    }

    @Test(
        "anything else is a plain line of level info",
        arguments: ["text", "{", "{}", "{\"message\":1}", "[\"message\"]", "{\"message\":\"a\"} x"]
    )
    func plain(text: String) throws {
        let record = try #require(records(of: text).first)
        #expect((record.level, record.category, record.message) == (.info, "output", text))
    }

    @Test("an unknown level is info")
    func level() { #expect(records(of: #"{"level":"loud","message":"m"}"#).first?.level == .info) }

    @Test("a line over the limit is cut and marked, the next one is whole")
    func tooLong() {
        let found = records(of: String(repeating: "x", count: 5000) + "\nnext\n", lineLimit: 100)
        #expect(found.map(\.message) == [String(repeating: "x", count: 100), "next"])
        #expect(found.map { $0.metadata["truncated"] } == [true, nil])
    }

    @Test("a line of many members costs time in proportion to its length", arguments: [false, true])
    func manyMembers(areNested: Bool) throws {
        // Looking each key up among those before it would take sixteen times as long for four times the members.
        let (few, many) = try (cost(of: 8000, areNested), cost(of: 32_000, areNested))
        #expect(many < 9 * few, "\(few) and \(many) ns")
    }

    /// Nanoseconds of this thread that a line takes, at best of three.
    private func cost(of count: Int, _ areNested: Bool) throws -> Int {
        let members = (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        let line = "{\"message\":\"m\"," + (areNested ? "\"metadata\":{\(members)}" : members) + "}"
        return try (0..<3).map { _ in
            let start = spentByThread()
            let record = try #require(records(of: line, lineLimit: 1 << 22).first)
            let spent = spentByThread() - start
            #expect(record.message == "m" && record.metadata.count == 257)
            #expect(record.metadata["k0"] == 0 && record.metadata["k255"] == 255 && record.metadata["k256"] == nil)
            #expect(record.metadata["members_dropped"] == .integer(Int64(count - 256)))
            return spent
        }.min() ?? 0
    }

    private func spentByThread() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    @Test("of equal keys the last one counts")
    func equalKeys() throws {
        let record = try #require(records(of: #"{"message":"m","a":1,"metadata":{"a":2,"b":3},"b":4}"#).first)
        #expect(record.metadata == ["a": 2, "b": 4])
    }

    @Test("invalid UTF-8 is repaired")
    func invalid() { #expect(records(of: [[0x61, 0xFF, 0x0A]]).first?.message == "a\u{FFFD}") }

    @Test("garbage never traps and never costs more than its lines", arguments: 1...20 as ClosedRange<UInt64>)
    func garbage(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
        let alphabet = Array("{}[]\":,\\nulrte0-9\n\n\r".utf8) + [0, 0xC3, 0xFF]
        let chunks = (0..<50).map { _ in
            (0..<Int(next() % 200)).map { _ in alphabet[Int(next() % UInt64(alphabet.count))] }
        }
        let found = records(of: chunks, lineLimit: 64)
        #expect(found.count <= chunks.joined().count { $0 == 10 } + 1)
        #expect(found.allSatisfy { $0.message.utf8.count <= 64 * 3 })
    }
}

@Suite(.ownThread) struct LogRecordTests {
    private func record(_ message: String, _ metadata: JSONObject = [:], name: String = "proxy") -> LogRecord {
        let source = LogRecord.Source(name: name, instance: 1, pid: 42)
        var record = LogRecord(time: time, level: .warning, source: source, category: "c", message: message)
        record.metadata = metadata
        return record
    }

    @Test("a line for people has time, level, who, what and the metadata")
    func line() {
        let line = record("backend is down", ["rule": "api", "tries": 3]).line
        #expect(line.hasSuffix(" warning proxy/1 backend is down rule=api tries=3"))
        #expect(record("m", name: "roostd").line.hasSuffix(" warning roostd m"))
    }

    @Test("what a process writes neither begins a line of its own nor commands the terminal")
    func control() {
        let line = record("a\nroostd b\u{1B}[2J", ["k": "x\r"]).line
        #expect(line.hasSuffix(#" a\nroostd b\u{1B}[2J k=x\r"#))
    }

    @Test("a JSON line can be read back")
    func json() throws {
        let parsed = try JSONParser.parse(Array(record("m", ["a": 1]).jsonLine.utf8))
        #expect(parsed["message"] == "m" && parsed["metadata"]?["a"] == 1 && parsed["level"] == "warning")
        #expect(parsed["worker"] == "proxy" && parsed["instance"] == 1 && parsed["pid"] == 42)
    }

    @Test("levels are ordered from debug to critical")
    func levels() { #expect(LogLevel.allCases == LogLevel.allCases.sorted()) }
}

@Suite(.ownThread) struct LogPipeTests {
    private func pipe(_ bench: Bench, _ found: Slot<[LogRecord]>) throws -> LogPipe {
        try LogPipe(bench.reactor, source: origin, lineLimit: 4096) { found.value?.append($0) }
    }

    @Test("lines arrive as they are written, and the end of the writers is seen")
    func lines() throws {
        let bench = try Bench()
        let found = Slot<[LogRecord]>([])
        let pipe = try pipe(bench, found)
        pipe.speak(for: LogRecord.Source(name: "other", instance: 0, pid: 7))
        _ = write(pipe.writeEnd, "one\ntw", 6)
        try bench.turn(until: "a line") { found.value?.count == 1 }
        pipe.closeWriteEnd()
        try bench.turn(until: "the rest") { found.value?.count == 2 }
        #expect(found.value?.map(\.message) == ["one", "tw"])
        #expect(found.value?.first?.source.name == "other")
        #expect(bench.reactor.sourceCount == 0)
    }

    @Test("last words without a newline are kept although somebody else holds the other end")
    func lastWords() throws {
        let bench = try Bench()
        let found = Slot<[LogRecord]>([])
        let pipe = try pipe(bench, found)
        let other = dup(pipe.writeEnd)
        defer { close(other) }
        _ = write(pipe.writeEnd, "fatal", 5)
        pipe.closeWriteEnd()
        pipe.end()
        #expect(found.value?.map(\.message) == ["fatal"])
    }

    @Test("one turn takes a bounded share of a flood")
    func flood() throws {
        let bench = try Bench()
        let found = Slot<[LogRecord]>([])
        let pipe = try pipe(bench, found)
        _ = roost_set_nonblocking(pipe.writeEnd, true)
        let line = [UInt8](repeating: 120, count: 4095) + [10]
        while write(pipe.writeEnd, line, line.count) == line.count {}
        pipe.drain()
        let count = try #require(found.value?.count)
        #expect((1...8).contains(count), "of the 16 that the pipe holds")
    }

    @Test("dropping it closes both ends and watches nothing")
    func dropped() throws {
        let bench = try Bench()
        do { _ = try pipe(bench, Slot([])) }
        #expect(bench.reactor.sourceCount == 0)
    }
}

@Suite(.ownThread) struct TerminalSinkTests {
    @Test("lines go out, each with a newline")
    func lines() throws {
        let bench = try Bench()
        let pipe = try Pipe()
        let sink = TerminalSink(bench.reactor, output: pipe.writeEnd)
        sink.write("one")
        sink.write("two")
        #expect(pipe.text == "one\ntwo\n")
        #expect(sink.dropped == 0)
    }

    @Test("a reader that does not read costs lines, which are counted and told, and never time")
    func full() throws {
        let bench = try Bench()
        let pipe = try Pipe()
        let sink = TerminalSink(bench.reactor, output: pipe.writeEnd)
        pipe.fill()
        let line = String(repeating: "x", count: 1000)
        for _ in 0..<500 { sink.write(line) }
        #expect(sink.dropped >= 200)
        let dropped = sink.dropped
        var text = ""
        try bench.turn(until: "what was kept") {
            text += pipe.text
            return text.count { $0 == "\n" } >= 500 - dropped
        }
        sink.write("after")
        text += pipe.text
        #expect(text.hasSuffix("... \(dropped) lines dropped, the terminal was too slow\nafter\n"))
        #expect(bench.reactor.sourceCount == 0)
    }

    @Test("a socket that is shared with others never blocks either")
    func socket() throws {
        let bench = try Bench()
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        let sink = TerminalSink(bench.reactor, output: ends[0])
        sink.write("hello")
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(read(ends[1], &buffer, 16) == 6)
        for _ in 0..<2000 { sink.write(String(repeating: "x", count: 1000)) }
        #expect(sink.dropped > 0)
    }

    @Test("when nobody reads any more, nothing is kept")
    func gone() throws {
        signal(SIGPIPE, SIG_IGN)
        let bench = try Bench()
        var ends: [Int32] = [-1, -1]
        try #require(roost_pipe(&ends) == 0)
        let sink = TerminalSink(bench.reactor, output: ends[1])
        close(ends[0])
        close(ends[1])
        for _ in 0..<1000 { sink.write(String(repeating: "x", count: 1000)) }
        #expect(sink.dropped == 0)
    }
}

@Suite(.ownThread) struct LogBookTests {
    @Test("records below the level are not kept, and the ring is bounded by bytes")
    func bounds() throws {
        let bench = try Bench()
        let book = try LogBook(LogSink(bench.reactor))
        book.level = .critical  // nothing of this test reaches stderr but what is below
        var record = LogRecord(time: time, level: .info, source: origin, category: "c", message: "m")
        book.append(record)
        #expect(book.feed.ring.count == 0)
        book.apply(LogSettings(level: .error, format: .json, ring: 1000))
        record.level = .warning
        book.append(record)
        #expect(book.level == .error && book.feed.ring.count == 0)
        book.apply(LogSettings(level: .trace, format: .human, ring: 1000))
        #expect(book.level == .debug)
    }
}

@Suite(.ownThread) struct FeedTests {
    private func feed() throws -> Feed<RoostProtocol.Event> { try Feed(capacity: 3, bytes: 4096) }

    private func event(_ type: String) -> RoostProtocol.Event {
        var event = RoostProtocol.Event()
        event.type = type
        return event
    }

    @Test("who waits is woken once by the next element")
    func wake() throws {
        let feed = try feed()
        var calls = 0
        _ = feed.whenAppended { calls += 1 }
        let taken = feed.whenAppended { calls += 100 }
        feed.forget(taken)
        #expect(feed.append(event("a")) == 1)
        #expect(feed.append(event("b")) == 2)
        #expect(calls == 1)
    }

    @Test("who waits anew while being woken is woken by the element after")
    func again() throws {
        let feed = try feed()
        var calls = 0
        func wait() {
            _ = feed.whenAppended {
                calls += 1; wait()
            }
        }
        wait()
        for element in 1...3 { feed.append(event("\(element)")) }
        #expect(calls == 3)
    }

    @Test("elements come back with their numbers, the oldest go at the capacity and at a smaller one")
    func bounds() throws {
        let feed = try feed()
        for element in 1...10 { feed.append(event("\(element)")) }
        #expect(feed.ring.first == 8 && feed.ring.last == 10)
        #expect((7...11).map { feed[$0]?.type } == [nil, "8", "9", "10", nil])
        #expect(feed[9]?.id == 9)
        feed.resize(capacity: 2, bytes: 4096)
        #expect(feed.ring.first == 9 && feed.ring.last == 10)
    }
}
