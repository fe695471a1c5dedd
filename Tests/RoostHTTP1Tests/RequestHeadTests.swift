import Testing

@testable import RoostHTTP1

@Suite("RequestHead")
struct RequestHeadTests {
    /// What a careless pair of parsers could read in two ways, and what it is answered with.
    static let refused: [(String, HeadError)] = [
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
            .lengthAndTransferEncoding
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
            .lengthAndTransferEncoding
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n", .duplicateContentLength),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n", .duplicateContentLength),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\n", .invalidContentLength),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\n", .invalidContentLength),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -4\r\n\r\n", .invalidContentLength),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x4\r\n\r\n", .invalidContentLength),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", .invalidContentLength),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 2\r\n\r\n", .invalidContentLength),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", .invalidContentLength),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", .invalidContentLength),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", .transferEncodingNotChunked),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .unknownTransferCoding),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", .transferEncodingNotChunked),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", .transferEncodingNotChunked),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{B}chunked\r\n\r\n", .controlByte),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{A0}chunked\r\n\r\n", .transferEncodingNotChunked),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", .transferEncodingNotChunked),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", .transferEncodingNotChunked),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", .transferEncodingNotChunked),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", .transferEncodingNotChunked),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            .duplicateTransferEncoding
        ),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n", .foldedLine),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedLine),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", .blankBeforeColon),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\t: 1\r\n\r\n", .blankBeforeColon),
        ("GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n", .emptyFieldName),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", .lineWithoutColon),
        ("GET / HTTP/1.1\r\nHost: a\r\nX(y): 1\r\n\r\n", .lineWithoutColon),
        ("GET / HTTP/1.1\nHost: a\n\n", .bareLineFeed),
        ("GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", .bareLineFeed),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n", .bareCarriageReturn),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\r\n\r\n", .bareCarriageReturn),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\0\r\n\r\n", .controlByte),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: 1\u{7F}\r\n\r\n", .controlByte),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\0: 1\r\n\r\n", .controlByte),
        ("GET / HTTP/1.1\r\n\r\n", .missingHost),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .duplicateHost),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", .invalidHost),
        ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .invalidHost),
        ("GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", .fragmentInTarget),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        ("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .badVersion),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .badVersion),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .badRequestLine),
        ("GET /\r\nHost: a\r\n\r\n", .badRequestLine),
        (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
        ("GET /\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        ("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        ("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        ("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        ("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", .badTarget),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", .unsupportedVersion),
        ("PRI * HTTP/2.0\r\n\r\n", .unsupportedVersion),
        ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", .unsupportedVersion),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", .badVersion),
        ("GET / HTTP/1.1x\r\nHost: a\r\n\r\n", .badRequestLine),
        ("GET / HTTP/1,1\r\nHost: a\r\n\r\n", .badVersion),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", .connectNotSupported),
        ("TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", .bodyInTrace),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", .unknownExpectation),
        ("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n", .badMaxForwards),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: host\r\n\r\n", .protectedFieldNominated),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Authorization\r\nAuthorization: x\r\n\r\n",
            .protectedFieldNominated
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\n\r\n", .protectedFieldNominated),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequestLine),
    ]

    @Test("a head that could be read in two ways is refused", arguments: refused)
    func refuses(_ text: String, _ expected: HeadError) {
        #expect(throws: expected) { try ParsedRequest(text) }
    }

    @Test("each error has a status of the 4xx or 5xx class", arguments: HeadError.allCases)
    func statuses(_ error: HeadError) { #expect((400...505).contains(error.status)) }

    @Test("a plain request is read into its parts")
    func plain() throws {
        let request = try ParsedRequest("GET /a/b?c=d HTTP/1.1\r\nHost: A.test:80\r\nX: 1\r\n\r\n")
        #expect(request.head.method == .get)
        #expect(request.head.framing == .none)
        #expect(request.head.keepsAlive)
        #expect(
            request.forwarded == """
                GET /a/b?c=d HTTP/1.1\r
                Host: A.test:80\r
                X: 1\r
                Via: 1.1 px\r
                X-Forwarded-For: 192.0.2.1\r
                X-Forwarded-Proto: http\r
                X-Forwarded-Host: A.test:80\r
                \r

                """
        )
    }

    @Test("one empty line before the request is let pass")
    func leadingLine() throws {
        #expect(try ParsedRequest("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").head.method == .get)
    }

    @Test("hop-by-hop, nominated and untrusted fields do not pass, all others do, in their order")
    func hopByHop() throws {
        let request = try ParsedRequest(
            """
            POST / HTTP/1.1\r
            Host: a\r
            First: 1\r
            Connection: close, X-Secret\r
            connection: x-other\r
            X-Secret: s\r
            x-SECRET: t\r
            X-Other: o\r
            Keep-Alive: timeout=5\r
            Proxy-Connection: keep-alive\r
            TE: trailers\r
            Trailer: X\r
            Upgrade: websocket\r
            Proxy-Authorization: Basic x\r
            Second: 2\r
            X-Forwarded-For: 10.0.0.1\r
            X-Forwarded-Proto: https\r
            X-Forwarded-Host: evil\r
            Forwarded: for=10.0.0.1\r
            Via: 1.0 other\r
            Transfer-Encoding: Chunked\r
            Third: 3\r
            \r

            """
        )
        #expect(!request.head.keepsAlive)
        #expect(request.head.framing == .chunked)
        #expect(
            request.forwarded == """
                POST / HTTP/1.1\r
                Host: a\r
                First: 1\r
                Second: 2\r
                Via: 1.0 other\r
                Third: 3\r
                Transfer-Encoding: chunked\r
                Via: 1.1 px\r
                X-Forwarded-For: 192.0.2.1\r
                X-Forwarded-Proto: http\r
                X-Forwarded-Host: a\r
                \r

                """
        )
    }

    @Test(
        "an absolute target wins over Host and is sent on in origin form",
        arguments: [
            ("http://b.test/x?y", "GET /x?y HTTP/1.1\r\nHost: b.test\r\n"),
            ("http://b.test:8080", "GET / HTTP/1.1\r\nHost: b.test:8080\r\n"),
            ("http://b.test?q", "GET /?q HTTP/1.1\r\nHost: b.test\r\n"),
            ("HTTP://[::1]:9/", "GET / HTTP/1.1\r\nHost: [::1]:9\r\n"),
        ]
    )
    func absolute(_ target: String, _ expected: String) throws {
        #expect(try ParsedRequest("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").forwarded.hasPrefix(expected))
    }

    @Test(
        "persistence follows version and Connection",
        arguments: [
            ("1.1", "", true), ("1.1", "close", false), ("1.1", "Close", false), ("1.1", "keep-alive", true),
            ("1.0", "", false), ("1.0", "keep-alive", true), ("1.0", "keep-alive, close", false), ("1.2", "", true),
        ]
    )
    func persistence(_ version: String, _ connection: String, _ expected: Bool) throws {
        let request = try ParsedRequest("GET / HTTP/\(version)\r\nHost: a\r\nConnection: \(connection)\r\n\r\n")
        #expect(request.head.keepsAlive == expected)
    }

    @Test("Max-Forwards is counted down for OPTIONS and passes for GET")
    func maxForwards() throws {
        let options = try ParsedRequest("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 7\r\nA: 1\r\n\r\n")
        #expect(options.forwarded.contains("\r\nMax-Forwards: 6\r\nA: 1\r\n"))
        let get = try ParsedRequest("GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 7\r\n\r\n")
        #expect(get.forwarded.contains("\r\nMax-Forwards: 7\r\n"))
    }

    @Test("an HTTP/1.0 request without Host gets the backend's, and its expectation is ignored")
    func version10() throws {
        let request = try ParsedRequest("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n")
        #expect(request.forwarded.hasPrefix("GET / HTTP/1.1\r\nHost: b:1\r\nVia: 1.0 px\r\n"))
        #expect(!request.forwarded.contains("Expect"))
    }

    @Test("limits of target and fields are kept")
    func limits() {
        let long = Array("GET /\(String(repeating: "a", count: 100)) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(throws: HeadError.targetTooLong) { try ParsedRequest(long, targetLimit: 100) }
        let many = Array("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: 1\r\n", count: 8))\r\n".utf8)
        #expect(throws: HeadError.tooManyFields) { try ParsedRequest(many, fieldLimit: 8) }
        #expect(throws: Never.self) { try ParsedRequest(many, fieldLimit: 9) }
    }

    @Test("a head that is too large for the writer is left out whole")
    func overflow() {
        let text = written(capacity: 4) {
            $0.append("abc")
            $0.append("de")
            #expect($0.isOverflowed)
        }
        #expect(text == "abc")
    }
}
