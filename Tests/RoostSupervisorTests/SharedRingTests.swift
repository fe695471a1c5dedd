import CLinux
import Glibc
import RoostTestSupport
import Testing

@testable import RoostSupervisor

private func content(_ id: UInt64) -> [UInt8] {
    (0..<Int(id * 37 % 301)).map { UInt8(truncatingIfNeeded: UInt64($0) &+ id) }
}

/// What is in a ring: whole, without gaps, or the test fails.
private func check(_ ring: SharedRing, _ content: (UInt64) -> [UInt8] = content) {
    var wrong: [UInt64] = []
    for id in ring.first..<(ring.last + 1) where ring[id] != content(id) { wrong.append(id) }
    #expect(wrong.isEmpty)
}

@Suite struct SharedRingTests {
    @Test("records come back by number, the oldest go first, and never the newest", arguments: [1, 20_000])
    func bounds(capacity: Int) throws {
        let ring = try SharedRing(path: nil, capacityBytes: capacity)
        #expect(ring.first == 1 && ring.last == 0 && ring[0] == nil && ring[1] == nil)
        for id in 1...2000 as ClosedRange<UInt64> {
            #expect(ring.append(content(id)) == id)
            #expect(ring[id] == content(id))
        }
        check(ring)
        #expect(ring.first > 1 && ring.count > 10)
        #expect(ring[ring.first - 1] == nil && ring[2001] == nil && ring[.max] == nil)
    }

    @Test("no more records than allowed are held")
    func count() throws {
        let ring = try SharedRing(path: nil, capacityBytes: 65536, mostRecords: 3)
        for id in 1...10 as ClosedRange<UInt64> { ring.append(content(id)) }
        #expect(ring.first == 8 && ring.last == 10)
        check(ring)
    }

    @Test("a record that is too long is numbered and empty, the longest one fits")
    func tooLong() throws {
        let ring = try SharedRing(path: nil, capacityBytes: 4096)
        ring.append([UInt8](repeating: 1, count: ring.longest))
        #expect(ring[1]?.count == ring.longest)
        ring.append([UInt8](repeating: 1, count: ring.longest + 1))
        #expect(ring[2] == [])
        #expect(ring.append(content(3)) == 3)
    }

    @Test("who opens the file goes on with the same numbers, and knows what was told")
    func reopened() throws {
        let scratch = try Scratch()
        let path = scratch.file("ring")
        for round in 1...20 as ClosedRange<UInt64> {
            let ring = try SharedRing(path: path, capacityBytes: 8192)
            #expect(ring.problem == nil && ring.last == (round - 1) * 30 && ring.told == ring.last / 30 * 29)
            check(ring)
            for id in (ring.last + 1)...(round * 30) { #expect(ring.append(content(id)) == id) }
            ring.told = round * 29
        }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o600)
    }

