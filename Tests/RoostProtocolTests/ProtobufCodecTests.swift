import RoostProtocol
import Testing

@Suite struct ProtobufCodecTests {
    /// The hello that docs/wire-protocol.md shows.
    static var hello: Hello {
        var hello = Hello()
        hello.minVersion = 1
        hello.maxVersion = 1
        hello.role = .worker
        hello.name = "proxy"
        hello.instance = 2
        hello.pid = 300
        return hello
    }

    static let helloBytes: [UInt8] = [
        0x08, 0x01, 0x10, 0x01, 0x18, 0x01, 0x22, 0x05, 0x70, 0x72, 0x6f, 0x78, 0x79, 0x28, 0x02, 0x30, 0xac, 0x02,
    ]

    @Test("a message has these bytes, and these bytes are that message")
    func literal() throws {
        #expect(Self.hello.encoded() == Self.helloBytes)
        #expect(try Hello(decoding: Self.helloBytes) == Self.hello)
    }

    @Test("a message at its defaults is empty")
    func defaults() throws {
        #expect(Hello().encoded() == [])
        #expect(try Hello(decoding: []) == Hello())
        #expect(try Hello(decoding: [0x08, 0x00]) == Hello())
    }

    @Test("scalars have these bytes")
    func scalars() {
        var writer = ProtobufWriter()
        writer.uint64(.max, at: 1)
        writer.int32(-1, at: 2)
        writer.sint64(-2, at: 3)
        writer.fixed32(0x0102_0304, at: 4)
        writer.double(1, at: 5)
        writer.bool(false, at: 6, always: true)
        #expect(
            writer.bytes == [
                0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
                0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
                0x18, 0x03,
                0x25, 0x04, 0x03, 0x02, 0x01,
                0x29, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf0, 0x3f,
                0x30, 0x00,
            ]
        )
    }

    @Test("a field that is marked optional keeps its zero")
    func presence() throws {
        var exit = LastExit()
        exit.code = 0
        #expect(exit.encoded() == [0x10, 0x00])
        let read = try LastExit(decoding: exit.encoded())
        #expect(read.code == 0)
        #expect(read.signal == nil)
    }

    @Test("packed and single elements are read alike")
    func packed() throws {
        var metric = Metric()
        metric.buckets = [1, 300]
        #expect(metric.encoded() == [0x32, 0x03, 0x01, 0xac, 0x02])
        #expect(try Metric(decoding: [0x30, 0x01, 0x30, 0xac, 0x02]) == metric)
    }

    @Test("fields of a later version are skipped, numbers of a later version kept")
    func unknown() throws {
        let later: [UInt8] = [
            0x98, 0x06, 0x05,  // 99: varint
            0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8,  // 100: fixed64
            0xaa, 0x06, 0x02, 0xff, 0xff,  // 101: two bytes
            0xb5, 0x06, 1, 2, 3, 4,  // 102: fixed32
            0x18, 0x63,  // role: 99
        ]
        var expected = Hello()
        expected.role = .unrecognized(99)
        #expect(try Hello(decoding: later) == expected)
        #expect(expected.encoded() == [0x18, 0x63])
    }

    static let faults: [([UInt8], ProtobufError)] = [
        ([0x08], .truncated),
        ([0x08, 0x80], .truncated),
        ([0x22, 0x05, 0x70], .truncated),
        ([0x22, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], .truncated),
        ([0xa1, 0x06, 1, 2, 3], .truncated),
        ([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], .malformedVarint),
        ([0x08] + [UInt8](repeating: 0x80, count: 11), .malformedVarint),
        ([0x00, 0x01], .malformedTag(0)),
        ([0x0b], .malformedTag(11)),
        ([0x80, 0x80, 0x80, 0x80, 0x10, 0x01], .malformedTag(1 << 32)),
        ([0x22, 0x02, 0xff, 0xff], .invalidUTF8(field: 4)),
        ([0x20, 0x02], .wrongType(field: 4)),
        ([0x0d, 0, 0, 0, 0], .wrongType(field: 1)),
    ]

    @Test("a fault is an error that says which", arguments: faults)
    func fault(bytes: [UInt8], error: ProtobufError) {
        #expect(throws: error) { try Hello(decoding: bytes) }
    }

    @Test("a nested message cannot read behind its own end")
    func nestedEnd() {
        // A heartbeat whose progress of one byte holds a name of five.
        #expect(throws: ProtobufError.truncated) {
            try Heartbeat(decoding: [0x22, 0x02, 0x0a, 0x05, 0x61, 0x61, 0x61, 0x61, 0x61])
        }
        // Packed elements that end in the middle of one.
        #expect(throws: ProtobufError.truncated) { try Metric(decoding: [0x32, 0x01, 0x80, 0x01]) }
    }

    @Test("length, depth and the count of nested messages are bounded")
    func limits() throws {
        #expect(throws: ProtobufError.tooLong(length: 18, limit: 17)) {
            try Hello(decoding: Self.helloBytes, limits: .init(length: 17))
        }
        let empties = [UInt8]((0..<200).map { $0 % 2 == 0 ? 0x22 : 0x00 })
        #expect(try Heartbeat(decoding: empties, limits: .init(messages: 100)).progress.count == 100)
        #expect(throws: ProtobufError.tooManyMessages(limit: 99)) {
            try Heartbeat(decoding: empties, limits: .init(messages: 99))
        }
        #expect(throws: ProtobufError.tooDeep(limit: 0)) { try Heartbeat(decoding: empties, limits: .init(depth: 0)) }
    }

    @Test("damaged messages are errors or messages, never a crash, and memory stays bounded")
    func damage() throws {
        var random = SplitMix(seed: 3)
        var bytes = Self.helloBytes
        for _ in 0..<8 { bytes += [0x22, 0x04, 0x0a, 0x02, 0x61, 0x62] }
        var refused = 0
        for _ in 0..<20_000 {
            var damaged = bytes
            for _ in 0...random.next() % 4 {
                damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            damaged.removeLast(Int(random.next() % 8))
            if (try? Hello(decoding: damaged)) == nil { refused += 1 }
            if (try? Heartbeat(decoding: damaged)) == nil { refused += 1 }
            if (try? StatusReply(decoding: damaged)) == nil { refused += 1 }
        }
        #expect(refused > 20_000)
        #expect(refused < 60_000)
    }
}

/// Numbers from a seed, the same on every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
