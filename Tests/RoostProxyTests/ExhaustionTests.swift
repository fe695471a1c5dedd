import Foundation
import Glibc
import RoostReactor
import Testing

@testable import RoostProxy

@Suite("Exhaustion")
struct ExhaustionTests {
    @Test("without descriptors accepting pauses instead of spinning, and goes on when there are some again")
    func descriptors() async {
        // In a process of its own, because the limit is the process's.
        await #expect(processExitsWith: .success) {
            let proxy = try RunningProxy(ProxyConfiguration(rules: [ProxyRule(name: "w", action: .welcome)]))
            #expect(try proxy.get().status == 200)
            #expect(eventually { try proxy.withPlane { $0.connections } == 0 })
            let free = dup(0)
            close(free)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(7), &limit)  // RLIMIT_NOFILE
            let before = limit.rlim_cur
            limit.rlim_cur = rlim_t(free) + 1
            setrlimit(__rlimit_resource_t(7), &limit)
            // The client takes the last descriptor: nothing is left for accept(2).
            let client = try proxy.connect()
            client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            guard eventually({ try proxy.snapshot().acceptPauses > 0 }) else { exit(3) }
            let turns = try proxy.onLoop { proxy.reactor.wakeUps }
            usleep(500_000)
            guard try proxy.onLoop({ proxy.reactor.wakeUps }) - turns < 20 else { exit(4) }
            limit.rlim_cur = before
            setrlimit(__rlimit_resource_t(7), &limit)
            guard try Answer(from: client).status == 200 else { exit(5) }
            exit(0)
        }
    }

    @Test("an idle connection costs less than 1 KiB and no buffer")
    func idleConnection() throws {
        let origin = Origin(answering: { _, body in okay("\(body.count)") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
        #expect(try Answer(from: client).text == "3")
        #expect(MemoryLayout<RoostProxy.Stream>.stride < 1024)
        #expect(eventually { try proxy.snapshot().bufferBytes == 0 })
        #expect(try proxy.snapshot().mostBufferBytes > 0)
        #expect(try proxy.withPlane { $0.connections } == 1)
    }
}
