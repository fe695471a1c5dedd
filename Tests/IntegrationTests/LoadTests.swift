import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("load while the proxy is killed")
struct LoadTests {
    /// Clients with a kept connection each, which ask as fast as they are answered.
    private final class Load: Sendable {
        let served = Counter()
        let refused = Counter()
        /// Failures of connections that no kill can explain.
        let unexplained = Counter()
        let failed = Counter()
        let wrong = Counter()
        /// Odd while a kill is under way.
        let epoch = Counter()
        let finished = Counter()
        private let isOver = Counter()

        func end() { isOver.add() }

        func run(port: UInt16) {
            defer { finished.add() }
            while isOver.count == 0 {
                let opened = epoch.count
                do throws(HTTPSocket.Failure) {
                    let socket = try HTTPSocket(port: port)
                    while isOver.count == 0 {
                        let response = try socket.get("/")
                        if response.status == 200 { served.add() } else { wrong.add() }
                        if response.closes { break }
                    }
                } catch {
                    guard case .broken = error else {
                        refused.add()
                        continue
                    }
                    failed.add()
                    if opened % 2 == 0, epoch.count == opened { unexplained.add() }
                }
            }
        }
    }

    @Test("32 connections while the proxy is killed: none is refused, only what was in flight fails")
    func killedUnderLoad() async throws {
        let kills = Soak.size(20, soak: 100)
        let connections = 32
        try await RunningRoost.run(Sample.proxy) { roost in
            var pid = try #require(try await roost.wait(for: "proxy").pid)
            let load = Load()
            for _ in 0..<connections { startThread { [port = roost.port] in load.run(port: port) } }
            for _ in 0..<kills {
                let served = load.served.count
                try await eventually("requests are served") { load.served.count > served + 2 * connections }
                load.epoch.add()
                #expect(kill(pid, SIGKILL) == 0)
                pid = try #require(try await roost.wait(for: "proxy") { $0.pid != pid }.pid)
                load.epoch.add()
            }
            let served = load.served.count
            try await eventually("requests are served") { load.served.count > served + 2 * connections }
            load.end()
            try await eventually("the clients end") { load.finished.count == connections }
            #expect(load.refused.count == 0)
            #expect(load.wrong.count == 0)
            #expect(load.unexplained.count == 0)
            #expect(load.failed.count <= kills * connections)
            let worker = try await roost.worker("proxy")
            #expect(worker.restarts == UInt64(kills))
        }
    }
}
