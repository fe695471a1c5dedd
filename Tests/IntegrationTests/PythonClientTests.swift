import CLinux
import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

/// The wire protocol in another language, against the real processes.
@Suite("the Python client")
struct PythonClientTests {
    private static let client = Program.package + "/Tests/Support/roost_client.py"

    static let isMissing: Bool = {
        guard access(client, R_OK) == 0, access("/usr/bin/protoc", X_OK) == 0 else { return true }
        let output = roost_memfd("python")
        defer { close(output) }
        guard let child = try? Child("/usr/bin/python3", ["-c", "import google.protobuf"], environment: [], output: output)
        else { return true }
        while child.status == nil { usleep(10_000) }
        return child.status != 0
    }()

    private func python(_ arguments: [String], _ roost: RunningRoost) async throws -> String {
        let path = roost.scratch.file("python.out")
        let output = roost_open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        defer { close(output) }
        let environment = ["PATH=/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1"]
        let child = try Child("/usr/bin/python3", [Self.client] + arguments, environment: environment, output: output)
        #expect(try await child.ended() == 0, "\(Scratch.text(path))")
        return Scratch.text(path)
    }

    @Test(
        "it reads the status of a running roostd, and every server keeps to the protocol",
        .disabled(if: isMissing, "needs Tests/Support/roost_client.py, protobuf-compiler and python3-protobuf")
    )
    func status() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            let pid = try #require(try await roost.wait(for: "proxy").pid)
            let status = try await python([roost.runtime + "/roostd.sock", "request", "STATUS"], roost)
            #expect(status.contains("proxy") && status.contains("\(pid)"))
            for (socket, process) in [("proxy", pid), ("roostd", roost.pid)] {
                let answer = try await python(["\(roost.runtime)/\(socket).sock", "check"], roost)
                #expect(answer == "ok \(socket) \(process)\n")
            }
        }
    }
}
