import Testing

@testable import RoostHTTP1

@Suite("Fuzz")
struct FuzzTests {
    private static let seeds: [String] = [
        "GET /a?b HTTP/1.1\r\nHost: a.test\r\nConnection: close, x\r\nX: 1\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\nVia: 1.1 x\r\n\r\n",
        "OPTIONS * HTTP/1.0\r\nMax-Forwards: 3\r\nContent-Length: 12\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: x\r\nConnection: keep-alive\r\n\r\n",
        "5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n",
        "GET http://a/%2e%2e//x HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\n\r\n",
    ]
    private static let spice: [UInt8] = Array("\r\n\r\n :;,\t\0aZ019/%#?*[]@\u{7F}".utf8) + [0x80, 0xFF]

    private static func mutate(_ bytes: inout [UInt8], _ dice: inout Dice) {
        for _ in 0..<Int.random(in: 0...6, using: &dice) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &dice)
            let byte = spice[Int.random(in: 0..<spice.count, using: &dice)]
            switch Int.random(in: 0..<5, using: &dice) {
            case 0: bytes[at] = byte
            case 1: bytes.insert(byte, at: at)
            case 2: bytes.remove(at: at)
            case 3: bytes.removeSubrange(at...)
            default: bytes.insert(contentsOf: bytes[..<at].suffix(12), at: at)
            }
        }
    }

    @Test(
        "no bytes make a parser trap, and what is forwarded is itself valid and frames the same body",
        arguments: 1...8
    )
    func neverTraps(_ seed: UInt64) {
        var dice = Dice(seed: seed)
        var accepted = 0
        for round in 0..<4000 {
            var bytes = Array(Self.seeds[round % Self.seeds.count].utf8)
            Self.mutate(&bytes, &dice)
            if let request = try? ParsedRequest(bytes) {
                accepted += 1
                let again = try? ParsedRequest(request.forwarded)
                #expect(
                    again?.head.framing == request.head.framing,
                    "\(String(decoding: bytes, as: UTF8.self).debugDescription)"
                )
                #expect(again?.head.method == request.head.method)
            }
            _ = try? ParsedResponse(String(decoding: bytes, as: UTF8.self))
            var decoder = ChunkedDecoder()
            var position = 0
            var steps = 0
            while steps <= bytes.count {
                steps += 1
                let step = decoder.next(bytes.span, &position)
                if case .body(let range) = step { #expect(range.end <= bytes.count) } else { break }
            }
            let output = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
            if bytes.first == 0x2F { _ = NormalPath.normalize(bytes.span, ByteRange(0, bytes.count), to: output) }
            output.deallocate()
        }
        #expect(accepted > 100)
    }
}
