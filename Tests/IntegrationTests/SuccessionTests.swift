import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("a supervisor takes over what one of another version has left")
struct SuccessionTests {
    @Test("from every version before: the same instances, with their history", arguments: SavedStateBytes.versions)
    func earlier(version: String) async throws {
        let left = try SavedStateBytes.configuration(version: version)
        // As it was read then: a successor reads the files again, and what they say is what runs.
        let file = try #require(try ConfigurationBundle(decoding: left).files.first)
        try await RunningRoost.run(
            String(decoding: file.content, as: UTF8.self),
            rules: [:],
            executable: { scratch in
                try scratch.makeDirectory("run")
                chmod(scratch.file("run"), 0o700)
                try Scratch.write(scratch.file("run/state"), SavedStateBytes(version: version).image, mode: 0o600)
                try Scratch.write(scratch.file("run/configuration"), left)
                return Program.path("roostd")
            }
        ) { roost in
            #expect(roost.written.contains("took over from roostd \(version) (pid "))
            for instance in 0..<3 { try await roost.wait(for: "steady", UInt32(instance)) { $0.restarts == 1 } }
            // The processes that ran are gone: their ends count, and how they ended nobody can know.
            let flaky = try await roost.wait(for: "flaky") { $0.restarts == 3 }
            #expect(flaky.lastExit?.reason == .unknown)
            try await roost.wait(for: "rolled") { $0.rolling == nil && $0.restarts == 1 }
            let broken = try await roost.wait(for: "broken", state: .quarantined)
            #expect(broken.lastExit?.code == 3 && broken.restarts == 2)
            let idle = try await roost.wait(for: "idle", state: .stopped)
            #expect(idle.lastExit?.signal == SIGTERM && idle.lastExit?.reason == .requested)
            #expect(try await roost.status().workers.count == 7)
        }
    }

    @Test("from a later version: every process is adopted, also in a phase that nobody knows here, and nothing is lost")
    func later() async throws {
        let configuration = """
            proxy: { listen: "127.0.0.1:PORT" }
            workers:
              proxy: {}
              plain: { command: [/bin/sleep, "1000"], instances: 2 }
              flaky: { command: [/bin/sleep, "1000"], backoff: { base: 1ms, max: 9ms } }
              broken: { command: [/bin/sh, -c, "exit 3"], backoff: { base: 1ms, max: 9ms }, intensity: { restarts: 1, period: 60s } }

            """
        try await RunningRoost.run(configuration) { roost in
            for name in ["proxy", "plain"] { try await roost.wait(for: name) }
            try await roost.wait(for: "plain", 1)
            #expect(kill(try #require(try await roost.wait(for: "flaky").pid), SIGKILL) == 0)
            try await roost.wait(for: "flaky") { $0.restarts == 1 }
            try await roost.wait(for: "broken", state: .quarantined)
            let before = try await Self.facts(roost)
            let load = StrictLoad(port: roost.port, connections: 8)
            try await load.goesOn()

            roost.daemon.signal(SIGKILL)
            _ = try await roost.daemon.ended()
            let path = roost.runtime + "/state"
            var bytes = try SavedStateBytes(image: Scratch.read(path) ?? [])
            var state = try SavedState(decoding: bytes.message)
            for index in state.instances.indices where state.instances[index].phase?.kind == .running {
                state.instances[index].phase?.kind = .init(rawValue: 99)
            }
            state.version = "9.9.9"
            bytes.message = state.encoded().withUnknownFields(.savedState)
            bytes.setFormat(2)
            try Scratch.write(path, bytes.image, mode: 0o600)
            let checked = Scratch.read(roost.runtime + "/configuration") ?? []
            try Scratch.write(roost.runtime + "/configuration", checked.withUnknownFields(.configuration))
            try await roost.replaceDaemon(killing: false)

            #expect(roost.written.contains("took over from roostd 9.9.9 (pid "))
            for name in ["proxy", "plain", "flaky"] { try await roost.wait(for: name) }
            #expect(try await Self.facts(roost) == before)
            try await load.goesOn()
            try await load.end()
            #expect(load.failed.count == 0, "\(load.failures)")
        }
    }

    private static func facts(_ roost: RunningRoost) async throws -> [String] {
        try await roost.status().workers.map { worker in
            let exit = worker.lastExit.map { "\($0.atNs) \($0.reason) \($0.code ?? -1) \($0.signal ?? -1)" } ?? "none"
            return "\(worker.name)/\(worker.instance) \(worker.state) \(worker.pid ?? 0) \(worker.restarts) \(exit)"
        }
    }
}
