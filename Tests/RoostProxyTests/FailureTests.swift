import Foundation
import RoostReactor
import Testing

@testable import RoostProxy

@Suite("Failing backends")
struct FailureTests {
    /// A port on which nobody listens.
    static func deadPort() -> UInt16 {
        let (descriptor, port) = listen()
        close(descriptor)
        return port
    }

    @Test("a backend that is down gives 502 with a problem document that names rule and backend")
    func down() throws {
        let port = Self.deadPort()
        let proxy = try RunningProxy(to: [port])
        defer { proxy.stop() }
        let answer = try proxy.get()
        #expect(answer.status == 502)
        #expect(field("content-type", of: answer.head) == "application/problem+json")
        let problem = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
        #expect(problem["type"] as? String == "urn:roost:problem:backend-unreachable")
        #expect(problem["title"] as? String == "Bad Gateway")
        #expect(problem["status"] as? Int == 502)
        #expect(problem["rule"] as? String == "all")
        #expect(problem["backend"] as? String == "http://127.0.0.1:\(port)")
        #expect((problem["instance"] as? String)?.hasPrefix("urn:roost:request:") == true)
    }

    @Test("when one of two backends is down, every request is answered by the other")
    func failover() throws {
        let origin = Origin(answering: { _, body in okay("up \(body.count)") })
        defer { origin.stop() }
        let dead = Self.deadPort()
        let proxy = try RunningProxy(to: [dead, origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        for _ in 0..<6 {
            client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            #expect(try Answer(from: client).text == "up 3")
        }
        let rule = try #require(try proxy.snapshot().rules["all"])
        #expect(rule.traffic.retries == 3)
        #expect(rule.backends["http://127.0.0.1:\(dead)"]?.connectFailures == 3)
        #expect(rule.traffic.statusCodes == [200: 6])
    }

    @Test("a connection that the backend closed while it was idle costs no request")
    func staleConnection() throws {
        // Each connection answers once, then ends at the moment the next request has come.
        let origin = Origin { origin, socket in
            guard let head = socket.readHead() else { return }
            origin.note(head)
            socket.write(okay("once"))
            _ = socket.readHead()
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        for _ in 0..<5 {
            client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try Answer(from: client).text == "once")
        }
        #expect(try proxy.snapshot().rules["all"]?.traffic.retries == 4)
        // A POST may have been acted upon: it is not repeated.
        client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        #expect(try Answer(from: client).status == 502)
    }

    @Test(
        "an answer that is cut short is seen as cut short",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello",
        ]
    )
    func truncated(_ text: String) throws {
        let origin = Origin { _, socket in
            guard socket.readHead() != nil else { return }
            socket.write(text)
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let answer = try proxy.get()
        #expect(answer.status == 200)
        #expect(!answer.isWhole)
        #expect(eventually { try proxy.snapshot().rules["all"]?.traffic.aborted == 1 })
        // The same for a client of HTTP/1.0, whose only sign is a reset, if the body had no length.
        let old = try proxy.exchange("GET / HTTP/1.0\r\n\r\n")
        #expect(!old.isWhole)
    }

    @Test(
        "garbage from a backend gives 502",
        arguments: [
            "garbage\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "\0\0\0\0\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70000) + "\r\n\r\n",
            String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 20), "HTTP/1.1 200", "",
        ]
    )
    func garbage(_ text: String) throws {
        let origin = Origin { _, socket in
            guard socket.readHead() != nil else { return }
            socket.write(text)
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let socket = try proxy.connect()
        socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        var answer = try Answer(from: socket)
        while answer.status == 103 { answer = try Answer(from: socket) }
        #expect(answer.status == 502)
    }

    @Test("bytes behind an answer poison the connection and reach nobody")
    func surplus() throws {
        let origin = Origin { origin, socket in
            while let head = socket.readHead() {
                origin.note(head)
                socket.write(okay("one") + okay("evil"))
            }
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        for _ in 0..<3 {
            client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try Answer(from: client).text == "one")
        }
        #expect(origin.accepted == 3)
    }

    @Test("a backend that is silent gives 504, and one that stalls in its body an abort")
    func silent() throws {
        let origin = Origin { _, socket in
            guard let head = socket.readHead() else { return }
            if head.contains("/stall") { socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc") }
            _ = socket.readHead()
        }
        defer { origin.stop() }
        let timeouts = BackendTimeouts(response: .milliseconds(200), idle: .milliseconds(200))
        let proxy = try RunningProxy(to: [origin.port], timeouts: timeouts)
        defer { proxy.stop() }
        #expect(try proxy.get().status == 504)
        #expect(try !proxy.get("/stall").isWhole)
        // Nothing is left to time: the loop sleeps.
        #expect(eventually { try proxy.onLoop { proxy.reactor.timerCount } == 0 })
    }

    @Test("a client that goes away takes its request at the backend with it")
    func clientGone() throws {
        let ended = Counter()
        let origin = Origin { _, socket in
            guard socket.readHead() != nil else { return }
            _ = socket.readSome()
            ended.add()
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        do {
            let client = try proxy.connect()
            client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(eventually { try proxy.withPlane { $0.inFlight } == 1 })
            client.resetOnClose()
        }
        #expect(eventually { ended.value == 1 })
        #expect(try proxy.withPlane { $0.inFlight } == 0)
        #expect(try proxy.snapshot().rules["all"]?.traffic.aborted == 1)
    }

    @Test("an answer before the end of the request's body reaches the client, and both connections end")
    func earlyAnswer() throws {
        let origin = Origin { _, socket in
            guard socket.readHead() != nil else { return }
            socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            while let some = socket.readSome(), !some.isEmpty {}
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")
        let answer = try Answer(from: client)
        #expect(answer.status == 403)
        #expect(answer.text == "no")
        #expect(field("connection", of: answer.head) == "close")
    }
}
