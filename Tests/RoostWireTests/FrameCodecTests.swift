import RoostWire
import Testing

/// A request "echo" with id 7, a deadline of 2000 ms and the payload `hi`.
private let header = FrameHeader(.request, id: 7, method: 1, argument: 2000)
private let bytes: [UInt8] = [
    0x00, 0x00, 0x00, 0x12, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x07,
    0xd0, 0x68, 0x69,
]

@Suite struct FrameCodecTests {
    @Test("a frame has these bytes, and these bytes are that frame")
    func literal() throws {
        #expect(encode([Frame(header: header, payload: [0x68, 0x69])]) == bytes)
        #expect(try decode([bytes]) == [Frame(header: header, payload: [0x68, 0x69])])
    }

    @Test("every field has its place")
    func places() throws {
        let all = FrameHeader(
            .goodbye,
            flags: FrameFlags(rawValue: 0x0102),
            id: 0x0304_0506,
            method: 0x0708,
            argument: 0x090a_0b0c
        )
        let expected: [UInt8] = [0, 0, 0, 16, 1, 12, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 9, 10, 11, 12]
        #expect(encode([Frame(header: all, payload: [])]) == expected)
        #expect(try decode([expected]) == [Frame(header: all, payload: [])])
    }

    @Test("a receiver ignores the reserved bytes and flags that it does not know")
    func reserved() throws {
        var later = bytes
        later[6] = 0x80
        later[14] = 0xff
        let frame = try #require(try decode([later]).first)
        #expect(frame.header.id == 7)
        #expect(frame.header.flags == FrameFlags(rawValue: 0x8000))
    }

    @Test("any split gives the same frames")
    func splits() throws {
        var random = SplitMix(seed: 11)
        let frames = (0..<20).map { _ in random.frame(upTo: 100) }
        let whole = encode(frames)
        #expect(try decode([whole]) == frames)
        #expect(try decode(whole.map { [$0] }) == frames)
        for cut in 0...whole.count {
            let isSame = try decode([Array(whole[..<cut]), Array(whole[cut...])]) == frames
            #expect(isSame, "cut at \(cut)")
        }
    }

    @Test("a frame that is cut short gives nothing and no error")
    func truncated() throws {
        for count in 0..<bytes.count { #expect(try decode([Array(bytes[..<count])]) == []) }
    }

    static let faults: [([UInt8], FrameError)] = [
        ([0, 0, 0, 0], .tooShort(length: 0)),
        ([0, 0, 0, 15], .tooShort(length: 15)),
        ([0, 16, 0, 1], .frameTooLarge(length: 1_048_577, limit: 1_048_576)),
        ([255, 255, 255, 255], .frameTooLarge(length: 4_294_967_295, limit: 1_048_576)),
        ([0, 0, 0, 16, 0, 1], .badVersion(0)),
        ([0, 0, 0, 16, 2, 1], .badVersion(2)),
        ([0, 0, 0, 16, 1, 0], .unknownKind(0)),
        ([0, 0, 0, 16, 1, 13], .unknownKind(13)),
        (Array("GET / HTTP/1.1".utf8), .frameTooLarge(length: 1_195_725_856, limit: 1_048_576)),
    ]

    @Test("what is no frame is refused as soon as it can be told, and stays refused", arguments: faults)
    func fault(bytes: [UInt8], error: FrameError) {
        var decoder = FrameDecoder()
        for byte in bytes.dropLast() {
            decoder.append([byte].span.bytes)
            if (try? decoder.next()) != nil { Issue.record("a frame out of nothing") }
        }
        decoder.append([bytes.last ?? 0].span.bytes)
        #expect(throws: error) { try decoder.next() }
        decoder.append(FrameCodecTests.good.span.bytes)
        #expect(throws: error) { try decoder.next() }
    }

    private static let good = bytes

    @Test("a frame of exactly the limit passes, one byte more does not")
    func limit() throws {
        let frame = Frame(header: header, payload: [UInt8](repeating: 1, count: 84))
        #expect(try decode([encode([frame])], limit: 100) == [frame])
        #expect(throws: FrameError.frameTooLarge(length: 100, limit: 99)) {
            try decode([encode([frame])], limit: 99)
        }
    }

