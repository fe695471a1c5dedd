import Glibc
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct GenerationStoreTests {
    private func stored(_ number: UInt64) -> StoredGeneration {
        var stored = StoredGeneration()
        stored.generation = number
        stored.digest = "d\(number)"
        return stored
    }

    @Test("generations come back newest first, and the oldest beyond the limit go")
    func limit() throws {
        let scratch = try Scratch()
        let store = GenerationStore(stateDirectory: scratch.path, limit: 3)
        #expect(store.load().isEmpty && store.newest == nil)
        for number in [8, 9, 10, 11] as [UInt64] { try store.save(stored(number)) }
        #expect(store.load().map(\.generation) == [11, 10, 9])
        #expect(store.newest?.digest == "d11")
        #expect(store.load(8) == nil)
        #expect(Scratch.names(in: store.directory) == ["10", "11", "9"])
    }

    @Test("a damaged file is left alone and not listed", arguments: ["", "garbage", "\u{8}\u{63}"])
    func damage(content: String) throws {
        let scratch = try Scratch()
        let store = GenerationStore(stateDirectory: scratch.path, limit: 3)
        try store.save(stored(1))
        try scratch.write("generations/2", content)
        #expect(store.load().map(\.generation) == [1])
        #expect(store.newest?.generation == 1)
        #expect(Scratch.text(store.directory + "/2") == content)
    }

    @Test("a number at the end of the range is nobody's generation: the next one would not exist")
    func last() throws {
        let scratch = try Scratch()
        let store = GenerationStore(stateDirectory: scratch.path, limit: 3)
        try scratch.makeDirectory("generations")
        try Scratch.write(store.directory + "/\(UInt64.max)", stored(.max).encoded())
        #expect(store.newest == nil)
    }

    @Test("a state directory that cannot be written says so")
    func unwritable() throws {
        let scratch = try Scratch()
        try scratch.write("generations", "a file")
        let store = GenerationStore(stateDirectory: scratch.path, limit: 3)
        #expect(throws: (any Error).self) { try store.save(stored(1)) }
    }
}

@Suite(.ownThread) struct AtomicFileTests {
    @Test("a file is replaced in one step, keeps its permissions, and leaves nothing beside it")
    func replace() throws {
        let scratch = try Scratch()
        let path = scratch.file("f")
        try AtomicFile.write(Array("one".utf8), to: path, mode: 0o600)
        chmod(path, 0o640)
        let reader = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(reader) }
        try AtomicFile.write(Array("two".utf8), to: path, mode: 0o600)
        var status = stat()
        stat(path, &status)
        #expect(status.st_mode & 0o777 == 0o640)
        var buffer = [UInt8](repeating: 0, count: 8)
        #expect(
            Glibc.read(reader, &buffer, 8) == 3 && buffer[0] == UInt8(ascii: "o"),
            "who has it open reads the old one"
        )
        #expect(AtomicFile.read(path, limit: 10) == Array("two".utf8))
        #expect(Scratch.names(in: scratch.path) == ["f"])
    }

    @Test("a failure leaves the target untouched and nothing beside it")
    func failure() throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("f")
        #expect(throws: SystemError.self) { try AtomicFile.write([1], to: scratch.file("f"), mode: 0o600) }
        #expect(throws: SystemError.self) { try AtomicFile.write([1], to: scratch.file("no/f"), mode: 0o600) }
        #expect(Scratch.names(in: scratch.path) == ["f"])
    }

    @Test("what is not there, or larger than the limit, is not read")
    func read() throws {
        let scratch = try Scratch()
        try scratch.write("f", "12345")
        #expect(AtomicFile.read(scratch.file("f"), limit: 5) == Array("12345".utf8))
        #expect(AtomicFile.read(scratch.file("f"), limit: 4) == nil)
        #expect(AtomicFile.read(scratch.file("g"), limit: 4) == nil)
        #expect(AtomicFile.read(scratch.path, limit: 4) == nil)
    }
}
