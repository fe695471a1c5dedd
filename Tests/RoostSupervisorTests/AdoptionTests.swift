import CLinux
import Glibc
import RoostConfig
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostSystemd
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite("a supervisor after one that was killed", .ownThread)
struct AdoptionTests {
    /// A supervisor that has run the workers and was killed.
    private func killed(
        _ workers: [WorkerSpecification],
        _ first: (TestSupervisor) throws -> Void = { _ in }
    ) throws
        -> TestSupervisor
    {
        let former = try TestSupervisor(isVirtual: true)
        try former.write(workers)
        try former.launch()
        for worker in workers { try settle(former, worker.name) }
        try first(former)
        former.bench.reactor.runUntilIdle()
        former.die()
        return former
    }

    private func settle(_ supervisor: TestSupervisor, _ name: String) throws {
        try supervisor.bench.turn(until: "a process of \(name)") { try supervisor.pid(name) != nil }
        supervisor.bench.advance(.milliseconds(150))
        try supervisor.turn(until: .running, name)
    }

    private func change(_ former: TestSupervisor, _ change: (StateFile, inout SavedState) -> Void) throws {
        let file = try StateFile(former.bench.scratch.file("run/state"))
        var state = try #require(file.recover())
        change(file, &state)
        try file.save(state)
    }

    private func successor(of former: TestSupervisor) throws -> TestSupervisor {
        let supervisor = try TestSupervisor(after: former)
        try supervisor.launch()
        return supervisor
    }

    @Test("what runs goes on, with its history; what was asked to stop stays stopped; what died is started")
    func adopts() throws {
        var pids: [String: Int32] = [:]
        let former = try killed(["runs", "stopped", "dies"].map { TestSupervisor.plain($0) }) { former in
            for name in ["runs", "stopped", "dies"] { pids[name] = try former.pid(name) }
            try former.handle("stopped").assumeIsolated { $0.handle(.stop(.requested)) }
            try former.turn(until: .stopped, "stopped")
        }
        let dead = try #require(pids["dies"])
        kill(dead, SIGKILL)
        waitpid(dead, nil, 0)
        let supervisor = try successor(of: former)
        #expect(try supervisor.pid("runs") == pids["runs"])
        #expect(try supervisor.handle("runs").assumeIsolated { $0.restarts } == 0)
        #expect(try supervisor.state("stopped") == .stopped)
        try supervisor.bench.turn(until: "another process") { try supervisor.pid("dies").map { $0 != dead } ?? false }
        let exit = try #require(try supervisor.handle("dies").assumeIsolated { $0.lastExit })
        #expect(exit.status == .unknown)
    }

    @Test("a process that no state names yet is adopted, and not started a second time")
    func firstSpawn() throws {
        var pid: Int32 = 0
        let former = try killed([TestSupervisor.plain("new")]) { pid = try $0.pid("new") ?? 0 }
        try change(former) { file, state in
            state.instances = []
            let cell = file.beginSpawn(InstanceID(name: "new", instance: 0))
            cell.pointee.pid = pid
            cell.pointee.begun_ns = Int64(ProcessFigures.startTime(pid: pid) ?? 0) * 10_000_000
        }
        let supervisor = try successor(of: former)
        #expect(try supervisor.pid("new") == pid)
    }

