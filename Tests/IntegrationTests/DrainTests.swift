import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("draining the proxy")
struct DrainTests {
    @Test("a slow request is finished before the old process ends, and new ones are served meanwhile or wait")
    func slowRequest() async throws {
        let origin = try Origin("slow answer", isOpen: false)
        defer { origin.stop() }
        let rules = [
            "welcome": RunningRoost.welcome, "slow": origin.rule("slow") + "match: { path: { prefix: /slow } }\n",
        ]
        try await RunningRoost.run(Sample.proxy.replacing("5s", with: "30s"), rules: rules) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            async let slow = roost.get("/slow")
            try await eventually("the request is in flight") { origin.asked.count == 1 }
            async let restarted = roost.restart("proxy")
            try await roost.wait(for: "proxy", state: .draining)
            async let next = roost.get("/")
            #expect(try await roost.worker("proxy").pid == pid)
            origin.open()
            #expect(try await slow.text == "slow answer")
            #expect(try await next.status == 200)
            let reply = try await restarted
            #expect(reply.outcomes.first?.succeeded == true)
            let worker = try await roost.worker("proxy")
            #expect(worker.lastExit?.code == 0 && worker.lastExit?.reason == .requested)
            #expect(worker.restarts == 1)
        }
    }

    @Test("a kept connection is closed with one more answer, not cut")
    func keptConnection() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            try await roost.wait(for: "proxy")
            let port = roost.port
            final class Kept: @unchecked Sendable { var socket: HTTPSocket? }  // one thread at a time
            let kept = Kept()
            try await onThread {
                let socket = try HTTPSocket(port: port)
                let first = try socket.get()
                #expect(first.status == 200)
                kept.socket = socket
            }
            async let restarted = roost.restart("proxy")
            try await roost.wait(for: "proxy", state: .draining)
            let last = try await onThread { try kept.socket?.get() }
            #expect(last?.status == 200)
            #expect(last?.closes == true)
            #expect(try await restarted.outcomes.first?.succeeded == true)
        }
    }
}
