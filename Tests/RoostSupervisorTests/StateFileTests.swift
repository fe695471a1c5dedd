import CLinux
import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite struct StateFileTests {
    private func state(_ generation: UInt64, reason: String = "") -> SavedState {
        var instance = SavedInstance()
        instance.name = "proxy"
        instance.reason = reason
        var state = SavedState()
        state.generation = generation
        state.instances = [instance]
        return state
    }

    @Test("a successor finds what was saved last, and goes on from there")
    func roundTrip() throws {
        let scratch = try Scratch()
        let path = scratch.file("state")
        let first = try StateFile(path)
        #expect(first.recover() == nil)
        for generation in 1...3 { try first.save(state(UInt64(generation))) }
        let second = try StateFile(path)
        #expect(second.recover()?.generation == 3)
        try second.save(state(4))
        #expect(try StateFile(path).recover()?.generation == 4)
        second.forget()
        #expect(try StateFile(path).recover() == nil)
    }

    @Test("a file of nobody, of another boot or of a later format is no state, and is taken over")
    func foreign() throws {
        let scratch = try Scratch()
        let path = scratch.file("state")
        for change in [(0, 1), (12, 2), (16, 1)] {  // magic, lowest reader, boot id
            unlink(path)
            try StateFile(path).save(state(1))
            #expect(try StateFile(path).recover() != nil)
            try poke(path, at: change.0, UInt8(change.1) ^ (change.0 == 12 ? 0 : peek(path, at: change.0)))
            let file = try StateFile(path)
            #expect(file.recover() == nil)
            try file.save(state(2))
            #expect(try StateFile(path).recover()?.generation == 2)
        }
    }

    @Test("a damaged slot gives the state before it; any damage at all gives some state that was saved, or none")
    func damage() throws {
        let scratch = try Scratch()
        let path = scratch.file("state")
        try StateFile(path).save(state(1, reason: "one"))
        let file = try StateFile(path)
        _ = file.recover()
        try file.save(state(2, reason: "two"))
        let last = 4096  // sequence 2 lies in the first slot
        try poke(path, at: last + 24, 0xFF)
        #expect(try StateFile(path).recover()?.generation == 1)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let area =
                [0..<512, 4096..<4200, 4096 + (1 << 20)..<4200 + (1 << 20)].randomElement(using: &random) ?? 0..<512
            try poke(path, at: area.randomElement(using: &random) ?? 0, .random(in: 0...255, using: &random))
            let found = try StateFile(path).recover()
            #expect(found == nil || [1, 2].contains(found?.generation ?? 0))
        }
    }

    @Test("a state that does not fit is refused, and the one before stays")
    func tooLarge() throws {
        let scratch = try Scratch()
        let file = try StateFile(scratch.file("state"))
        try file.save(state(1))
        #expect(throws: StateFile.Fault.self) {
            try file.save(state(2, reason: String(repeating: "x", count: 2 << 20)))
        }
        #expect(try StateFile(scratch.file("state")).recover()?.generation == 1)
    }

    @Test("a writer that is killed at any moment leaves a whole state, and never an older one than it has said")
    func killed() throws {
        let scratch = try Scratch()
        let path = scratch.file("state")
        for round in 0..<20 {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            let child = fork()
            if child == 0 {
                guard let file = try? StateFile(path) else { _exit(1) }
                var number = file.recover()?.generation ?? 0
                while true {
                    number += 1
                    guard
                        (try? file.save(state(number, reason: String(repeating: "r", count: Int(number % 500))))) != nil
                    else { _exit(2) }
                    write(ends[1], &number, 8)
                }
            }
            close(ends[1])
            var said: UInt64 = 0
            for _ in 0..<(50 + round * 13) where read(ends[0], &said, 8) != 8 { break }
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
            while read(ends[0], &said, 8) == 8 {}
            close(ends[0])
            let found = try #require(try StateFile(path).recover())
            #expect(found.generation == said || found.generation == said + 1)
            #expect(found.instances.first?.reason.utf8.count == Int(found.generation % 500))
        }
    }

    @Test("a process that was being started is known from the file alone")
    func spawnCell() throws {
        let scratch = try Scratch()
        let path = scratch.file("state")
        let file = try StateFile(path)
        try file.save(state(1))
        let cell = file.beginSpawn(InstanceID(name: "proxy", instance: 3))
        #expect(try StateFile(path).unfinishedSpawn == nil)  // no process yet
        cell.pointee.pid = 77
        let found = try #require(try StateFile(path).unfinishedSpawn)
        #expect(found.name == "proxy" && found.instance == 3 && found.pid == 77)
        file.endSpawn()
        #expect(try StateFile(path).unfinishedSpawn == nil)
    }

    private func poke(_ path: String, at offset: Int, _ byte: UInt8) throws {
        let file = open(path, O_RDWR)
        defer { close(file) }
        var byte = byte
        try #require(pwrite(file, &byte, 1, offset) == 1)
    }

    private func peek(_ path: String, at offset: Int) -> UInt8 {
        let file = open(path, O_RDONLY)
        defer { close(file) }
        var byte: UInt8 = 0
        pread(file, &byte, 1, offset)
        return byte
    }
}
