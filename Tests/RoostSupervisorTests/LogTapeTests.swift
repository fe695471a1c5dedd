import CLinux
import Glibc
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

private let origin = LogRecord.Source(name: "proxy", instance: 1, pid: 42)

/// Pipe and tape as the writer's process holds them, for one log pipe after the other.
private final class Output {
    let pipe: Pipe
    let tape: Int32
    let found = Slot<[LogRecord]>([])
    let bench: Bench
    /// As the ring would have it.
    var recorded: UInt64 = 0

    init() throws {
        bench = try Bench()
        pipe = try Pipe()
        let made = try LogTape()
        tape = dup(made.descriptor)
    }

    deinit { close(tape) }

    func write(_ text: String) { _ = Glibc.write(pipe.writeEnd, text, text.utf8.count) }

    /// A supervisor that adopts, drains, and is gone without a word.
    func adopt(lineLimit: Int = 100, _ act: (LogPipe) -> Void = { $0.drain() }) throws {
        let tape = LogTape(adopting: fcntl(tape, F_DUPFD_CLOEXEC, 3)) { [recorded] _ in recorded }
        let end = fcntl(pipe.readEnd, F_DUPFD_CLOEXEC, 3)
        let found = found
        let pipe = try LogPipe(adopting: end, tape, on: bench.reactor, source: origin, lineLimit: lineLimit) {
            found.value?.append($0)
        }
        act(pipe)
    }

    var lines: [String] { found.value?.map(\.message) ?? [] }
}

@Suite(.ownThread) struct LogTapeTests {
    @Test("who adopts goes on behind the last line, wherever the one before has stopped")
    func adopted() throws {
        let output = try Output()
        for number in 1...50 {
            output.write("line \(number)\nand the start of")
            try output.adopt()
            output.write(" one\n")
            try output.adopt()
        }
        #expect(output.lines == (1...50).flatMap { ["line \($0)", "and the start of one"] })
    }

    @Test("a record that was made and not noted on the tape is not made again")
    func recorded() throws {
        let output = try Output()
        output.write("one\ntwo\nthree")
        var none: [UInt64] = [0]
        try output.adopt()
        #expect(output.found.value?.map { $0.mark?.end } == [4, 8])
        output.recorded = 4  // killed between the two records, before the tape was told
        pwrite(output.tape, &none, 8, 16)
        try output.adopt()
        #expect(output.lines == ["one", "two", "two"])
        output.recorded = 8
        pwrite(output.tape, &none, 8, 16)
        try output.adopt { $0.end() }
        #expect(output.lines == ["one", "two", "two", "three"])
    }

    @Test("a line that was cut is told once, and its rest goes by, over any number of supervisors")
    func cut() throws {
        let output = try Output()
        for _ in 0..<5 {
            output.write(String(repeating: "x", count: 80))
            try output.adopt()
        }
        output.write("\nnext\n")
        try output.adopt()
        #expect(output.lines == [String(repeating: "x", count: 100), "next"])
        #expect(output.found.value?.first?.metadata["truncated"] == true)
    }

    @Test("a tape takes bounded memory, and has the last output in it, lines or not")
    func bounded() throws {
        let output = try Output()
        try output.adopt { pipe in
            let line = String(repeating: "y", count: 99) + "\n"
            for _ in 0..<40_000 {
                output.write(line)
                pipe.drain()
            }
            output.write("the end")
            pipe.drain()
            #expect(pipe.tape.end == 4_000_007)
            #expect(pipe.lastOutput().count == 65536)
            #expect(pipe.lastOutput(12) == Array("yyyy\nthe end".utf8))
        }
        var status = stat()
        #expect(fstat(output.tape, &status) == 0 && status.st_blocks * 512 < 256 << 10)
        #expect(output.lines.count == 40_000)
        try output.adopt { $0.end() }
        #expect(output.lines.last == "the end" && output.lines.count == 40_001)
    }

