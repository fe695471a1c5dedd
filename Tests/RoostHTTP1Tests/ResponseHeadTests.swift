import Testing

@testable import RoostHTTP1

@Suite("ResponseHead")
struct ResponseHeadTests {
    @Test(
        "an invalid response is refused",
        arguments: [
            ("HTTP/1.1 abc OK\r\n\r\n", HeadError.badStatus),
            ("HTTP/1.1 099 X\r\n\r\n", .badStatus),
            ("HTTP/1.1 600 X\r\n\r\n", .badStatus),
            ("HTTP/1.1 2000 X\r\n\r\n", .badStatus),
            ("HTTP/1.1 20 X\r\n\r\n", .badStatus),
            ("HTTP/2.0 200 OK\r\n\r\n", .unsupportedVersion),
            ("ICY 200 OK\r\n\r\n", .badVersion),
            ("garbage\r\n\r\n", .badVersion),
            ("HTTP/1.1 200 OK\nA: b\n\n", .bareLineFeed),
            ("HTTP/1.1 200 O\0K\r\n\r\n", .controlByte),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", .duplicateContentLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", .duplicateContentLength),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", .lengthAndTransferEncoding),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .unknownTransferCoding),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
            ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", .foldedLine),
        ]
    )
    func refuses(_ text: String, _ expected: HeadError) {
        #expect(throws: expected) { try ParsedResponse(text) }
    }

    @Test(
        "where the body ends follows RFC 9112 section 6.3",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Method.get, BodyFraming.length(5)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", .head, .none),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", .get, .none),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", .get, .none),
            ("HTTP/1.1 103 Early Hints\r\n\r\n", .get, .none),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .get, .chunked),
            ("HTTP/1.1 200 OK\r\n\r\n", .get, .untilClose),
            ("HTTP/1.0 200 OK\r\n\r\n", .get, .untilClose),
        ]
    )
    func framing(_ text: String, _ method: RoostHTTP1.Method, _ expected: BodyFraming) throws {
        #expect(try ParsedResponse(text, to: method).head.framing == expected)
    }

    @Test("Content-Length stays for HEAD and 304 and goes from 204 and 1xx")
    func declaredLength() throws {
        let length = "Content-Length: 5\r\n"
        #expect(try ParsedResponse("HTTP/1.1 200 OK\r\n\(length)\r\n", to: .head).forwarded.contains(length))
        #expect(try ParsedResponse("HTTP/1.1 304 X\r\n\(length)\r\n").forwarded.contains(length))
        #expect(try !ParsedResponse("HTTP/1.1 204 X\r\n\(length)\r\n").forwarded.contains(length))
        #expect(try !ParsedResponse("HTTP/1.1 103 X\r\n\(length)\r\n").forwarded.contains(length))
        #expect(try !ParsedResponse("HTTP/1.1 204 X\r\n\(length)\r\n").head.keepsAlive)
    }

    @Test("hop-by-hop and nominated fields go, protected ones stay, blanks before a colon are removed, a date is added")
    func forwarded() throws {
        let response = try ParsedResponse(
            """
            HTTP/1.0 200 Fine\r
            Connection: keep-alive, X-Gone, Set-Cookie\r
            X-Gone: 1\r
            Set-Cookie: a=b\r
            Keep-Alive: 5\r
            Odd  : value \r
            Last: 1\r
            Content-Length: 0\r
            \r

            """
        )
        #expect(response.head.keepsAlive)
        #expect(
            response.forwarded == """
                HTTP/1.1 200 Fine\r
                Set-Cookie: a=b\r
                Odd: value\r
                Last: 1\r
                Content-Length: 0\r
                Date: NOW\r
                \r

                """
        )
    }

    @Test("an empty reason may lack its blank")
    func reason() throws {
        #expect(try ParsedResponse("HTTP/1.1 200\r\nDate: x\r\n\r\n").forwarded == "HTTP/1.1 200 \r\nDate: x\r\n\r\n")
    }
}
