import Glibc
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct ProcessFiguresTests {
    @Test("memory, threads and descriptors of a process are told")
    func own() throws {
        let figures = try #require(ProcessFigures(pid: getpid()))
        #expect(figures.residentBytes > 1 << 20)
        #expect(figures.threads >= 1)
        #expect(figures.cpuSeconds >= 0)
        #expect(try #require(ProcessFigures.openDescriptors(pid: getpid())) >= 3)
        #expect(ProcessFigures.runQueueWait(pid: getpid()) >= .zero)
    }

    @Test("a process that is not there has none")
    func absent() {
        #expect(ProcessFigures(pid: -1) == nil)
        #expect(ProcessFigures.openDescriptors(pid: -1) == nil)
        #expect(ProcessFigures.runQueueWait(pid: -1) == .zero)
    }

    @Test("a name with parentheses and spaces moves no field")
    func oddName() throws {
        let bench = try Bench()
        let request = Bench.shell("printf 'a) R 1 (' > /proc/$$/comm; sleep 60 & wait")
        let child = try ChildProcess(request, on: bench.reactor) { _ in }
        defer {
            child.signal(SIGKILL)
            bench.finish()
        }
        try bench.turn(until: "the new name") { Scratch.text("/proc/\(child.pid)/comm") == "a) R 1 (\n" }
        let figures = try #require(ProcessFigures(pid: child.pid))
        #expect(figures.threads == 1)
        #expect((1...(64 << 20)).contains(figures.residentBytes))
    }

    @Test(
        "numbers are read up to the first other character, without trapping",
        arguments: [("12 3", 12), ("", 0), ("x", 0)]
    )
    func numbers(text: String, value: Int) {
        #expect(ProcFile.number(text.utf8) == value)
        _ = ProcFile.number(String(repeating: "9", count: 40).utf8)
    }
}
