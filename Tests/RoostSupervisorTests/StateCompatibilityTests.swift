import RoostConfig
import RoostPolicy
import RoostProtocol
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite("what another version has left")
struct StateCompatibilityTests {
    private func recovered(_ bytes: SavedStateBytes) throws -> SavedState? {
        let scratch = try Scratch()
        try Scratch.write(scratch.file("state"), bytes.image)
        return try StateFile(scratch.file("state")).recover()
    }

    @Test("the state and the configuration of every version before are understood", arguments: SavedStateBytes.versions)
    func earlier(version: String) throws {
        let state = try #require(try recovered(SavedStateBytes(version: version)))
        #expect(state.version == version && state.generation == 1 && state.leaseMs == 2000)
        #expect(state.scaled.map { "\($0.name) \($0.instances)" } == ["steady 3"])
        let instances = Dictionary(grouping: state.instances, by: \.name)
        #expect(instances.mapValues(\.count) == ["steady": 3, "flaky": 1, "broken": 1, "idle": 1, "rolled": 1])
        let flaky = try #require(instances["flaky"]?.first)
        #expect(flaky.phase?.kind == .running && flaky.restarts == 2 && flaky.lastExit?.signal == 9)
        #expect((flaky.process?.pid ?? 0) > 0 && (flaky.process?.startTime ?? 0) > 0 && flaky.process?.plain == true)
        #expect(instances["broken"]?.first?.phase?.kind == .quarantined)
        #expect(instances["broken"]?.first?.lastExit?.code == 3)
        #expect(instances["idle"]?.first?.phase?.kind == .stopped && instances["idle"]?.first?.wanted == false)
        let rolled = try #require(instances["rolled"]?.first)
        #expect(rolled.phase?.kind == .running && rolled.roll?.step == .candidate)
        #expect(rolled.roll?.process != nil && rolled.roll?.process?.pid != rolled.process?.pid)
        #expect(state.instances.allSatisfy { $0.begunWith == 1 && $0.lastRecord > 0 })

        let report = try ConfigurationReport(decoding: SavedStateBytes.configuration(version: version))
        #expect(report.digest == state.digest && report.errors.isEmpty)
        #expect(report.configuration?.workers.map(\.name) == ["steady", "flaky", "broken", "idle", "rolled"])
    }

    @Test("this version is among them")
    func present() { #expect(SavedStateBytes.versions.contains(Supervisor.version)) }

    @Test("fields that only a later version knows take nothing away", arguments: SavedStateBytes.versions)
    func later(version: String) throws {
        var bytes = try SavedStateBytes(version: version)
        let known = try #require(try recovered(bytes))
        let before = bytes.message.count
        bytes.message = bytes.message.withUnknownFields(.savedState)
        bytes.setFormat(2)
        #expect(bytes.message.count > before + 30 * known.instances.count)
        #expect(try recovered(bytes)?.encoded() == known.encoded())
        let configuration = try SavedStateBytes.configuration(version: version)
        #expect(
            try ConfigurationReport(decoding: configuration.withUnknownFields(.configuration))
                == ConfigurationReport(decoding: configuration)
        )
    }

    @Test("a phase that only a later version knows is none without a process, and running or starting with one")
    func laterPhase() {
        var phase = SavedPhase()
        phase.kind = .init(rawValue: 99)
        #expect(!WorkerStateMachine.Phase(phase).hasProcess)
        var process = SavedProcess()
        (process.pid, process.spawnedAtNs) = (7, 5)
        #expect(WorkerStateMachine.Phase(phase, of: process) == .running(since: .init(nanoseconds: 5)))
        phase.untilNs = 9
        #expect(WorkerStateMachine.Phase(phase, of: process) == .starting(until: .init(nanoseconds: 9)))
        phase.readySinceNs = 6
        #expect(WorkerStateMachine.Phase(phase, of: process) == .running(since: .init(nanoseconds: 6)))
        phase.kind = .waiting
        #expect(WorkerStateMachine.Phase(phase, of: process) == .waiting)
    }
}
