import Glibc
import RoostPolicy
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct ReportStoreTests {
    private func name(_ number: Int, _ worker: String = "alpha") -> String {
        "\(worker)-0-20260301T120000.\(String(1_000_000 + number).dropFirst())Z.json"
    }

    private func opened(_ scratch: Scratch, _ mostFiles: Int = 50, _ limit: Int = 20 << 20) throws -> ReportStore {
        let store = ReportStore(stateDirectory: scratch.path, mostFiles: mostFiles, limit: limit)
        try store.open()
        return store
    }

    @Test("the oldest reports go by number and by size, over restarts and whatever the workers are called")
    func bounds() throws {
        let scratch = try Scratch()
        var store = try opened(scratch, 5)
        for number in 0..<12 {
            if number == 9 { store = try opened(scratch, 5) }
            try store.save(Array("\(number)".utf8), as: name(number, number % 2 == 0 ? "zeta" : "alpha"))
        }
        let kept = (7..<12).map { name($0, $0 % 2 == 0 ? "zeta" : "alpha") }
        #expect(store.names == kept && Scratch.names(in: store.directory) == kept.sorted())
        let small = try opened(scratch, 5, 10)
        #expect(small.names.count == 5)
        try small.save(Array(repeating: 65, count: 7), as: name(20))
        #expect(small.names == [name(11), name(20)])
        try small.save(Array(repeating: 65, count: 11), as: name(21))
        #expect(Scratch.names(in: small.directory).isEmpty)
    }

    @Test("reports are for the group, and a half-written one of a killed roostd is taken away")
    func modes() throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("reports")
        try scratch.write("reports/\(name(1)).new", "{")
        let store = try opened(scratch)
        try store.save([65], as: name(2))
        var status = stat()
        #expect(stat(store.path(name(2)), &status) == 0 && status.st_mode & 0o777 == 0o640)
        #expect(Scratch.names(in: store.directory) == [name(2)])
    }

    /// A file of no room stands for a full disk.
    @Test("a disk that takes nothing is said once, stops nothing, leaves nothing half, and its end is said too")
    func fullDisk() throws {
        let scratch = try Scratch()
        let bench = try Bench(isVirtual: true)
        defer { bench.finish() }
        let said = Slot<[String]>([])
        let store = ReportStore(stateDirectory: scratch.path)
        let recorder = FlightRecorder(bench.reactor, store) { said.value?.append("\($0) \($1)") }
        recorder.open()
        let last = 1_772_366_400_000_000_000 as Int64
        // The file to write to is there already, and is no file.
        var paths: [String] = []
        for number in 0..<3 {
            let report = FlightReportTests.report(at: last + Int64(number) * 1000)
            let name = FlightRecorder.name(report)
            if number < 2 { #expect(symlink("/dev/full", store.path(name) + ".new") == 0) }
            paths.append(try #require(recorder.take(report)))
        }
        #expect(Scratch.names(in: store.directory).filter { $0.hasSuffix(".json") }.isEmpty)
        bench.reactor.runUntilIdle()
        #expect(said.value?.count == 2)
        #expect(said.value?.first?.contains("No space left") == true)
        #expect(said.value?.last?.contains("2 were lost") == true)
        #expect(Scratch.names(in: store.directory).map { store.path($0) } == [paths[2]])
    }

    @Test("more reports than may wait are lost, and said")
    func many() throws {
        let scratch = try Scratch()
        let bench = try Bench(isVirtual: true)
        defer { bench.finish() }
        let said = Slot<[String]>([])
        let recorder = FlightRecorder(bench.reactor, ReportStore(stateDirectory: scratch.path)) {
            said.value?.append("\($1)")
        }
        recorder.open()
        let taken = (0..<70).map { recorder.take(FlightReportTests.report(at: 1_772_366_400_000_000_000 + $0 * 1000)) }
        #expect(taken.filter { $0 != nil }.count == 64)
        recorder.flush()
        #expect(said.value?.count == 2)
        #expect(Scratch.names(in: scratch.file("reports")).count == 50)
    }
}
