import Foundation
import RoostHTTP1
import Testing

@testable import RoostProxy

@Suite("Rules")
struct RoutingTests {
    private static func match(_ rules: [ProxyRule], _ method: String, _ host: String, _ path: String) -> String? {
        let matcher = RuleMatcher(rules)
        defer { matcher.deallocate() }
        let (method, host, path) = (Array(method.utf8), Array(host.utf8), Array(path.utf8))
        return method.withUnsafeBufferPointer { name in
            host.withUnsafeBufferPointer { host in
                path.withUnsafeBufferPointer { path in
                    let kind = Method(name.span, ByteRange(0, name.count))
                    let subject = MatchSubject(host: host, path: path, method: kind, methodName: name)
                    return matcher.match(subject).map { rules[$0].name }
                }
            }
        }
    }

    private static let rules: [ProxyRule] = [
        ProxyRule(name: "z-any"),
        ProxyRule(name: "host", hosts: ["a.test", "B.test"]),
        ProxyRule(name: "wild", hosts: ["*.test"]),
        ProxyRule(name: "deeper", hosts: ["*.a.test"]),
        ProxyRule(name: "v1", hosts: ["a.test"], path: .prefix("/v1/")),
        ProxyRule(name: "v1-users", hosts: ["a.test"], path: .prefix("/v1/users")),
        ProxyRule(name: "exact", hosts: ["a.test"], path: .exact("/v1/users")),
        ProxyRule(name: "post", hosts: ["a.test"], path: .prefix("/v1/users"), methods: ["POST", "PURGE"]),
        ProxyRule(name: "first", priority: 1, path: .exact("/now")),
    ]

    @Test(
        "priority first, then the more specific, then the name",
        arguments: [
            ("GET", "a.test", "/", "host"), ("GET", "b.test", "/", "host"), ("GET", "c.test", "/", "wild"),
            ("GET", "x.y.test", "/", "wild"), ("GET", "x.y.a.test", "/", "deeper"), ("GET", "test", "/", "z-any"),
            ("GET", "a.test", "/v1", "v1"), ("GET", "a.test", "/v1/", "v1"), ("GET", "a.test", "/v1/x", "v1"),
            ("GET", "a.test", "/v10", "host"), ("GET", "a.test", "/v1/users", "exact"),
            ("GET", "a.test", "/v1/users/7", "v1-users"), ("POST", "a.test", "/v1/users/7", "post"),
            ("PURGE", "a.test", "/v1/users/7", "post"), ("PUR", "a.test", "/v1/users/7", "v1-users"),
            ("GET", "a.test", "/now", "first"), ("GET", "", "/", "z-any"),
        ]
    )
    func order(_ method: String, _ host: String, _ path: String, _ expected: String) {
        #expect(Self.match(Self.rules, method, host, path) == expected)
        #expect(Self.match(Self.rules.reversed(), method, host, path) == expected)
    }

    @Test("weights are exact over a cycle, and spread within it")
    func weights() {
        let weights: [Int32] = [5, 1, 0, 2]
        let credits = UnsafeMutablePointer<Int32>.allocate(capacity: 4)
        credits.initialize(repeating: 0, count: 4)
        defer { credits.deallocate() }
        for _ in 0..<3 {
            var counts = [0, 0, 0, 0]
            var longestRun = 0
            var run = 0
            var last = -1
            for _ in 0..<8 {
                guard let index = WeightedRoundRobin.pick(4, weight: { weights[$0] }, credits: credits) else { break }
                counts[index] += 1
                run = index == last ? run + 1 : 1
                longestRun = max(longestRun, run)
                last = index
            }
            #expect(counts == [5, 1, 0, 2])
            #expect(longestRun < 5)
        }
        #expect(WeightedRoundRobin.pick(1, weight: { _ in 0 }, credits: credits) == nil)
    }

    @Test("requests go to backends by weight, through the real listener")
    func spread() throws {
        let origins = (0..<2).map { index in Origin(answering: { _, _ in okay("\(index)") }) }
        defer { for origin in origins { origin.stop() } }
        let rule = ProxyRule(
            name: "r",
            backends: zip(origins, [3, 1]).map { .init(host: "127.0.0.1", port: $0.port, weight: $1) }
        )
        let proxy = try RunningProxy(ProxyConfiguration(rules: [rule]))
        defer { proxy.stop() }
        let answers = try (0..<40).map { _ in try proxy.get().text }
        #expect(answers.filter { $0 == "0" }.count == 30)
        #expect(answers.filter { $0 == "1" }.count == 10)
    }

