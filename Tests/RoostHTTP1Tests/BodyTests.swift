import Testing

@testable import RoostHTTP1

@Suite("ChunkedDecoder")
struct ChunkedDecoderTests {
    /// Feeds pieces and collects the body; nil if malformed or not finished. `rest` is what was not taken.
    private func decode(_ pieces: [[UInt8]]) -> (body: String, rest: Int)? {
        var decoder = ChunkedDecoder()
        var body: [UInt8] = []
        for (index, piece) in pieces.enumerated() {
            var position = 0
            feeding: while true {
                switch decoder.next(piece.span, &position) {
                case .body(let range): body += piece[range.bounds]
                case .needsMore: break feeding
                case .finished:
                    let later = pieces[(index + 1)...].reduce(0) { $0 + $1.count }
                    return (String(decoding: body, as: UTF8.self), piece.count - position + later)
                case .malformed: return nil
                }
            }
        }
        return nil
    }

    static let valid: [(String, String, Int)] = [
        ("0\r\n\r\n", "", 0),
        ("3\r\nabc\r\n0\r\n\r\n", "abc", 0),
        ("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nGET", "abc0123456789", 3),
        ("003;x=y\r\nabc\r\n000\r\nTrail: er\r\nB:\r\n\r\n", "abc", 0),
        ("3;a=\"b;c\"\r\nabc\r\n0\r\n\r\n", "abc", 0),
    ]

    @Test("a chunked body is found whole, at once, byte by byte and cut at each offset", arguments: valid)
    func cuts(_ text: String, _ body: String, _ rest: Int) {
        let bytes = Array(text.utf8)
        func check(_ pieces: [[UInt8]]) {
            let decoded = decode(pieces)
            #expect(decoded?.body == body)
            #expect(decoded?.rest == rest)
        }
        check([bytes])
        check(bytes.map { [$0] })
        for cut in 0...bytes.count { check([Array(bytes[..<cut]), Array(bytes[cut...])]) }
        for end in 0..<bytes.count - rest { #expect(decode([Array(bytes[..<end])]) == nil) }
    }

    @Test(
        "malformed chunks are refused",
        arguments: [
            "\r\n\r\n", "x\r\n", "0x3\r\nabc\r\n", "+3\r\nabc\r\n", "-3\r\nabc\r\n", " 3\r\nabc\r\n",
            "3 \r\nabc\r\n0\r\n\r\n",
            "3\nabc\n0\n\n", "3\r\nabc0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3;a\nabc\r\n",
            "8000000000000000\r\n", "FFFFFFFFFFFFFFFFF\r\n", "00000000000000000\r\n\r\n", "3;\0\r\nabc\r\n0\r\n\r\n",
            "0\r\n bad: x\r\n\r\n", "0\r\nbad\r\n\r\n", "0\r\n: x\r\n\r\n", "0\r\na: b\n\r\n", "3\rabc\r\n", "g\r\n",
        ]
    )
    func malformed(_ text: String) {
        var decoder = ChunkedDecoder()
        let bytes = Array(text.utf8)
        var position = 0
        var failed = false
        for _ in 0..<bytes.count where !failed {
            if case .malformed = decoder.next(bytes.span, &position) { failed = true }
        }
        #expect(failed)
    }

    @Test("extensions and trailers are bounded, also when each chunk has a few")
    func overhead() {
        let long = "1;" + String(repeating: "e", count: 20000) + "\r\na\r\n0\r\n\r\n"
        #expect(decode([Array(long.utf8)]) == nil)
        let many = String(repeating: "1;" + String(repeating: "e", count: 100) + "\r\na\r\n", count: 1000) + "0\r\n\r\n"
        #expect(decode([Array(many.utf8)]) == nil)
        let modest = String(repeating: "1;ee\r\na\r\n", count: 50000) + "0\r\n\r\n"
        #expect(decode([Array(modest.utf8)])?.body.utf8.count == 50000)
    }
}

@Suite("BodyReader")
struct BodyReaderTests {
    @Test("a body of known length takes that many bytes and leaves the rest")
    func length() {
        var reader = BodyReader(.length(3))
        let bytes = Array("abcdef".utf8)
        var position = 0
        let first = reader.next(bytes.span, &position)
        #expect(first == .body(ByteRange(0, 3)))
        #expect(reader.isFinished)
        let second = reader.next(bytes.span, &position)
        #expect(second == .finished)
        #expect(position == 3)
    }

    @Test("no body is finished at once, and one until close never")
    func ends() {
        #expect(BodyReader(.none).isFinished)
        #expect(BodyReader(.length(0)).isFinished)
        var reader = BodyReader(.untilClose)
        let bytes = Array("abc".utf8)
        var position = 0
        let step = reader.next(bytes.span, &position)
        #expect(step == .body(ByteRange(0, 3)))
        #expect(!reader.isFinished)
    }
}
