import Foundation
import Testing

@testable import RoostProxy

/// Ambiguous requests through the real listener: each is refused, and no byte of it reaches the backend.
@Suite("Smuggling")
struct SmugglingTests {
    private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

    static let cases: [(String, Int, String)] = [
        (
            "CL and TE", 400,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX"
        ),
        (
            "TE and CL", 400,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX"
        ),
        ("two CL, different", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n"),
        ("two CL, equal", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        ("CL list", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello"),
        ("CL empty", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n"),
        ("CL with sign", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n"),
        ("CL too large", 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\n"),
        ("TE with VT", 400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{B}chunked\r\n\r\n0\r\n\r\n"),
        ("TE gzip, chunked", 501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ("TE chunked twice", 400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        ("TE not last", 400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        ("TE unknown", 400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        (
            "two TE", 400,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"
        ),
        ("TE in HTTP/1.0", 400, "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("TE name with blank", 400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        ("TE folded", 400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
        ("obs-fold", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\t2\r\n\r\n"),
        ("space before first field", 400, "GET / HTTP/1.1\r\n X: 1\r\nHost: a\r\n\r\n"),
        ("bare LF lines", 400, "GET / HTTP/1.1\nHost: a\n\n"),
        ("bare LF in one line", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: 1\nContent-Length: 44\r\n\r\n"),
        ("bare CR in value", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: 1\rContent-Length: 44\r\n\r\n"),
        ("NUL in value", 400, "GET / HTTP/1.1\r\nHost: a\r\nX: 1\02\r\n\r\n"),
        ("line without colon", 400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length\r\n\r\n"),
        ("empty name", 400, "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"),
        ("no Host", 400, "GET / HTTP/1.1\r\n\r\n"),
        ("two Hosts", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        ("Host with user", 400, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
        ("fragment", 400, "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("HTTP/2.0 text", 505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        ("two spaces", 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("Connection: Host", 400, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n"),
        (
            "Connection: Content-Length", 400,
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 3\r\n\r\nabc"
        ),
    ]

    @Test("an ambiguous head is refused, what is hidden behind it too, and the backend sees nothing", arguments: cases)
    func heads(_ name: String, _ status: Int, _ request: String) throws {
        let origin = Origin(answering: { _, _ in okay("reached") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write(request + Self.smuggled)
        let answer = try Answer(from: client)
        #expect(answer.status == status, "\(name)")
        #expect(field("connection", of: answer.head) == "close")
        client.endWriting()
        let rest = client.readToEnd()
        #expect(rest.bytes.isEmpty && rest.isClean)
        #expect(origin.recordedHeads.isEmpty)
    }

    @Test(
        "malformed chunks end both connections before anything hidden behind them is a request",
        arguments: [
            "5\nhello\n0\n\n", "5\r\nhello0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "-5\r\n",
            "\r\n",
            "5;a\nhello\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\n", "0\r\nX: y\n\r\n", "5\r\nhello\r\n0\r\nbad\r\n\r\n",
        ]
    )
    func chunks(_ body: String) throws {
        let origin = Origin { origin, socket in
            socket.keepsReceived = true
            while let some = socket.readSome(), !some.isEmpty {}
            origin.note(String(decoding: socket.received, as: UTF8.self))
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body + Self.smuggled)
        let answer = try Answer(from: client)
        #expect(answer.status == 400)
        client.endWriting()
        #expect(client.readToEnd().bytes.isEmpty)
        #expect(eventually { origin.accepted == origin.recordedHeads.count })
        for seen in origin.recordedHeads { #expect(!seen.contains("smuggled") && !seen.contains("0\r\n\r\n")) }
    }

    @Test("extensions and trailers of a request are not sent on, its chunks are our own")
    func reframed() throws {
        let origin = Origin { origin, socket in
            socket.keepsReceived = true
            guard let head = socket.readHead(), readBody(of: head, from: socket) != nil else { return }
            origin.note(String(decoding: socket.received, as: UTF8.self))
            socket.write(okay("ok"))
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let text =
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n003;x=y\r\nabc\r\n2\r\nde\r\n00\r\nHost: evil\r\n\r\n"
        #expect(try proxy.exchange(text).status == 200)
        #expect(origin.recordedHeads[0].hasSuffix("\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"))
        #expect(!origin.recordedHeads[0].contains("evil"))
    }
}
