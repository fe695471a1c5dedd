import CLinux
import Glibc
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct RecordStoreTests {
    private func payload(_ id: UInt64, filler: Int = 0) -> [UInt8] {
        let cause = Cause(.boot, String(repeating: "x", count: filler), by: .boot)
        return Entries.make(id, .started, cause).message.encoded()
    }

    private func opened(_ scratch: Scratch, limit: Int = 1 << 20) throws -> (RecordStore, UInt64) {
        let store = RecordStore(stateDirectory: scratch.path, limit: limit)
        return (store, try store.open())
    }

    private func ids(_ store: RecordStore) -> [UInt64] {
        store.starts.reversed().flatMap { store.entries(from: $0).map(\.id) }
    }

    @Test("entries come back after the process that wrote them is gone, and ids go on")
    func goesOn() throws {
        let scratch = try Scratch()
        let (first, none) = try opened(scratch)
        #expect(none == 0)
        for id in 1...3 as ClosedRange<UInt64> { try first.append(payload(id), id: id) }
        let (second, last) = try opened(scratch)
        #expect(last == 3)
        try second.append(payload(4), id: 4)
        #expect(ids(second) == [1, 2, 3, 4])
    }

    @Test("a torn tail, wherever it is torn, is cut at opening; what is before it stays, and what comes after is found")
    func torn() throws {
        let scratch = try Scratch()
        let (store, _) = try opened(scratch)
        for id in 1...2 as ClosedRange<UInt64> { try store.append(payload(id), id: id) }
        let path = store.directory + "/1"
        let whole = try #require(AtomicFile.read(path, limit: 1 << 20))
        let boundary = RecordFrame.encode(payload(1)).count
        for length in 0..<whole.count {
            try Scratch.write(path, Array(whole[..<length]))
            let (again, last) = try opened(scratch)
            #expect(last == (length < boundary ? 0 : 1))
            try again.append(payload(9), id: 9)
            #expect(ids(again) == (length < boundary ? [9] : [1, 9]))
        }
    }

    @Test("damaged bytes, zeros and nonsense behind the entries are no entries", arguments: 0..<3)
    func damage(kind: Int) throws {
        let scratch = try Scratch()
        let (store, _) = try opened(scratch)
        for id in 1...3 as ClosedRange<UInt64> { try store.append(payload(id), id: id) }
        let path = store.directory + "/1"
        var bytes = try #require(AtomicFile.read(path, limit: 1 << 20))
        switch kind {
        case 0: bytes[bytes.count - 1] ^= 1
        case 1: bytes += [UInt8](repeating: 0, count: 4096)
        default: bytes += [0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5]
        }
        try Scratch.write(path, bytes)
        let (again, last) = try opened(scratch)
        #expect(last == (kind == 0 ? 2 : 3))
        #expect(ids(again) == (kind == 0 ? [1, 2] : [1, 2, 3]))
        // Random bytes neither trap nor make entries.
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let noise = (0..<64).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(RecordFrame.decode(noise).payloads.isEmpty)
        }
    }

    @Test("the oldest segments go, all together keep to the limit, and ids never begin anew")
    func rotation() throws {
        let scratch = try Scratch()
        let limit = 64 * 1024
        var (store, last) = try opened(scratch, limit: limit)
        for id in 1...2000 as ClosedRange<UInt64> {
            try store.append(payload(id, filler: 40), id: id)
            if id % 500 == 0 { (store, last) = try opened(scratch, limit: limit) }
        }
        #expect(last == 2000)
        let sizes = Scratch.names(in: store.directory).map { name in
            AtomicFile.read(store.directory + "/" + name, limit: 1 << 20)?.count ?? 0
        }
        #expect(sizes.reduce(0, +) <= limit && sizes.count > 8)
        let kept = ids(store)
        #expect(kept.last == 2000 && kept.count < 2000 && kept == Array((kept.first ?? 0)...2000))
    }

    @Test("a segment that has lost everything tells by its name where ids go on")
    func emptied() throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("record")
        try scratch.write("record/77", "")
        try scratch.write("record/notes", "a stray file")
        #expect(try opened(scratch).1 == 76)
    }

    @Test("a directory that cannot be used is an error")
    func unusable() throws {
        let scratch = try Scratch()
        try scratch.write("record", "a file")
        #expect(throws: (any Error).self) { try opened(scratch) }
    }

    @Test("the checksum is the one of zlib and PNG")
    func checksum() { #expect(CRC32.of(Array("123456789".utf8)) == 0xcbf4_3926) }
}