    @Test(
        "another size keeps the newest records and the numbers, in the file as well",
        arguments: [4096, 8192, 1 << 20]
    )
    func resized(capacity: Int) throws {
        let scratch = try Scratch()
        let ring = try SharedRing(path: scratch.file("ring"), capacityBytes: 65536)
        for id in 1...1000 as ClosedRange<UInt64> { ring.append(content(id)) }
        ring.told = 999
        try ring.resize(capacityBytes: capacity)
        #expect(ring.capacity == capacity && ring.last == 1000 && ring.told == 999 && ring.count > 10)
        check(ring)
        for id in 1001...1500 as ClosedRange<UInt64> { #expect(ring.append(content(id)) == id) }
        check(ring)
        let again = try SharedRing(path: scratch.file("ring"), capacityBytes: 65536)
        #expect(again.capacity == capacity && again.last == 1500 && again.first == ring.first)
        check(again)
        #expect(Scratch.names(in: scratch.path) == ["ring"])
    }

    @Test("a size that the newest record does not fit keeps its number")
    func tooSmall() throws {
        let ring = try SharedRing(path: nil, capacityBytes: 65536)
        for _ in 1...3 { ring.append([UInt8](repeating: 1, count: 8000)) }
        try ring.resize(capacityBytes: 4096)
        #expect(ring.first == 3 && ring.last == 3 && ring[3] == [])
        #expect(ring.append([1]) == 4)
    }

    @Test("a directory that cannot be written to costs survival, not the log")
    func noFile() throws {
        let ring = try SharedRing(path: "/proc/nowhere/ring", capacityBytes: 4096)
        #expect(ring.problem != nil && ring.append([1]) == 1)
    }
}

/// What another process finds, whatever has happened.
@Suite struct SharedRingRecoveryTests {
    /// The stores of an append are those of the tail, then of records in any order, then of the head: whoever is killed
    /// between any two leaves what was committed.
    @Test(
        "a kill between any two stores of an append loses nothing that was committed",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func stores(seed: UInt64) throws {
        let scratch = try Scratch()
        let path = scratch.file("ring")
        var random = Random(state: seed)
        let ring = try SharedRing(path: path, capacityBytes: 4096)
        for id in 1...200 as ClosedRange<UInt64> {
            let before = try #require(Scratch.read(path))
            ring.append(content(id))
            let after = try #require(Scratch.read(path))
            var torn = before
            torn.replaceSubrange(72..<80, with: after[72..<80])
            for word in stride(from: 4096, to: before.count, by: 8) where random.next() % 2 == 0 {
                torn.replaceSubrange(word..<word + 8, with: after[word..<word + 8])
            }
            try Scratch.write(scratch.file("torn"), torn, mode: 0o600)
            let found = try SharedRing(path: scratch.file("torn"), capacityBytes: 4096)
            #expect(found.last == id - 1 && found.first == (id == 1 ? 1 : ring.first))
            check(found)
            #expect(found.append(content(id)) == id)
            check(found)
        }
    }

    @Test("a writer that is killed at any instant leaves a ring with every record that it has committed")
    func killed() throws {
        let scratch = try Scratch()
        let path = scratch.file("ring")
        var random = Random(state: 7)
        var total: UInt64 = 0
        for _ in 0..<(getenv("ROOST_SOAK") == nil ? 30 : 2000) {
            let pipe = try Pipe()
            let child = try Child(
                Program.path("log-keeper"),
                ["ring", path, "65536"],
                environment: [],
                output: pipe.writeEnd
            )
            pipe.closeWriteEnd()
            var told: [UInt8] = []
            while told.isEmpty { told = pipe.content() }
            let end = ContinuousClock.now.advanced(by: .microseconds(Int(random.next() % 3000)))
            while ContinuousClock.now < end { told += pipe.content() }
            kill(child.pid, SIGKILL)
            while ProcessFacts.isAlive(child.pid) { told += pipe.content() }
            told += pipe.content()
            let whole = told.prefix(told.count / 8 * 8).suffix(8)
            let last = whole.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let ring = try SharedRing(path: path, capacityBytes: 4096)
            #expect(ring.capacity == 65536 && ring.last >= last && ring.last <= last + 1 && last > total)
            #expect(ring.count > 100 || last < 200)
            check(ring)
            total = ring.last
        }
    }

    @Test(
        "anything else than a ring of this boot is empty",
        arguments: ["", "garbage", "directory", "link", "shared", "boot", "format"]
    )
    func foreign(kind: String) throws {
        let scratch = try Scratch()
        let path = scratch.file("ring")
        do {
            let ring = try SharedRing(path: path, capacityBytes: 4096)
            ring.append([1, 2, 3])
        }
        var bytes = try #require(Scratch.read(path))
        unlink(path)
        switch kind {
        case "directory": try scratch.makeDirectory("ring")
        case "link":
            try Scratch.write(scratch.file("other"), bytes, mode: 0o600)
            symlink(scratch.file("other"), path)
        case "shared":
            try Scratch.write(path, bytes)
            chmod(path, 0o666)
        case "boot", "format":
            bytes[kind == "boot" ? 20 : 12] = 200
            try Scratch.write(path, bytes, mode: 0o600)
        default: try Scratch.write(path, Array(kind.utf8), mode: 0o600)
        }
        let ring = try SharedRing(path: path, capacityBytes: 8192)
        #expect(ring.last == 0 && ring.append([4]) == 1 && ring[1] == [4])
        #expect((ring.problem != nil) == (kind == "directory"))
    }

    @Test("a newer format that this build may read is read")
    func newer() throws {
        let scratch = try Scratch()
        let path = scratch.file("ring")
        do { try SharedRing(path: path, capacityBytes: 4096).append([1, 2, 3]) }
        var bytes = try #require(Scratch.read(path))
        bytes[8] = 200
        try Scratch.write(path, bytes, mode: 0o600)
        #expect(try SharedRing(path: path, capacityBytes: 4096)[1] == [1, 2, 3])
    }

    @Test("no bytes and no length of a file are a fault", arguments: 1...20 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) throws {
        let scratch = try Scratch()
        let path = scratch.file("ring")
        var random = Random(state: seed)
        do {
            let ring = try SharedRing(path: path, capacityBytes: 4096)
            for id in 1...100 as ClosedRange<UInt64> { ring.append(content(id)) }
        }
        let whole = try #require(Scratch.read(path))
        for _ in 0..<100 {
            var bytes = whole
            for _ in 0..<(1 + random.next() % 8) {
                let place = random.next() % 2 == 0 ? 56 + random.next() % 40 : random.next() % UInt64(bytes.count)
                bytes[Int(place)] = random.next() % 3 == 0 ? 0xFF : UInt8(truncatingIfNeeded: random.next())
            }
            if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            try Scratch.write(path, bytes, mode: 0o600)
            let ring = try SharedRing(path: path, capacityBytes: 4096)
            for id in ring.first..<(ring.last + 1) { _ = ring[id] }
            ring.eachStart { _, _ in }
            for _ in 0..<50 {
                let id = ring.append([9, 9])
                #expect(ring[id] == [9, 9])
            }
        }
    }

    @Test(
        "what is written into the memory of a running ring costs records, never the process",
        arguments: 1...10 as ClosedRange<UInt64>
    )
    func scribbled(seed: UInt64) throws {
        let scratch = try Scratch()
        let path = scratch.file("ring")
        var random = Random(state: seed)
        let ring = try SharedRing(path: path, capacityBytes: 4096)
        let file = roost_open(path, O_RDWR, 0)
        defer { close(file) }
        for id in 1...2000 as ClosedRange<UInt64> {
            #expect(ring.append(content(id)) == id)
            var byte = UInt8(truncatingIfNeeded: random.next())
            pwrite(file, &byte, 1, Int(random.next() % 8192))
            _ = ring[ring.first + random.next() % (ring.count + 1)]
            ring.eachStart { _, _ in }
        }
    }
}

private struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state ^ state >> 29) >> 8
    }
}