    @Test("a process that has the number of one which was being started is left alone")
    func reusedNumber() throws {
        var pid: Int32 = 0
        let former = try killed([TestSupervisor.plain("new")]) { pid = try $0.pid("new") ?? 0 }
        defer {
            kill(-pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        try change(former) { file, state in
            state.instances = []
            let cell = file.beginSpawn(InstanceID(name: "new", instance: 0))
            cell.pointee.pid = pid
            cell.pointee.begun_ns = roost_boot_now() - 3_600_000_000_000
        }
        let supervisor = try successor(of: former)
        #expect(try supervisor.pid("new") != pid)
        supervisor.stop()
        #expect(ProcessFacts.isAlive(pid))
    }

    @Test("neither init, nor roostd itself, nor a later process with the number is adopted or signalled")
    func foreign() throws {
        var pid: Int32 = 0
        let former = try killed([TestSupervisor.plain("one")]) { pid = try $0.pid("one") ?? 0 }
        defer {
            kill(-pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        let cases: [(pid: Int32, startTime: UInt64)] = [
            (1, ProcessFigures.startTime(pid: 1) ?? 0), (getpid(), ProcessFigures.startTime(pid: getpid()) ?? 0),
            (pid, 1), (pid, 0), (-1, 0), (0, 0), (.min, .max), (.max, 1),
        ]
        for (number, startTime) in cases {
            let child = ChildProcess(adopting: number, startTime: startTime, on: former.bench.reactor) { _ in }
            #expect(child == nil, "pid \(number)")
        }
        try change(former) { _, state in
            state.instances[0].process?.pid = getpid()
            state.instances[0].process?.startTime = ProcessFigures.startTime(pid: getpid()) ?? 0
            state.instances[0].phase?.kind = .killing
        }
        let supervisor = try successor(of: former)
        #expect(try supervisor.pid("one") != getpid())
    }

    @Test(
        "a phase that only another version knows: what runs is adopted, and goes if it is not wanted",
        arguments: [true, false]
    )
    func unknownPhase(isWanted: Bool) throws {
        var pid: Int32 = 0
        let former = try killed([TestSupervisor.plain("one")]) { pid = try $0.pid("one") ?? 0 }
        try change(former) { _, state in
            state.instances[0].phase = SavedPhase()
            state.instances[0].wanted = isWanted
        }
        let supervisor = try successor(of: former)
        if isWanted {
            #expect(try supervisor.pid("one") == pid)
        } else {
            try supervisor.turn(until: .stopped, "one")
            #expect(!ProcessFacts.isAlive(pid))
        }
    }

    @Test("killed while it stopped everything: whoever is started after that runs everything again")
    func interruptedStop() throws {
        var pid: Int32 = 0
        let former = try killed([TestSupervisor.plain("deaf", "trap '' TERM; while :; do sleep 1; done")]) { former in
            pid = try former.pid("deaf") ?? 0
            former.supervisor.assumeIsolated {
                $0.stop(exitStatus: 0, because: Cause(.shutdown, "a test asked it to stop", by: .unknown))
            }
            try former.turn(until: .draining, "deaf")
        }
        let supervisor = try successor(of: former)
        kill(-pid, SIGKILL)
        try supervisor.bench.turn(until: "another process") { try supervisor.pid("deaf").map { $0 != pid } ?? false }
        // It does not heed SIGTERM, and whoever waits for children would wait for it.
        try supervisor.handle("deaf").assumeIsolated { handle in
            handle.handle(.stop(.requested))
            handle.killGroup()
        }
        try supervisor.bench.turn(until: "its end") { try supervisor.pid("deaf") == nil }
    }

    @Test(
        "killed between the commit of a configuration and the state: the new generation is in force, and its workers are replaced"
    )
    func interruptedCommit() throws {
        var pid: Int32 = 0
        let former = try killed([TestSupervisor.plain("one")]) { pid = try $0.pid("one") ?? 0 }
        try change(former) { _, state in state.digest = [99] }
        let supervisor = try successor(of: former)
        #expect(supervisor.generation == former.generation + 1)
        try supervisor.bench.turn(until: "another process") { try supervisor.pid("one").map { $0 != pid } ?? false }
    }

    @Test("asked to stop before it has gone on: what had died is not waited for")
    func stopBeforeLaunch() throws {
        var pid: Int32 = 0
        let former = try killed([TestSupervisor.plain("one")]) { pid = try $0.pid("one") ?? 0 }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        let next = try TestSupervisor(after: former)
        let supervisor = next.supervisor
        _ = try next.bench.outcome { try await supervisor.load() }
        next.stop()  // time stands still: nothing can run out
        #expect(next.ended.value == 0)
    }

    @Test("no state whatever brings a supervisor down", arguments: 0..<2)
    func anyState(stream: UInt64) throws {
        var pid: Int32 = 0
        let former = try killed([TestSupervisor.plain("one")]) { pid = try $0.pid("one") ?? 0 }
        defer {
            kill(-pid, SIGKILL)
            waitpid(pid, nil, 0)  // a state that does not name it leaves it to nobody
        }
        var whole = SavedState()
        try change(former) { _, state in
            var instance = state.instances[0]
            var roll = SavedRoll()
            (roll.step, roll.process, roll.phase, roll.reason) = (
                .candidate, instance.process, instance.phase, .upgrade
            )
            (instance.roll, instance.lastExit, instance.stamp) = (roll, LastExit(), SavedStamp())
            (instance.failuresNs, instance.streak, instance.restarts) = ([.min, 0, .max], .max, .max)
            (instance.starting, instance.ending) = (RecordEntry(), RecordEntry())
            var scale = SavedScale()
            (scale.name, scale.instances) = ("one", .max)
            state.instances = [instance]
            state.scaled = [scale]
            whole = state
        }
        let supervisor = try successor(of: former)
        #expect(supervisor.names.count <= Supervisor.mostInstances)
        let bytes = whole.encoded()
        var random = SystemRandomNumberGenerator()
        var understood = 0
        for _ in 0..<200 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard let state = try? SavedState(decoding: damaged) else { continue }
            understood += 1
            // Another name, so that nothing is started: what is in no configuration only goes.
            var renamed = state
            for index in renamed.instances.indices { renamed.instances[index].name = "gone" }
            supervisor.supervisor.assumeIsolated { supervisor in
                supervisor.restore(renamed)
                supervisor.resumeInstances()
                supervisor.save()
            }
            supervisor.bench.reactor.runUntilIdle()
        }
        #expect(understood > 10)
    }

    @Test("the control socket that was kept is the one that is used; what nobody wants is closed")
    func controlSocket() throws {
        let former = try killed([])
        let kept = try UnixSocket.bind(former.bench.scratch.file("kept.sock"), mode: 0o600).release()
        let store = DescriptorStore(Notifier(), inherited: [("roostd.sock", kept), ("pipe.77", dup(Bench.null))])
        #expect(store.takeRest(but: "roostd.sock").map(\.name) == ["pipe.77"])
        #expect(store.takeRest(but: "roostd.sock").isEmpty)
        #expect(store.take("roostd.sock")?.number == kept)
    }
}
