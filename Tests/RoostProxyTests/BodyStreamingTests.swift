import Foundation
import Testing

@testable import RoostProxy

@Suite("Bodies")
struct BodyStreamingTests {
    static let isSoak = ProcessInfo.processInfo.environment["ROOST_SOAK"] == "1"
    static let size = isSoak ? 1 << 30 : 16 << 20

    /// The bytes of a body by offset, so that a shift or a mix-up shows: a pattern with a prime period.
    static func piece(_ offset: Int, _ count: Int) -> [UInt8] {
        let start = offset % 65521
        return Array(pattern[start..<start + count])
    }

    private static let pattern: [UInt8] = (0..<65521 + 262_144).map { index in
        let place = index % 65521
        return UInt8(truncatingIfNeeded: place &* 31 &+ place >> 8)
    }

    @Test("a large answer with Content-Length arrives whole in bounded memory", arguments: [false, true])
    func largeAnswer(isChunked: Bool) throws {
        let size = Self.size
        let origin = Origin { _, socket in
            guard socket.readHead() != nil else { return }
            socket.write(
                "HTTP/1.1 200 OK\r\n\(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(size)")\r\n\r\n"
            )
            var sent = 0
            while sent < size {
                let piece = Self.piece(sent, min(65536, size - sent))
                if isChunked { socket.write(String(piece.count, radix: 16) + ";ext=1\r\n") }
                guard socket.write(piece) else { return }
                if isChunked { socket.write("\r\n") }
                sent += piece.count
            }
            if isChunked { socket.write("0\r\nTrailer: x\r\n\r\n") }
            _ = socket.readHead()
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = try #require(client.readHead())
        var received = 0
        if isChunked {
            #expect(fields("transfer-encoding", of: head) == ["chunked"])
            while let line = client.readLine(), let count = Int(line, radix: 16), count > 0 {
                guard client.read(exactly: count) == Self.piece(received, count), client.readLine() == "" else { break }
                received += count
            }
            #expect(client.readLine() == "")
        } else {
            while received < size {
                let count = min(65536, size - received)
                guard client.read(exactly: count) == Self.piece(received, count) else { break }
                received += count
            }
        }
        #expect(received == size)
        try expectBoundedMemory(proxy)
    }

    @Test("a large request body arrives whole, framed as it came", arguments: [false, true])
    func largeRequest(isChunked: Bool) throws {
        let size = Self.size
        let origin = Origin { origin, socket in
            guard let head = socket.readHead() else { return }
            origin.note(head)
            var received = 0
            var isRight = true
            func take(_ count: Int) {
                isRight = isRight && socket.read(exactly: count) == Self.piece(received, count)
                received += count
            }
            if field("transfer-encoding", of: head) == "chunked" {
                while let line = socket.readLine(), let count = Int(line, radix: 16), count > 0, isRight {
                    take(count)
                    _ = socket.readLine()
                }
                _ = socket.readLine()
            } else {
                while received < size, isRight { take(min(65536, size - received)) }
            }
            socket.write(okay("\(received) \(isRight)"))
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write(
            "POST / HTTP/1.1\r\nHost: a\r\n\(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(size)")\r\n\r\n"
        )
        var sent = 0
        while sent < size {
            let piece = Self.piece(sent, min(50000, size - sent))
            if isChunked { client.write(String(piece.count, radix: 16) + "\r\n") }
            #expect(client.write(piece))
            if isChunked { client.write("\r\n") }
            sent += piece.count
        }
        if isChunked { client.write("0\r\n\r\n") }
        let answer = try Answer(from: client)
        #expect(answer.text == "\(size) true")
        try expectBoundedMemory(proxy)
        #expect(fields("transfer-encoding", of: origin.recordedHeads[0]).count == (isChunked ? 1 : 0))
        #expect(fields("content-length", of: origin.recordedHeads[0]).count == (isChunked ? 0 : 1))
    }

    @Test("a client that does not read stops the backend instead of filling memory")
    func backpressure() throws {
        let size = 64 << 20
        let sent = Counter()
        let origin = Origin { _, socket in
            guard socket.readHead() != nil else { return }
            socket.write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            while sent.value < size, socket.write(Self.piece(sent.value, 65536)) { sent.add(65536) }
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect(receiveBuffer: 16384)
        client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        var last = -1
        // Stalled: nothing has moved between two looks that lie well apart.
        #expect(
            eventually {
                usleep(150_000)
                defer { last = sent.value }
                return sent.value > 0 && sent.value == last
            }
        )
        #expect(sent.value < size / 2)
        _ = client.readHead()
        var received = 0
        while received < size, let some = client.readSome(), !some.isEmpty {
            guard some == Self.piece(received, some.count) else { break }
            received += some.count
        }
        #expect(received == size)
        try expectBoundedMemory(proxy)
    }

    /// One exchange waits in two buffers at most, whatever the size of its bodies, and leaves none behind.
    private func expectBoundedMemory(_ proxy: RunningProxy) throws {
        #expect(eventually { try proxy.snapshot().bufferBytes == 0 })
        #expect(try proxy.snapshot().mostBufferBytes <= 1 << 20)
    }

    @Test("a backend's body until close is chunked for HTTP/1.1 and until close for HTTP/1.0")
    func closeDelimited() throws {
        let origin = Origin { origin, socket in
            guard let head = socket.readHead() else { return }
            origin.note(head)
            socket.write("HTTP/1.0 200 OK\r\n\r\nhello")
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let new = try proxy.get()
        #expect(new.text == "hello")
        #expect(field("transfer-encoding", of: new.head) == "chunked")
        #expect(field("connection", of: new.head) == nil)
        let old = try proxy.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(old.text == "hello")
        #expect(field("transfer-encoding", of: old.head) == nil)
        #expect(field("connection", of: old.head) == "close")
    }

    @Test("an HTTP/1.0 client that asks for it keeps its connection when the length is known")
    func keepAlive10() throws {
        let origin = Origin(answering: { _, _ in okay("hi") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        for _ in 0..<3 {
            client.write("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let answer = try Answer(from: client)
            #expect(answer.text == "hi")
            #expect(field("connection", of: answer.head) == "keep-alive")
        }
        client.write("GET / HTTP/1.0\r\n\r\n")
        #expect(try Answer(from: client).text == "hi")
        #expect(client.readToEnd().isClean)
    }

    @Test("HEAD, 204 and 304 have no body, and the connections go on")
    func bodiless() throws {
        let origin = Origin(answering: { head, _ in
            if head.hasPrefix("HEAD") { return "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" }
            if head.contains("/204") { return "HTTP/1.1 204 No Content\r\n\r\n" }
            if head.contains("/304") { return "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: x\r\n\r\n" }
            return okay("end")
        })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /204 HTTP/1.1\r\nHost: a\r\n\r\n")
        client.write("GET /304 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let head = try Answer(from: client, isHead: true)
        #expect(field("content-length", of: head.head) == "999")
        #expect(try Answer(from: client).status == 204)
        let notModified = try Answer(from: client)
        #expect(notModified.status == 304)
        #expect(field("content-length", of: notModified.head) == "7")
        #expect(try Answer(from: client).text == "end")
        #expect(origin.accepted == 1)
    }
}

final class Counter: @unchecked Sendable {  // behind the lock
    private let lock = NSLock()
    private var count = 0
    var value: Int { lock.withLock { count } }
    func add(_ amount: Int = 1) { lock.withLock { count += amount } }
}
