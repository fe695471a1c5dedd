import CLinux
import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("a stop in the middle of anything leaves no process, no socket and no mount")
struct StopMidwayTests {
    private static let configuration = """
        supervisor: { lease: 1s }
        proxy: { listen: "127.0.0.1:PORT" }
        workers:
          proxy: { drain: 2s }
          kit: { executable: SCRIPTED }
          late: { executable: SCRIPTED, environment: { SCRIPT: "ready-after=100" }, after: [kit] }
          plain: { command: [/bin/sleep, "1000"], instances: 2 }
          away: { command: [/bin/sh, -c, "setsid /bin/sh -c 'sleep 1001 & exec sleep 1002' & exec sleep 1003"] }

        """

    /// The lease, and what a busy machine takes.
    private static let limit = Duration.seconds(1 + 2 + 5)

    private func nothingIsLeft(_ roost: RunningRoost, _ mounts: String, _ moment: String) async throws {
        do {
            try await eventually("nothing is left", within: Self.limit) {
                roost.processes.filter(ProcessFacts.isAlive).isEmpty
                    && Scratch.names(in: roost.runtime) == ["roostd.lock"]
            }
        } catch {
            let left = roost.processes.map { "\($0) \(Scratch.text("/proc/\($0)/comm").dropLast())" }
            throw TestFailure("\(moment): \(error): \(left), \(Scratch.names(in: roost.runtime))")
        }
        #expect(Self.mounts(roost) == mounts, "\(moment)")
        let listener = Ports.bound(to: roost.port)
        #expect(listener != nil, "\(moment): the port is still taken")
        if let listener { close(listener) }
    }

    private static func mounts(_ roost: RunningRoost) -> String {
        Scratch.text("/proc/self/mounts").split(separator: "\n").filter { $0.contains(roost.scratch.path) }
            .joined(separator: "\n")
    }

    private func everybody(_ roost: RunningRoost) async throws {
        for name in ["proxy", "kit", "late", "plain", "away"] { try await roost.wait(for: name) }
    }

    @Test("SIGTERM at any moment of an adoption, from the first instruction on", arguments: 0..<2)
    func adoption(stream: Int) async throws {
        var random = SplitMix(seed: 0xAD0 + UInt64(stream))
        for round in 0..<Soak.size(6, soak: 100) {
            let delay = Int.random(in: 0...(round % 2 == 0 ? 40 : 250), using: &random)
            try await RunningRoost.run(Self.configuration, exit: nil) { roost in
                try await everybody(roost)
                let mounts = Self.mounts(roost)
                roost.daemon.signal(SIGKILL)
                _ = try await roost.daemon.ended()
                let output = roost_open(roost.scratch.file("more.out"), O_RDWR | O_CREAT | O_APPEND, 0o644)
                defer { close(output) }
                let successor = try roost.secondDaemon(output: output)
                try await Task.sleep(for: .milliseconds(delay))
                successor.signal(SIGTERM)
                // Before it listens to signals SIGTERM ends it as it ends any program: then the guard has the rest.
                let status = try await successor.ended(within: .seconds(30))
                #expect(status == 0 || status == 128 + SIGTERM, "after \(delay) ms")
                try await nothingIsLeft(roost, mounts, "after \(delay) ms, status \(status)")
            }
        }
    }

    @Test("SIGTERM at any moment of an upgrade in place", arguments: 0..<2)
    func upgrade(stream: Int) async throws {
        var random = SplitMix(seed: 0x062 + UInt64(stream))
        for round in 0..<Soak.size(6, soak: 100) {
            let delay = Int.random(in: 0...(round % 2 == 0 ? 60 : 300), using: &random)
            try await RunningRoost.run(Self.configuration, exit: nil) { roost in
                try await everybody(roost)
                let mounts = Self.mounts(roost)
                roost.daemon.signal(SIGUSR2)
                try await Task.sleep(for: .milliseconds(delay))
                roost.daemon.signal(SIGTERM)
                let status = try await roost.daemon.ended(within: .seconds(30))
                #expect(status == 0 || status == 128 + SIGTERM, "after \(delay) ms")
                try await nothingIsLeft(roost, mounts, "after \(delay) ms, status \(status)")
            }
        }
    }
}
