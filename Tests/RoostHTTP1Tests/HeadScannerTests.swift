import Testing

@testable import RoostHTTP1

@Suite("HeadScanner")
struct HeadScannerTests {
    private func scan(_ scanner: inout HeadScanner, _ bytes: [UInt8]) -> HeadScanner.Outcome {
        scanner.scan(bytes.span)
    }

    @Test("the end of a head is found wherever the bytes are cut")
    func cuts() {
        let bytes = Array("GET /abc HTTP/1.1\r\nHost: example.test\r\nX: y\r\n\r\nrest".utf8)
        let end = bytes.count - 4
        for cut in 0...bytes.count {
            var scanner = HeadScanner()
            let first = scan(&scanner, Array(bytes[..<cut]))
            if cut < end {
                #expect(first == .incomplete)
                let second = scan(&scanner, bytes)
                #expect(second == .complete(start: 0, end: end))
            } else {
                #expect(first == .complete(start: 0, end: end))
            }
        }
    }

    @Test("byte by byte, each looked at once")
    func dripped() {
        let bytes = Array("\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n".utf8)
        var scanner = HeadScanner()
        for count in 0..<bytes.count {
            let outcome = scan(&scanner, Array(bytes[..<count]))
            #expect(outcome == .incomplete)
            #expect(scanner.scanned == count)
        }
        let outcome = scan(&scanner, bytes)
        #expect(outcome == .complete(start: 2, end: bytes.count))
    }

    @Test(
        "a bare LF is refused as soon as it comes",
        arguments: ["\n", "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nA: b\n", "GET\r\n\n"]
    )
    func bareLineFeed(_ text: String) {
        var scanner = HeadScanner()
        let outcome = scan(&scanner, Array(text.utf8))
        #expect(outcome == .malformed(.bareLineFeed))
    }
}
