import Glibc
import RoostReactor
import Testing

@testable import RoostProxy

@Suite("Names of backends")
struct NameResolverTests {
    @Test("addresses and localhost need no look-up, IPv6 included; names do")
    func literals() {
        let backends = ["127.0.0.1", "::1", "LocalHost", "a.test"].map { ProxyRule.Backend(host: $0, port: 80) }
        let found = NameResolver.literals(backends)
        #expect(Set(found.keys) == ["127.0.0.1:80", "[::1]:80", "LocalHost:80"])
        #expect(found["LocalHost:80"] == SocketAddress(literal: "127.0.0.1", port: 80))
        #expect(SocketAddress(literal: "127.0.0.1", port: 80) != SocketAddress(literal: "127.0.0.1", port: 81))
    }

    @Test("a name is looked up on another thread, and the result comes back")
    func lookUp() async throws {
        let proxy = try RunningProxy(ProxyConfiguration())
        defer { proxy.stop() }
        // Numbers and dots that only getaddrinfo(3) understands: a look-up without a name server.
        let rule = ProxyRule(name: "r", backends: [.init(host: "127.1", port: 80), .init(host: "::1", port: 81)])
        let found = await NameResolver.resolve(ProxyConfiguration(rules: [rule]), on: proxy.reactor)
        #expect(found["127.1:80"] == SocketAddress(literal: "127.0.0.1", port: 80))
        #expect(found.count == 2)
    }

    @Test("a connection's address is told without its port")
    func peer() throws {
        let (listener, port) = listen()
        defer { close(listener) }
        let client = try Socket(port: port)
        let text = written(46) { SocketAddress.peerText(of: client.descriptor, to: $0) }
        #expect(text == "127.0.0.1")
    }

    private func written(_ capacity: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) -> String {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        defer { memory.deallocate() }
        return String(decoding: UnsafeBufferPointer(start: memory, count: body(memory)), as: UTF8.self)
    }
}
