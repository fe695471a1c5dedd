import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("roostd with a proxy")
struct FirstLightTests {
    @Test("the proxy serves, is killed, serves again, and everything stops cleanly")
    func killAndServe() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            let before = try await roost.wait(for: "proxy")
            #expect(try await roost.get().status == 200)
            let pid = try #require(before.pid)
            #expect(kill(pid, SIGKILL) == 0)
            let after = try await roost.wait(for: "proxy") { $0.pid != pid }
            #expect(try await roost.get().status == 200)
            #expect(after.restarts == 1)
            #expect(after.lastExit?.reason == .signaled)
            #expect(after.lastExit?.signal == 9)
        }
    }
}
