import Foundation
import RoostPolicy
import RoostReactor
import Testing

@testable import RoostProxy

@Suite("Drain and reload")
struct DrainTests {
    @Test("a drain answers what is in flight, closes idle connections with their next answer, and then reports")
    func drain() throws {
        let gate = DispatchSemaphore(value: 0)
        let origin = Origin(answering: { head, _ in
            if head.contains("/slow") { gate.wait() }
            return okay("done")
        })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let idle = try proxy.connect()
        idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(field("connection", of: try Answer(from: idle).head) == nil)
        let busy = try proxy.connect()
        busy.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(eventually { try proxy.withPlane { $0.inFlight } == 1 })
        let drained = Counter()
        try proxy.withPlane { plane in
            plane.drain(deadline: proxy.reactor.now.advanced(by: .seconds(30))) { drained.add() }
        }
        #expect(try proxy.withPlane { $0.isDraining && !$0.isDrained })
        // The listener is not watched any more: the connection waits in the backlog for another process.
        let waiting = try proxy.connect()
        waiting.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let last = try Answer(from: idle)
        #expect(last.status == 200)
        #expect(field("connection", of: last.head) == "close")
        #expect(idle.readToEnd().isClean)
        #expect(drained.value == 0)
        gate.signal()
        let slow = try Answer(from: busy)
        #expect(slow.text == "done")
        #expect(field("connection", of: slow.head) == "close")
        #expect(eventually { drained.value == 1 })
        #expect(try proxy.snapshot().accepted == 2)
    }

    @Test("a connection that waits in the backlog when the drain begins is answered: nobody else may have heard of it")
    func backlog() throws {
        let origin = Origin(answering: { _, _ in okay("x") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let waiting = try proxy.withPlane { plane in
            // The loop does not turn meanwhile, so it has not accepted when the drain begins.
            let waiting = try proxy.connect()
            plane.drain(deadline: proxy.reactor.now.advanced(by: .seconds(30))) {}
            return waiting
        }
        waiting.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try Answer(from: waiting)
        #expect(answer.status == 200 && field("connection", of: answer.head) == "close")
    }

    @Test("a request that came just before idle connections are closed is answered")
    func lastMoment() throws {
        let origin = Origin(answering: { _, _ in okay("x") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try Answer(from: client).status == 200)
        try proxy.withPlane { plane in
            // Both lie before the loop when it turns again: the request, and the end of idleness.
            client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let now = proxy.reactor.now
            plane.drain(deadline: now.advanced(by: .seconds(30)), idleDeadline: now) {}
        }
        let answer = try Answer(from: client)
        #expect(answer.status == 200 && field("connection", of: answer.head) == "close")
    }

    @Test("at the deadline idle connections end and the drain reports")
    func deadline() throws {
        let origin = Origin(answering: { _, _ in okay("x") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let idle = try proxy.connect()
        idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try Answer(from: idle).status == 200)
        let drained = Counter()
        try proxy.withPlane { plane in
            plane.drain(deadline: proxy.reactor.now.advanced(by: .milliseconds(100))) { drained.add() }
        }
        #expect(idle.readToEnd().bytes.isEmpty)
        #expect(eventually { drained.value == 1 })
    }

    @Test("a drain with no connection reports at once")
    func empty() throws {
        let proxy = try RunningProxy(ProxyConfiguration())
        defer { proxy.stop() }
        let drained = Counter()
        try proxy.withPlane { plane in
            plane.drain(deadline: proxy.reactor.now.advanced(by: .seconds(30))) { drained.add() }
        }
        #expect(eventually { drained.value == 1 })
    }

    @Test("32 connections of load: every request is answered, also while the configuration changes all the time")
    func reconfigure() throws {
        let origins = (0..<2).map { index in
            Origin(answering: { head, _ in okay("\(index) " + head.split(separator: " ")[1]) })
        }
        defer { for origin in origins { origin.stop() } }
        let proxy = try RunningProxy(to: origins.map(\.port))
        defer { proxy.stop() }
        let (requests, right) = (Counter(), Counter())
        let group = DispatchGroup()
        for worker in 0..<32 {
            group.enter()
            Thread.detachNewThread {
                defer { group.leave() }
                guard let client = try? proxy.connect() else { return }
                for index in 0..<100 {
                    client.write("GET /\(worker)-\(index) HTTP/1.1\r\nHost: a\r\n\r\n")
                    requests.add()
                    guard let answer = try? Answer(from: client), answer.status == 200,
                        answer.text.hasSuffix(" /\(worker)-\(index)")
                    else { return }
                    right.add()
                }
            }
        }
        var generation: UInt64 = 1
        while group.wait(timeout: .now() + .milliseconds(1)) == .timedOut, generation < 100_000 {
            generation += 1
            let ports = generation % 3 == 0 ? [origins[1].port] : origins.map(\.port)
            try proxy.commit(
                ProxyConfiguration(
                    generation: generation,
                    rules: [ProxyRule(name: "all", backends: ports.map { .init(host: "127.0.0.1", port: $0) })]
                )
            )
        }
        #expect(right.value == 3200)
        #expect(requests.value == 3200)
        let snapshot = try proxy.snapshot()
        #expect(snapshot.generation == generation)
        #expect(generation > 5)
        #expect(snapshot.completed == 3200)
        #expect(snapshot.rules["all"]?.traffic.statusCodes == [200: 3200])
        #expect(snapshot.rules["all"]?.traffic.active == 0)
    }

    @Test("a request under way keeps the rule that it began with, and the next one gets the new rule")
    func generations() throws {
        let gate = DispatchSemaphore(value: 0)
        let old = Origin(answering: { _, _ in
            gate.wait()
            return okay("old")
        })
        let new = Origin(answering: { _, _ in okay("new") })
        defer {
            old.stop()
            new.stop()
        }
        let proxy = try RunningProxy(to: [old.port])
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(eventually { try proxy.withPlane { $0.inFlight } == 1 })
        try proxy.commit(
            ProxyConfiguration(
                generation: 2,
                rules: [ProxyRule(name: "b", backends: [.init(host: "localhost", port: new.port)])]
            )
        )
        gate.signal()
        #expect(try Answer(from: client).text == "old")
        client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try Answer(from: client).text == "new")
        // What only the old generation had is gone with its last exchange.
        #expect(eventually { try proxy.snapshot().rules.keys.sorted() == ["b"] })
    }

    @Test("a configuration with a name that has no address is refused and changes nothing")
    func unresolved() throws {
        let proxy = try RunningProxy(ProxyConfiguration(generation: 7))
        defer { proxy.stop() }
        let rule = ProxyRule(name: "x", backends: [.init(host: "no.such.name.invalid", port: 1)])
        #expect(throws: ProxyConfigurationError.unresolvedBackend(rule: "x", host: "no.such.name.invalid")) {
            try proxy.commit(ProxyConfiguration(generation: 8, rules: [rule]))
        }
        #expect(try proxy.withPlane { $0.generation } == 7)
    }
}
