import Foundation
import Glibc
import Testing

@testable import RoostProxy

@Suite("Real peers")
struct PeerTests {
    static func program(_ name: String) -> String? {
        ["/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"].map { $0 + name }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    private func curl(_ arguments: [String]) throws -> (status: Int32, output: Data) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.program("curl")))
        process.arguments = ["-sS", "--max-time", "20", "--noproxy", "*"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    @Test(
        "curl gets, posts, uploads and keeps its connection",
        .enabled(if: program("curl") != nil, "curl is not installed")
    )
    func curlClient() throws {
        let origin = Origin(answering: { head, body in okay("\(head.prefix(4))\(body.count)") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let url = "http://127.0.0.1:\(proxy.port)/"
        #expect(try curl([url]).output == Data("GET 0".utf8))
        #expect(try curl(["-d", "hello", url]).output == Data("POST5".utf8))
        #expect(try curl(["-0", url]).output == Data("GET 0".utf8))
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("roost-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(count: 3_000_000).write(to: file)
        #expect(try curl(["-T", file.path, url]).output == Data("PUT 3000000".utf8))
        #expect(
            try curl(["-H", "Transfer-Encoding: chunked", "-T", file.path, url]).output == Data("PUT 3000000".utf8)
        )
        #expect(try curl([url, url, url]).output == Data("GET 0GET 0GET 0".utf8))
        #expect(try proxy.snapshot().accepted == 6)
    }

    @Test(
        "nginx as a backend: a file comes whole, its keep-alive connections are used again, ranges and HEAD work",
        .enabled(if: program("nginx") != nil, "nginx is not installed (Debian package nginx-light)")
    )
    func nginxBackend() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("roost-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var content = Data(count: 5_000_000)
        for index in content.indices { content[index] = UInt8(truncatingIfNeeded: index &* 7 &+ index >> 9) }
        try content.write(to: folder.appendingPathComponent("file"))
        let port = FailureTests.deadPort()
        let configuration = """
            daemon off; master_process off; pid \(folder.path)/pid; error_log stderr;
            events { worker_connections 64; }
            http { access_log off; client_body_temp_path \(folder.path)/b; proxy_temp_path \(folder.path)/p;
            fastcgi_temp_path \(folder.path)/f; uwsgi_temp_path \(folder.path)/u; scgi_temp_path \(folder.path)/s;
            server { listen 127.0.0.1:\(port); root \(folder.path);
            location = /n { stub_status; } } }
            """
        try configuration.write(to: folder.appendingPathComponent("conf"), atomically: true, encoding: .utf8)
        let nginx = Process()
        nginx.executableURL = URL(fileURLWithPath: try #require(Self.program("nginx")))
        nginx.arguments = ["-c", folder.appendingPathComponent("conf").path]
        nginx.standardError = FileHandle.nullDevice
        try nginx.run()
        defer {
            // SIGTERM is blocked in children of Foundation's threads.
            kill(nginx.processIdentifier, SIGKILL)
            nginx.waitUntilExit()
        }
        #expect(eventually { try Socket(port: port).descriptor >= 0 })
        let proxy = try RunningProxy(to: [port])
        defer { proxy.stop() }
        let url = "http://127.0.0.1:\(proxy.port)/file"
        #expect(try curl([url]).output == content)
        #expect(try curl(["-r", "1000-1999", url]).output == content[1000..<2000])
        let client = try proxy.connect()
        for _ in 0..<50 {
            client.write("HEAD /file HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try Answer(from: client, isHead: true)
            #expect(field("content-length", of: answer.head) == "5000000")
        }
        #expect(try proxy.get("/absent").status == 404)
        #expect(try proxy.snapshot().pooledConnections == 1)
    }
}
