import Foundation
import Testing

@testable import RoostProxy

@Suite("Forwarding")
struct ForwardingTests {
    @Test("a GET reaches the backend and its answer comes back, with one connection on each side for many requests")
    func get() throws {
        let origin = Origin(answering: { _, _ in okay("hello") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        for _ in 0..<20 {
            client.write("GET /x?y=1 HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\n\r\n")
            let answer = try Answer(from: client)
            #expect(answer.status == 200)
            #expect(answer.text == "hello")
        }
        #expect(origin.accepted == 1)
        #expect(
            origin.recordedHeads.first == """
                GET /x?y=1 HTTP/1.1\r
                Host: a.test\r
                Accept: */*\r
                Via: 1.1 roost-test\r
                X-Forwarded-For: 127.0.0.1\r
                X-Forwarded-Proto: http\r
                X-Forwarded-Host: a.test\r
                \r

                """
        )
        let snapshot = try proxy.snapshot()
        #expect(snapshot.completed == 20)
        #expect(snapshot.rules["all"]?.traffic.statusCodes == [200: 20])
        #expect(snapshot.rules["all"]?.backends["http://127.0.0.1:\(origin.port)"]?.requests == 20)
    }
}
