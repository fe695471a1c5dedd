import RoostConfig
import Testing

@Suite struct ListenAddressTests {
    @Test(
        "an address is a literal and a port",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1:8080"), ("[::1]:80", "[::1]:80"), ("localhost:1", "127.0.0.1:1"),
            ("*:0", "0.0.0.0:0"), ("[0:0::0]:65535", "[::]:65535"),
        ]
    )
    func reads(_ text: String, _ normal: String) { #expect(ListenAddress(text)?.description == normal) }

    @Test(
        "what is no address is none",
        arguments: [
            "", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8 0", "::1:80",
            "[::1]80", "[127.0.0.1]:80", "[::1:80", "name:80", "127.0.0.1:080808", "127.1:80", "127.0.0.1:٣",
        ]
    )
    func refuses(_ text: String) { #expect(ListenAddress(text) == nil) }

    @Test(
        "two listeners collide on one port of one address, or of all",
        arguments: [
            ("127.0.0.1:1", "127.0.0.1:1", true), ("127.0.0.1:1", "127.0.0.2:1", false), ("*:1", "127.0.0.2:1", true),
            ("[::]:1", "[::1]:1", true), ("[::]:1", "0.0.0.0:1", false), ("*:0", "*:0", false), ("*:1", "*:2", false),
        ]
    )
    func conflicts(_ left: String, _ right: String, _ expected: Bool) throws {
        let (left, right) = (try #require(ListenAddress(left)), try #require(ListenAddress(right)))
        #expect(left.conflicts(with: right) == expected)
        #expect(right.conflicts(with: left) == expected)
    }
}

@Suite struct IPAddressTests {
    @Test("an address has 4 or 16 bytes")
    func bytes() {
        #expect(IPAddress(bytes: [127, 0, 0, 1])?.description == "127.0.0.1")
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
        #expect(IPAddress("::1")?.bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
        #expect(IPAddress("127.0.0.1\0") == nil)
        #expect(IPAddress("fe80::1%lo") == nil)
    }

    @Test(
        "127.0.0.0/8 and ::1 are loopback",
        arguments: [
            ("127.9.9.9", true), ("128.0.0.1", false), ("::1", true), ("::2", false), ("0.0.0.0", false),
        ]
    )
    func loopback(_ text: String, _ expected: Bool) { #expect(IPAddress(text)?.isLoopback == expected) }
}

@Suite struct HostPatternTests {
    @Test(
        "a pattern is a name, or every name below one",
        arguments: [
            ("api.test", "api.test"), ("*.API.test", "*.api.test"), ("localhost", "localhost"), ("[::1]", "[::1]"),
            ("127.0.0.1", "127.0.0.1"), ("a_b.test", "a_b.test"),
        ]
    )
    func reads(_ text: String, _ normal: String) { #expect(HostPattern(text)?.description == normal) }

    @Test(
        "what is no pattern is none",
        arguments: [
            "", "*", "*.", "*.*.a", "a.*", "a*.test", "-a", "a-", "a..b", ".a", "a.", "a b", "ä.test", "a:80", "a:",
            "[x]",
            String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "a",
        ]
    )
    func refuses(_ text: String) { #expect(HostPattern(text) == nil) }
}

@Suite struct BackendURLTests {
    @Test(
        "a backend is http, a host and a port",
        arguments: [
            ("http://127.0.0.1:9001", "http://127.0.0.1:9001"), ("http://API.test", "http://api.test:80"),
            ("http://[::1]:1/", "http://[::1]:1"),
        ]
    )
    func reads(_ text: String, _ normal: String) { #expect(BackendURL(text)?.description == normal) }

    @Test(
        "what is no backend is none",
        arguments: [
            "", "http://", "http:///", "https://a", "ftp://a", "HTTP://a", "http://a:0", "http://a:b", "http://*.a",
            "http://a/b",
            "http://a?b", "http://a#b", "http://u:p@a", "http://[::1", "http://a b", "http://a:1:2",
        ]
    )
    func refuses(_ text: String) { #expect(BackendURL(text) == nil) }

    @Test("a literal or localhost has an address, another name has none")
    func address() {
        #expect(BackendURL("http://localhost:1")?.address == IPAddress("127.0.0.1"))
        #expect(BackendURL("http://[::1]:1")?.address == IPAddress("::1"))
        #expect(BackendURL("http://name.test:1")?.address == nil)
    }
}
