import Testing

@testable import RoostHTTP1

@Suite("NormalPath")
struct NormalPathTests {
    private func normal(_ path: String) -> String? {
        let bytes = Array(path.utf8)
        let output = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        defer { output.deallocate() }
        switch NormalPath.normalize(bytes.span, ByteRange(0, bytes.count), to: output) {
        case .unchanged: return path
        case .invalid: return nil
        case .written(let count):
            return String(decoding: UnsafeBufferPointer(start: output, count: count), as: UTF8.self)
        }
    }

    @Test(
        "paths are matched in one form",
        arguments: [
            ("/", "/"), ("/a/b", "/a/b"), ("/a//b", "/a/b"), ("//", "/"), ("/a/./b", "/a/b"), ("/a/../b", "/b"),
            ("/a/b/..", "/a/"), ("/a/.", "/a/"), ("/%61", "/a"), ("/a%2fb", "/a%2Fb"), ("/a/%2e%2e/b", "/b"),
            ("/a/%2E/b", "/a/b"), ("/.a", "/.a"), ("/..a", "/..a"), ("/a..", "/a.."), ("/%20", "/%20"), ("/%7e", "/~"),
            ("/a/...", "/a/..."), ("/a%25", "/a%25"),
        ]
    )
    func normalizes(_ path: String, _ expected: String) { #expect(normal(path) == expected) }

    @Test("what has no normal form is invalid", arguments: ["/..", "/a/../..", "/%00", "/%", "/%4", "/%zz", "/%2e%2e"])
    func refuses(_ path: String) { #expect(normal(path) == nil) }
}
