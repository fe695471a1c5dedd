import CLinux
import Glibc
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct ListenerProbeTests {
    /// What the probe says of a peer that sends the bytes, and then ends the connection unless told otherwise.
    private func verdict(_ answer: String, ends: Bool = true) throws -> (failure: String?, request: String) {
        let bench = try Bench()
        let listener = try PrivateListener()
        var request = [UInt8](repeating: 0, count: 256)
        var peer: Int32 = -1
        defer { if peer >= 0 { close(peer) } }
        let outcome = Slot<String?>()
        let (reactor, address) = (bench.reactor, listener.address)
        reactor.start { outcome.value = await ListenerProbe(address, on: reactor).run(within: .milliseconds(300)) }
        try bench.turn(until: "the connection") {
            peer = peer >= 0 ? peer : roost_accept(listener.descriptor)
            return peer >= 0
        }
        var count = 0
        try bench.turn(until: "the request") {
            count += max(0, recv(peer, &request[count], request.count - count, 0))
            return String(decoding: request[..<count], as: UTF8.self).hasSuffix("\r\n\r\n")
        }
        let bytes = Array(answer.utf8)
        send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        if ends { shutdown(peer, Int32(SHUT_WR)) }
        try bench.turn(until: "the verdict") { outcome.value != nil }
        bench.reactor.runUntilIdle()
        #expect(bench.reactor.sourceCount == 0 && bench.reactor.timerCount == 0)
        return (try outcome.require(), String(decoding: request[..<count], as: UTF8.self))
    }

    @Test(
        "any status line is an answer, and the request is one that a server answers by itself",
        arguments: [
            "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 404 Not Found\r\n", "HTTP/1.1 503\r\n\r\n",
        ]
    )
    func good(_ answer: String) throws {
        let (failure, request) = try verdict(answer)
        #expect(failure == nil)
        #expect(request == "OPTIONS * HTTP/1.1\r\nHost: roost.internal\r\nConnection: close\r\n\r\n")
    }

    @Test(
        "what is no status line is told as that",
        arguments: [
            "HTTP/2 200 OK\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 2", "HTTP/1.1 999999", "HTTP/1.1 020 x\r\n", "x",
        ]
    )
    func bad(_ answer: String) throws {
        #expect(try verdict(answer).failure == "the answer is not HTTP")
    }

    @Test("silence and an end without an answer are told as that")
    func nothing() throws {
        #expect(try verdict("").failure == "the connection was closed without an answer")
        #expect(try verdict("HTTP/1.1 ", ends: false).failure == "no answer within 0.3 seconds")
    }

    @Test("a port that nobody listens on is told")
    func refused() throws {
        let bench = try Bench()
        let address = try PrivateListener().address  // closed again
        let reactor = bench.reactor
        let failure = try bench.outcome { await ListenerProbe(address, on: reactor).run(within: .seconds(5)) }
        #expect(failure == "Connection refused")
    }
}