    @Test("memory follows what has come, not what was announced, and is given back")
    func memory() throws {
        var decoder = FrameDecoder()
        let announcement: [UInt8] = [0, 0x10, 0, 0, 1, 2]
        decoder.append(announcement.span.bytes)
        #expect(try decoder.next() == nil)
        #expect(decoder.capacity <= FrameDecoder.standardReadSize)

        let large = encode([Frame(header: header, payload: [UInt8](repeating: 7, count: 1_048_560))])
        var fresh = FrameDecoder()
        for start in stride(from: 0, to: large.count, by: 1000) {
            let piece = Array(large[start..<min(start + 1000, large.count)])
            fresh.append(piece.span.bytes)
            #expect(fresh.capacity <= 2 * fresh.pending + 2 * FrameDecoder.standardReadSize)
            if try fresh.next() != nil { break }
        }
        #expect(fresh.payload.count == 1_048_560)
        fresh.append(bytes.span.bytes)
        #expect(fresh.capacity <= FrameDecoder.standardReadSize)

        var output = FrameOutput()
        for _ in 0..<100 { output.append(header, payload: [UInt8](repeating: 1, count: 10_000)) }
        while output.pending > 0 { _ = output.drain { min(777, $0.byteCount) } }
        #expect(output.capacity == 0)
    }

    @Test("output that is taken in pieces stays in order")
    func output() throws {
        var random = SplitMix(seed: 12)
        var output = FrameOutput()
        var sent: [Frame] = []
        var received: [UInt8] = []
        for _ in 0..<2_000 {
            let frame = random.frame(upTo: 600)
            sent.append(frame)
            output.append(frame.header, payload: frame.payload)
            let wanted = Int(random.next() % 1_200)
            _ = output.drain { span in
                let count = min(wanted, span.byteCount)
                received += span.extracting(0..<count).withUnsafeBytes { Array($0) }
                return count
            }
        }
        while output.pending > 0 {
            _ = output.drain { span in
                received += span.withUnsafeBytes { Array($0) }
                return span.byteCount
            }
        }
        let isSame = try decode([received]) == sent
        #expect(isSame)
    }
}

struct Frame: Equatable {
    var header: FrameHeader
    var payload: [UInt8]
}

func encode(_ frames: [Frame]) -> [UInt8] {
    var output = FrameOutput()
    return encode(frames, with: &output)
}

func encode(_ frames: [Frame], with output: inout FrameOutput) -> [UInt8] {
    for frame in frames { output.append(frame.header, payload: frame.payload) }
    var bytes: [UInt8] = []
    _ = output.drain { span in
        bytes = span.withUnsafeBytes { Array($0) }
        return span.byteCount
    }
    return bytes
}

func decode(_ pieces: [[UInt8]], limit: Int = FrameLimits.standardLength) throws -> [Frame] {
    var decoder = FrameDecoder(limit: limit)
    var frames: [Frame] = []
    for piece in pieces {
        decoder.append(piece.span.bytes)
        while let header = try decoder.next() { frames.append(Frame(header: header, payload: decoder.payload)) }
    }
    return frames
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

    mutating func frame(upTo size: UInt64) -> Frame {
        let kinds = FrameKind.allCases
        let word = next()
        let fill = UInt8(truncatingIfNeeded: word)
        return Frame(
            header: FrameHeader(
                kinds[Int(word % UInt64(kinds.count))],
                flags: FrameFlags(rawValue: UInt16(truncatingIfNeeded: word >> 8)),
                id: UInt32(truncatingIfNeeded: word >> 16),
                method: UInt16(truncatingIfNeeded: word >> 48),
                argument: UInt32(truncatingIfNeeded: next())
            ),
            payload: [UInt8](repeating: fill, count: Int(next() % size))
        )
    }
}
