import CLinux
import Glibc
import RoostIPC
import RoostProtocol
import RoostTestSupport
import Testing

/// What other users of the host can do to the control socket.
@Suite("the control socket and other users", .enabled(if: geteuid() == 0, "needs root, to be another user"))
struct ControlShareTests {
    /// Connects as `nobody`, says nothing, writes what the last connection heard, and waits.
    private static let crowd = """
        import os, socket, sys, time
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        held, words = [], b""
        for _ in range(100):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(20)
            s.connect(sys.argv[1])
            held.append(s)
        words = held[-1].recv(4096)
        print("heard", words[20:], flush=True)
        time.sleep(1000)
        """

    @Test("a hundred idle handshakes of another user keep neither the owner nor a worker out")
    func crowd() async throws {
        let configuration = Sample.proxy + "supervisor: { control: { connections: 16 } }\n"
        try await RunningRoost.run(configuration) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            chmod(roost.scratch.path, 0o755)
            chmod(roost.runtime, 0o755)
            let output = roost_open(roost.scratch.file("crowd.out"), O_RDWR | O_CREAT, 0o644)
            defer { close(output) }
            let crowd = try Child(
                "/usr/bin/python3",
                ["-c", Self.crowd, roost.runtime + "/roostd.sock"],
                environment: [],
                output: output
            )
            try await eventually("the crowd is there") {
                if crowd.status != nil { throw TestFailure(Scratch.text(roost.scratch.file("crowd.out"))) }
                return Scratch.text(roost.scratch.file("crowd.out")).contains("heard")
            }
            #expect(
                Scratch.text(roost.scratch.file("crowd.out")).contains("uid 65534 has the one connection that it may")
            )
            // The owner's calls, each on a connection of its own, and a new worker's attachment.
            for _ in 0..<4 {
                let connection = try await roost.connect()
                #expect(try await connection.request(.echo, [7], within: .seconds(5)) == [7])
                await connection.close()
            }
            #expect(try await roost.restart("proxy").outcomes.allSatisfy { $0.succeeded })
            try await roost.wait(for: "proxy") { $0.pid != pid }
            crowd.signal(SIGKILL)
            _ = try await crowd.ended()
        }
    }
}