    @Test("no rule gives a 404 problem, and the connection goes on")
    func noRule() throws {
        let proxy = try RunningProxy(
            ProxyConfiguration(rules: [ProxyRule(name: "w", hosts: ["a.test"], action: .welcome)])
        )
        defer { proxy.stop() }
        let client = try proxy.connect()
        client.write("GET / HTTP/1.1\r\nHost: b.test\r\n\r\nGET / HTTP/1.1\r\nHost: A.TEST:80\r\n\r\n")
        let answer = try Answer(from: client)
        #expect(answer.status == 404)
        #expect(answer.text.contains("urn:roost:problem:no-rule"))
        let welcome = try Answer(from: client)
        #expect(welcome.status == 200)
        #expect(welcome.text.contains("<title>Roost works</title>"))
        client.write("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        let head = try Answer(from: client, isHead: true)
        #expect(field("content-length", of: head.head) == "\(welcome.body.count)")
        client.write("DELETE / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        #expect(try Answer(from: client).status == 405)
    }

    @Test("a rule without backends gives 503 with its name")
    func noBackend() throws {
        let proxy = try RunningProxy(ProxyConfiguration(rules: [ProxyRule(name: "em\"pty")]))
        defer { proxy.stop() }
        let answer = try proxy.get()
        #expect(answer.status == 503)
        #expect(answer.text.contains(#""rule":"em\"pty""#))
    }

    @Test(
        "prefixes are stripped and added, and the host can be the backend's",
        arguments: [
            ("/v1/a?b=c", "/x/a?b=c"), ("/v1", "/x"), ("/v1?q", "/x?q"), ("/v1/", "/x/"),
        ]
    )
    func rewrite(_ sent: String, _ expected: String) throws {
        let origin = Origin(answering: { _, _ in okay("ok") })
        defer { origin.stop() }
        let rule = ProxyRule(
            name: "r",
            path: .prefix("/v1"),
            backends: [.init(host: "127.0.0.1", port: origin.port)],
            stripPrefix: "/v1/",
            addPrefix: "/x",
            sendsBackendHost: true
        )
        let proxy = try RunningProxy(ProxyConfiguration(rules: [rule]))
        defer { proxy.stop() }
        #expect(try proxy.get(sent).status == 200)
        let head = origin.recordedHeads[0]
        #expect(head.hasPrefix("GET \(expected) HTTP/1.1\r\nHost: 127.0.0.1:\(origin.port)\r\n"))
        #expect(field("x-forwarded-host", of: head) == "a.test")
        #expect(try proxy.get("/x/../v1/a").status == 400)
    }

    @Test("a stripped prefix leaves a slash at least")
    func strippedToNothing() throws {
        let origin = Origin(answering: { _, _ in okay("ok") })
        defer { origin.stop() }
        let backend = ProxyRule.Backend(host: "127.0.0.1", port: origin.port)
        let rule = ProxyRule(name: "r", path: .prefix("/v1"), backends: [backend], stripPrefix: "/v1")
        let proxy = try RunningProxy(ProxyConfiguration(rules: [rule]))
        defer { proxy.stop() }
        #expect(try proxy.get("/v1?a").status == 200)
        #expect(origin.recordedHeads[0].hasPrefix("GET /?a HTTP/1.1\r\n"))
    }

    @Test("paths are matched in their normal form and sent as they came")
    func normalForm() throws {
        let origin = Origin(answering: { _, _ in okay("ok") })
        defer { origin.stop() }
        let backend = ProxyRule.Backend(host: "127.0.0.1", port: origin.port)
        let proxy = try RunningProxy(
            ProxyConfiguration(rules: [ProxyRule(name: "r", path: .prefix("/admin"), backends: [backend])])
        )
        defer { proxy.stop() }
        #expect(try proxy.get("/public/%2e%2e/%61dmin//x").status == 200)
        #expect(origin.recordedHeads[0].hasPrefix("GET /public/%2e%2e/%61dmin//x HTTP/1.1\r\n"))
        #expect(try proxy.get("/admin/../public").status == 404)
        #expect(try proxy.get("/..").status == 400)
        #expect(try proxy.get("/%00").status == 400)
    }
}