@Suite(.ownThread) struct CausalRecordTests {
    private let cause = Cause(.boot, "roostd started", by: .boot)

    private func record(_ bench: Bench, _ said: Slot<[String]> = Slot([]), limit: Int = 1 << 20) -> CausalRecord {
        CausalRecord(bench.reactor, stateDirectory: bench.scratch.path, limit: limit) { _, text in
            said.value?.append(text)
        }
    }

    private func ids(_ record: CausalRecord, _ bench: Bench, before end: UInt64 = .max) throws -> [UInt64] {
        nonisolated(unsafe) let record = record
        return try bench.outcome {
            var ids: [UInt64] = []
            await record.read(before: end) { entry in
                ids.append(entry.id)
                return true
            }
            return ids
        }
    }

    @Test("nothing is written until the event is over, and everything before the loop waits")
    func deferred() throws {
        let bench = try Bench()
        let record = record(bench)
        record.open()
        #expect(record.note(.started, .supervisor, because: cause) == 1)
        #expect(Scratch.names(in: bench.scratch.file("record")).isEmpty)
        bench.reactor.runUntilIdle()
        #expect(Scratch.names(in: bench.scratch.file("record")) == ["1"])
    }

    @Test("entries are read newest first, from memory and disk, each once, and ids go on in the next roostd")
    func reading() throws {
        let bench = try Bench()
        let first = record(bench)
        first.open()
        for _ in 0..<1500 { first.note(.started, .instance(Entries.proxy), because: cause) }
        #expect(try ids(first, bench) == Array((1...1500).reversed()))
        #expect(try ids(first, bench, before: 3) == [2, 1])
        let second = record(bench)
        second.open()
        #expect(second.note(.started, .supervisor, because: cause) == 1501)
        #expect(try ids(second, bench) == Array((1...1501).reversed()))
    }

    @Test("a disk that takes nothing is said once and stops nothing; entries are in memory; its return is said")
    func fullDisk() throws {
        let bench = try Bench()
        let said = Slot<[String]>([])
        try bench.scratch.write("record", "no directory")
        let record = record(bench, said)
        record.open()
        for _ in 0..<3 { record.note(.started, .supervisor, because: cause) }
        #expect(try ids(record, bench) == [3, 2, 1])
        #expect(said.value?.count == 2, "at opening, and at the first entry: \(said.value ?? [])")
        unlink(bench.scratch.file("record"))
        try bench.scratch.makeDirectory("record")
        record.note(.started, .supervisor, because: cause)
        #expect(try ids(record, bench) == [4, 3, 2, 1])
        #expect(said.value?.last?.contains("3 entries are in memory only") == true)
    }

    @Test("a roostd that was not stopped is found by the next one; one that was is not")
    func former() throws {
        let bench = try Bench()
        let first = record(bench)
        first.open()
        #expect(first.takeOver() == nil)
        let second = record(bench)
        second.open()
        let former = try #require(second.takeOver())
        #expect(former.pid == getpid() && former.boot == second.boot)
        second.close()
        let third = record(bench)
        third.open()
        #expect(third.takeOver() == nil)
    }

    @Test("a sentence of any length is kept cut")
    func long() throws {
        let bench = try Bench()
        let record = record(bench)
        record.open()
        let sentence = String(repeating: "é", count: 100_000)
        record.note(.rejected, .configuration, because: Cause(.refusal, sentence, by: .watch))
        record.flush()
        #expect(try ids(self.record(bench), bench) == [])
        let again = self.record(bench)
        again.open()
        #expect(try ids(again, bench) == [1])
    }
}
