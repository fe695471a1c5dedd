import Glibc
import RoostWire
import Testing

/// 100,000 frames with fixed seeds; 5,000,000 with ROOST_SOAK=1.
private let frameCount = getenv("ROOST_SOAK").map { String(cString: $0) } == "1" ? 5_000_000 : 100_000

@Suite struct FrameFuzzTests {
    @Test("random frames in random pieces come out as they went in")
    func pieces() throws {
        var random = SplitMix(seed: 0xf7a3)
        var decoder = FrameDecoder()
        var output = FrameOutput()
        var expected: [Frame] = []
        var first = 0
        var count = 0
        while count < frameCount {
            expected.removeFirst(first)
            first = 0
            let batch = (0..<64).map { _ in random.frame(upTo: 200) }
            expected += batch
            let bytes = encode(batch, with: &output)
            var start = 0
            while start < bytes.count {
                let end = min(start + 1 + Int(random.next() % 900), bytes.count)
                decoder.append(Array(bytes[start..<end]).span.bytes)
                start = end
                while let header = try decoder.next() {
                    let isSame = header == expected[first].header && decoder.payload == expected[first].payload
                    if !isSame { Issue.record("frame \(count) differs") }
                    first += 1
                    count += 1
                }
            }
            #expect(decoder.capacity <= 4 * FrameDecoder.standardReadSize)
        }
        #expect(count >= frameCount)
        #expect(decoder.pending == 0)
    }

    @Test("damaged frames are frames or errors, in bounded memory")
    func damage() throws {
        var random = SplitMix(seed: 0xdead)
        var output = FrameOutput()
        var refused = 0
        var given = 0
        for _ in 0..<frameCount {
            var bytes = encode([random.frame(upTo: 60), random.frame(upTo: 60)], with: &output)
            for _ in 0...random.next() % 3 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            var decoder = FrameDecoder(limit: 4096, readSize: 256)
            decoder.append(bytes.span.bytes)
            do throws(FrameError) {
                while try decoder.next() != nil { given += 1 }
            } catch {
                refused += 1
            }
            if decoder.capacity > 256 { Issue.record("\(decoder.capacity) bytes held") }
        }
        #expect(refused > frameCount / 10)
        #expect(given > frameCount / 10)
    }
}
