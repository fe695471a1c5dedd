import Foundation
import Testing

@testable import RoostProxy

@Suite("Clients")
struct ClientTests {
    @Test("pipelined requests are answered in order, however they are cut", arguments: [1, 7, 100_000])
    func pipelining(_ step: Int) throws {
        let origin = Origin(answering: { head, body in
            okay(head.split(separator: " ")[1] + String(decoding: body, as: UTF8.self))
        })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        var text = ""
        for index in 0..<20 {
            text += "POST /\(index) HTTP/1.1\r\nHost: a\r\n"
            text +=
                index % 2 == 0
                ? "Content-Length: 3\r\n\r\nabc" : "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        }
        let client = try proxy.connect()
        let bytes = Array(text.utf8)
        Thread.detachNewThread {
            for start in stride(from: 0, to: bytes.count, by: step) {
                client.write(Array(bytes[start..<min(start + step, bytes.count)]))
            }
        }
        for index in 0..<20 { #expect(try Answer(from: client).text == "/\(index)abc") }
    }

    @Test("many pipelined requests to the welcome page are all answered")
    func pipelinedOwnAnswers() throws {
        let proxy = try RunningProxy(ProxyConfiguration(rules: [ProxyRule(name: "default", action: .welcome)]))
        defer { proxy.stop() }
        let client = try proxy.connect()
        Thread.detachNewThread {
            client.write(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 1000))
        }
        for _ in 0..<1000 {
            let answer = try Answer(from: client)
            #expect(answer.status == 200)
            guard answer.text.contains("Roost works") else { break }
        }
        #expect(try proxy.withPlane { $0.completed } == 1000)
    }

    @Test("a client may end its direction and still gets its answer")
    func halfClose() throws {
        let origin = Origin(answering: { _, body in okay("\(body.count)") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        client.endWriting()
        #expect(try Answer(from: client).text == "5")
        let rest = client.readToEnd()
        #expect(rest.isClean && rest.bytes.isEmpty)
    }

    @Test("100-continue goes to the backend and its answer comes back before the body is sent")
    func expectation() throws {
        let origin = Origin { origin, socket in
            guard let head = socket.readHead() else { return }
            origin.note(head)
            socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
            guard let body = socket.read(exactly: 4) else { return }
            socket.write(okay(String(decoding: body, as: UTF8.self)))
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        #expect(try Answer(from: client).status == 100)
        #expect(try Answer(from: client).status == 103)
        client.write("body")
        #expect(try Answer(from: client).text == "body")
        #expect(field("expect", of: origin.recordedHeads[0]) == "100-continue")
    }

    @Test(
        "limits: 413 for bodies, 414 for targets, 431 for heads",
        arguments: [
            (413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"),
            (
                413,
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"
                    + String(repeating: "x", count: 1001) + "\r\n0\r\n\r\n"
            ),
            (414, "GET /" + String(repeating: "x", count: 600) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
            (414, "GET /" + String(repeating: "x", count: 5000)),
            (431, "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 5000)),
            (431, "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 5000) + "\r\n\r\n"),
            (431, "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 20) + "\r\n"),
        ]
    )
    func limits(_ status: Int, _ request: String) throws {
        let origin = Origin(answering: { _, _ in okay("no") })
        defer { origin.stop() }
        let limits = ProxyLimits(headBytes: 4096, fields: 16, targetBytes: 512, requestBodyBytes: 1000)
        let proxy = try RunningProxy(to: [origin.port], limits: limits)
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write(request)
        let answer = try Answer(from: client)
        #expect(answer.status == status)
        #expect(field("connection", of: answer.head) == "close")
        client.endWriting()
        #expect(client.readToEnd().isClean)
    }

    @Test("a head that never ends gets 408, a body that stalls too, and an idle connection ends without a word")
    func timeouts() throws {
        let origin = Origin(answering: { _, _ in okay("x") })
        defer { origin.stop() }
        let timeouts = ClientTimeouts(
            header: .milliseconds(300),
            keepAlive: .milliseconds(300),
            body: .milliseconds(300)
        )
        let proxy = try RunningProxy(to: [origin.port], client: timeouts)
        defer { proxy.stop() }
        let slow = try proxy.connect()
        slow.write("GET / HTTP/1.1\r\nHos")
        #expect(try Answer(from: slow).status == 408)
        let stalled = try proxy.connect()
        stalled.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        #expect(try Answer(from: stalled).status == 408)
        let idle = try proxy.connect()
        idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try Answer(from: idle).status == 200)
        let rest = idle.readToEnd()
        #expect(rest.bytes.isEmpty && rest.isClean)
    }

    @Test("over the limit of connections new ones wait until one ends")
    func connectionLimit() throws {
        let origin = Origin(answering: { _, _ in okay("x") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port], limits: ProxyLimits(connections: 2))
        defer { proxy.stop() }
        var first: Socket? = try proxy.connect()
        let second = try proxy.connect()
        #expect(eventually { try proxy.withPlane { $0.connections } == 2 })
        let third = try proxy.connect()
        third.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        second.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try Answer(from: second).status == 200)
        #expect(try proxy.snapshot().accepted == 2)
        #expect(eventually { try proxy.snapshot().acceptPauses == 1 })
        #expect(first != nil)
        first = nil
        #expect(try Answer(from: third).status == 200)
    }

    @Test("a request that comes round in a loop is answered with 508")
    func loop() throws {
        let proxy = try RunningProxy(to: [FailureTests.deadPort()])
        defer { proxy.stop() }
        try proxy.commit(
            ProxyConfiguration(
                generation: 2,
                rules: [ProxyRule(name: "self", backends: [.init(host: "127.0.0.1", port: proxy.port)])]
            )
        )
        #expect(try proxy.get().status == 508)
    }

    @Test("OPTIONS * is answered by the proxy itself, whatever the rules say, and no rule counts it")
    func optionsForServer() throws {
        let origin = Origin(answering: { _, _ in okay("x") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        for _ in 0..<2 {
            client.write("OPTIONS * HTTP/1.1\r\nHost: roost.internal\r\n\r\n")
            let answer = try Answer(from: client)
            #expect(answer.status == 200 && answer.body.isEmpty)
        }
        client.write("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(field("connection", of: try Answer(from: client).head) == "close")
        #expect(client.readToEnd().isClean)
        let withBody = try proxy.connect()
        withBody.write("OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        #expect(field("connection", of: try Answer(from: withBody).head) == "close")
        #expect(try proxy.exchange("OPTIONS * HTTP/1.0\r\n\r\n").status == 200)
        #expect(origin.recordedHeads.isEmpty)
        #expect(try proxy.snapshot().rules.values.allSatisfy { $0.traffic.requests == 0 })
        #expect(try proxy.get().status == 200)
    }

    @Test("Max-Forwards 0 ends here, CONNECT is not served, an unknown expectation is refused")
    func methods() throws {
        let origin = Origin(answering: { _, _ in okay("x") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        #expect(try proxy.exchange("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n").status == 405)
        let options = try proxy.exchange("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n")
        #expect(options.status == 200 && options.body.isEmpty)
        #expect(origin.recordedHeads.isEmpty)
        #expect(try proxy.exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n").status == 200)
        #expect(try proxy.exchange("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").status == 501)
        #expect(try proxy.exchange("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n").status == 417)
        #expect(try proxy.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 505)
    }
}