    @Test("a process can read its tape and not write to it, and nobody can make it shorter")
    func protected() throws {
        let tape = try LogTape()
        let other = tape.openForReading()
        defer { close(other) }
        #expect(other >= 0)
        var byte = UInt8(0)
        #expect(write(other, &byte, 1) == -1 && errno == EBADF)
        #expect(pread(other, &byte, 1, 0) == 1)
        #expect(ftruncate(tape.descriptor, 0) == -1)
        #expect(roost_seal(tape.descriptor) == -EPERM)
    }

    @Test("what somebody has written over a tape costs its own lines only", arguments: 1...20 as ClosedRange<UInt64>)
    func scribbled(seed: UInt64) throws {
        let output = try Output()
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        for number in 0..<50 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var word = state >> 3
            pwrite(output.tape, &word, 8, [0, 8, 16, 4096, Int(state >> 40) % (1 << 20)][number % 5])
            output.write("line \(number)\n")
            try output.adopt { pipe in
                pipe.drain()
                _ = pipe.lastOutput()
            }
        }
        output.write("a\nlast one\n")
        try output.adopt { $0.end() }
        #expect(output.lines.last == "last one")
    }
}

@Suite(.ownThread) struct LogSurvivalTests {
    /// The supervisor's part alone, killed again and again under a writer at full speed.
    @Test("numbered lines come whole and exactly once while their keeper is killed")
    func killed() throws {
        let isLong = getenv("ROOST_SOAK") != nil
        let (kills, lines) = isLong ? (200, 1_000_000) : (20, 60_000)
        let bench = try Bench()
        let path = bench.scratch.file("logs")
        let told = roost_open(bench.scratch.file("told"), O_RDWR | O_CREAT | O_APPEND, 0o600)
        defer { close(told) }
        let pipe = try Pipe()
        _ = roost_set_nonblocking(pipe.writeEnd, false)
        let tape = try LogTape()
        let writer = Slot<ChildStatus>()
        let script = "exec seq -f 'line number %.0f of this writer' 1 \(lines)"
        let child = try ChildProcess(
            Bench.shell(script, descriptors: [Bench.null, pipe.writeEnd, Bench.null]),
            on: bench.reactor
        ) { writer.value = $0 }
        pipe.closeWriteEnd()
        var killed = 0
        while true {
            let ended = Slot<ChildStatus>()
            let program = Program.path("log-keeper")
            let request = SpawnRequest(
                path: program,
                arguments: [program, "logs", path, "\(256 << 20)"],
                environment: [],
                descriptors: [Bench.null, Bench.null, told, pipe.readEnd, tape.descriptor]
            )
            let keeper = try ChildProcess(request, on: bench.reactor) { ended.value = $0 }
            if killed < kills {
                bench.reactor.schedule(after: .microseconds(Int.random(in: 3000...40_000))) { keeper.signal(SIGKILL) }
            }
            let limit = ContinuousClock.now.advanced(by: .seconds(120))
            while ended.value == nil, ContinuousClock.now < limit {
                bench.reactor.runUntilIdle()
                usleep(200)
            }
            guard try ended.require() == .signal(SIGKILL) else { break }
            killed += 1
        }
        try bench.turn(until: "the writer's end") { writer.value != nil }
        withExtendedLifetime(child) {}
        #expect(killed >= min(kills, 5), "the writer was too quick")
        let feed = try Feed<RoostProtocol.LogLine>(bytes: 4096, path: path, prefix: LogRecord.markSize)
        let found = (feed.ring.first...feed.ring.last).map { feed[$0]?.message }
        #expect(found.count == lines)
        #expect(found == (1...lines).map { "line number \($0) of this writer" })
        check(Scratch.text(bench.scratch.file("told")), lines: lines, kills: killed)
    }

    /// What was told is whole as well; a line is told twice only where its teller was killed, with the same id.
    private func check(_ told: String, lines: Int, kills: Int) {
        var ids: [UInt64: Substring] = [:]
        var doubles = 0
        for line in told.split(separator: "\n") {
            guard let id = (try? JSONParser.parse(String(line)))?["id"]?.integerValue else { continue }
            if let before = ids[UInt64(id)] {
                doubles += 1
                #expect(before == line)
            }
            ids[UInt64(id)] = line
        }
        #expect(ids.count == lines)
        #expect(doubles <= kills)
    }
}
