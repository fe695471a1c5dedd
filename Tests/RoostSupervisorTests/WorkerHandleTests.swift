import Glibc
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct WorkerHandleTests {
    private let loyal = "trap 'exit 0' TERM; echo up; while :; do sleep 60 & wait $!; done"
    private let deaf = "trap '' TERM; echo up; while :; do sleep 60 & wait $!; done"

    /// Lets time pass until the process is told to end. How long that takes varies: what the process waits for a CPU,
    /// which is real time, is not held against it.
    private func outwait(_ test: TestHandle) throws {
        try test.bench.turn(until: "the end of patience") {
            let isServing = test.state == .running || test.state == .parked
            if isServing { test.bench.advance(.milliseconds(250)) }
            return !isServing
        }
    }

    @Test("a plain program is ready after its first 100 ms alive, and its output is logged as its own")
    func plain() throws {
        let test = try TestHandle(loyal)
        try test.start()
        test.bench.advance(.milliseconds(99))
        #expect(test.state == .starting)
        test.bench.advance(.milliseconds(1))
        #expect(test.state == .running)
        #expect(test.states == [.waiting, .starting, .running])
        #expect(test.logs.value?.first?.source.pid == test.pid)
    }

    @Test("a plain program that says READY=1 is ready at once; STATUS= is its reason")
    func notified() throws {
        let test = try TestHandle(loyal)
        try test.start()
        test.handle.assumeIsolated { $0.notified(ProgramNotification(Array("STATUS=warming up".utf8))) }
        #expect(test.state == .starting)
        test.handle.assumeIsolated { $0.notified(ProgramNotification(Array("READY=1\nSTATUS=serving".utf8))) }
        #expect(test.state == .running)
        #expect(test.handle.assumeIsolated { $0.reason } == "serving")
        test.bench.advance(.seconds(1))
        #expect(test.states == [.waiting, .starting, .running])
    }

    @Test("a program that exits is started again, at once the first time, and the exit is told")
    func restart() throws {
        let test = try TestHandle("echo up; exit 3")
        test.tell(.start)
        test.script.value = loyal
        let first = try #require(test.pid)
        try test.bench.turn(until: "the replacement") { test.pid != nil && test.pid != first }
        let exit = try #require(test.lastExit)
        #expect(exit.status == .code(3) && exit.reason == .exited)
        #expect(test.handle.assumeIsolated { $0.restarts } == 1)
        #expect(test.failures.value == 1)
        #expect(test.changes.value?.compactMap(\.exit).first?.status == .code(3))
    }

    @Test("after too many failures it is quarantined; a start tries again")
    func quarantine() throws {
        let test = try TestHandle("exit 1") { $0.lifecycle.restart.intensity = 2 }
        test.tell(.start)
        try test.bench.turn(until: "quarantine") {
            test.bench.clock.advance(by: .milliseconds(300))
            return test.state == .quarantined
        }
        #expect(test.failures.value == 3)
        test.bench.advance(.seconds(60))
        #expect(test.state == .quarantined && test.pid == nil)
        test.script.value = loyal
        test.tell(.changed)
        try test.turn(untilLine: "up")
        #expect(test.state == .starting)
    }

    @Test("intensity with escalation tells the supervisor")
    func escalate() throws {
        let test = try TestHandle("exit 1") { settings in
            settings.lifecycle.restart.intensity = 0
            settings.lifecycle.restart.exceeded = .escalate
        }
        test.tell(.start)
        try test.bench.turn(until: "escalation") { test.escalations.value == 1 }
    }

    @Test("a program that cannot be executed is a failure with a reason, not an end")
    func spawnFails() throws {
        let test = try TestHandle("") { $0.lifecycle.restart.intensity = 1 }
        test.tell(.start)
        try test.bench.turn(until: "quarantine") {
            test.bench.clock.advance(by: .seconds(1))
            return test.state == .quarantined
        }
        #expect(test.handle.assumeIsolated { $0.reason }.hasSuffix("cannot execute /none: No such file or directory"))
        #expect(test.bench.reactor.sourceCount == 0)
    }

    @Test("a stop is SIGTERM, and the exit is recorded as requested")
    func stop() throws {
        let test = try TestHandle(loyal)
        try test.start()
        test.tell(.stop(.requested))
        try test.turn(until: .stopped)
        #expect(test.lastExit?.status == .code(0) && test.lastExit?.reason == .requested)
        #expect(test.bench.reactor.sourceCount == 0)
    }

    @Test("who does not heed SIGTERM gets SIGKILL")
    func kill() throws {
        let test = try TestHandle(deaf)
        try test.start()
        test.tell(.stop(.requested))
        test.bench.advance(.milliseconds(4999))
        #expect(test.state == .draining)
        test.bench.advance(.milliseconds(1))
        try test.turn(until: .stopped)
        #expect(test.lastExit?.status == .signal(9))
    }

    @Test("who does not become ready in time is ended and counted as a failure")
    func startTimeout() throws {
        let test = try TestHandle(loyal, isPlain: false) { $0.lifecycle.startTimeout = .seconds(1) }
        try test.start()
        test.bench.advance(.seconds(1))
        try test.bench.turn(until: "the exit") { test.lastExit != nil }
        #expect(test.lastExit?.reason == .startTimeout)
        #expect(test.failures.value == 1)
    }

    @Test("a worker that cannot be asked to drain gets SIGTERM at once")
    func drainWithoutConnection() throws {
        let test = try TestHandle(loyal, isPlain: false)
        try test.start()
        test.ready()
        test.tell(.stop(.requested))
        try test.turn(until: .stopped)
        #expect(test.lastExit?.status == .code(0))
    }

    @Test("a worker that is connected is asked to drain, and SIGTERM comes at the deadline only")
    func drain() throws {
        let test = try TestHandle(loyal, isPlain: false) { $0.lifecycle.drain = .seconds(30) }
        try test.start()
        let asked = Slot<Drain>()
        let worker = try test.attach { request in
            asked.value = try? Drain(decoding: request.payload)
            return .later {
                try await Task.sleep(for: .seconds(3600)); return []
            }
        }
        test.ready()
        test.tell(.stop(.requested))
        try test.bench.turn(until: "the request") { asked.value != nil }
        #expect(asked.value?.deadlineMs == 30_000 && asked.value?.idleMs == 1000)
        test.bench.advance(.seconds(29))
        #expect(test.state == .draining && test.pid != nil)
        test.bench.advance(.seconds(1))
        try test.turn(until: .stopped)
        withExtendedLifetime(worker) {}
    }

    @Test("no heartbeat for the deadline is a hang: SIGABRT, and a replacement")
    func hang() throws {
        let test = try TestHandle(loyal, isPlain: false)
        try test.start()
        test.ready()
        let first = try #require(test.pid)
        for _ in 0..<5 {
            test.bench.advance(.seconds(1))
            test.says(.heartbeat(Heartbeat()))
        }
        #expect(test.state == .running)
        try outwait(test)
        try test.bench.turn(until: "the replacement") { test.pid != nil && test.pid != first }
        #expect(test.lastExit?.reason == .hung && test.lastExit?.status == .signal(SIGABRT))
    }

    @Test("a worker that parks from the start is watched as well")
    func parkedHang() throws {
        let test = try TestHandle(loyal, isPlain: false)
        try test.start()
        test.says(.parked("no server"))
        #expect(test.state == .parked)
        try outwait(test)
        try test.bench.turn(until: "the exit") { test.lastExit != nil }
        #expect(test.lastExit?.reason == .hung)
    }

    @Test("when roostd itself has not run, nobody is taken for hung before there was time to speak")
    func ownSilence() throws {
        let test = try TestHandle(loyal, isPlain: false)
        try test.start()
        test.ready()
        test.bench.advance(.seconds(60))
        #expect(test.state == .running)
        test.bench.advance(.seconds(1))
        test.says(.heartbeat(Heartbeat()))
        test.bench.advance(.seconds(1))
        #expect(test.state == .running)
    }

    @Test("a changed heartbeat deadline holds for the process that runs")
    func newDeadline() throws {
        let test = try TestHandle(loyal, isPlain: false)
        try test.start()
        test.ready()
        var settings = InstanceSettings(
            lifecycle: test.handle.assumeIsolated { $0.machine.settings },
            heartbeatDeadline: .seconds(20),
            memory: MemoryCeiling(soft: nil, hard: nil),
            isPlain: false
        )
        settings.lifecycle.drain = .seconds(1)
        let changed = settings
        test.handle.assumeIsolated { $0.apply(changed) }
        for _ in 0..<18 { test.bench.advance(.seconds(1)) }
        #expect(test.state == .running)
        try outwait(test)
        try test.bench.turn(until: "the exit") { test.lastExit != nil }
        #expect(test.lastExit?.reason == .hung)
    }

    @Test("work that does not progress is a hang although heartbeats come; a slow phase is not")
    func stalled() throws {
        let test = try TestHandle(loyal, isPlain: false)
        try test.start()
        test.ready()
        test.says(.slowPhase(.seconds(10)))
        for _ in 0..<9 { test.bench.advance(.seconds(1)) }
        #expect(test.state == .running)
        var progress = Progress()
        progress.name = "jobs"
        progress.pending = 1
        progress.stallAfterMs = 1500
        var heartbeat = Heartbeat()
        heartbeat.progress = [progress]
        let news = heartbeat
        for _ in 0..<3 {
            test.says(.heartbeat(news))
            test.bench.advance(.seconds(1))
        }
        try test.bench.turn(until: "the exit") { test.lastExit != nil }
        #expect(test.lastExit?.reason == .hung)
        #expect(test.logs.value?.contains { $0.message.contains("had work in jobs and finished none of it") } == true)
    }

    @Test("above its hard ceiling it is killed, above its soft one it is restarted after some samples")
    func memory() throws {
        let hard = try TestHandle(deaf) { $0.memory = MemoryCeiling(soft: nil, hard: 1) }
        try hard.start()
        hard.bench.advance(.milliseconds(100))
        hard.handle.assumeIsolated { $0.sample() }
        try hard.bench.turn(until: "the exit") { hard.lastExit != nil }
        #expect(hard.lastExit?.status == .signal(9) && hard.lastExit?.reason == .memory)
        let soft = try TestHandle(loyal) { $0.memory = MemoryCeiling(soft: 1, hard: nil) }
        try soft.start()
        soft.bench.advance(.milliseconds(100))
        for _ in 0..<MemoryCeiling.patience { soft.handle.assumeIsolated { $0.sample() } }
        try soft.bench.turn(until: "the exit") { soft.lastExit != nil }
        #expect(soft.lastExit?.status == .code(0) && soft.lastExit?.reason == .memory)
    }

    @Test("a stop in the moment of the exit, and news of a process that is gone, do no harm")
    func races() throws {
        let test = try TestHandle("echo up; exec sleep 60")
        try test.start()
        let pid = try #require(test.pid)
        test.handle.assumeIsolated { $0.killGroup() }
        test.tell(.stop(.requested))
        try test.turn(until: .stopped)
        test.handle.assumeIsolated { handle in
            for message: WorkerHandle.Message in [
                .ready, .parked("late"), .heartbeat(Heartbeat()), .slowPhase(.seconds(1)), .metrics(MetricsSnapshot()),
            ] {
                handle.hear(message, from: pid)
            }
            handle.sample()
            handle.notified(ProgramNotification(Array("READY=1".utf8)))
        }
        test.bench.advance(.seconds(60))
        #expect(test.state == .stopped)
    }

    @Test("a second connection replaces the first, which is closed")
    func secondConnection() throws {
        let test = try TestHandle(loyal, isPlain: false)
        try test.start()
        let first = try test.attach { .unknown($0.method) }
        let former = try #require(test.handle.assumeIsolated { $0.connection })
        let second = try test.attach { .unknown($0.method) }
        test.handle.assumeIsolated { $0.detach(former, of: $0.pid ?? 0) }
        #expect(test.handle.assumeIsolated { $0.connection } != nil)
        let outcome = Slot<Bool>()
        test.bench.reactor.start { outcome.value = (try? await first.request(.probe)) == nil }
        try test.bench.turn(until: "the refusal") { outcome.value != nil }
        withExtendedLifetime(second) {}
    }

    @Test("who waits is told at once, later, or at the end of its patience")
    func waiting() throws {
        let test = try TestHandle(loyal)
        try test.start()
        let (handle, slot) = (test.handle, Slot<WorkerHandle.Glimpse>())
        #expect(
            try test.bench.outcome { await handle.wait(within: .zero) { $0.state == .starting } }.state == .starting
        )
        test.bench.reactor.start { slot.value = await handle.wait(within: .seconds(5)) { $0.state == .running } }
        test.bench.reactor.runUntilIdle()
        #expect(slot.value == nil)
        test.bench.advance(.milliseconds(100))
        #expect(slot.value?.state == .running && slot.value?.pid == test.pid)
        slot.value = nil
        test.bench.reactor.start { slot.value = await handle.wait(within: .seconds(5)) { $0.state == .stopped } }
        test.bench.reactor.runUntilIdle()
        test.bench.advance(.seconds(5))
        #expect(slot.value?.state == .running)
    }

    @Test("a worker that becomes a plain program does so with its next process")
    func kindChanges() throws {
        let test = try TestHandle(loyal, isPlain: false)
        try test.start()
        let plain = InstanceSettings(
            lifecycle: test.handle.assumeIsolated { $0.machine.settings },
            heartbeatDeadline: .seconds(2),
            memory: MemoryCeiling(soft: nil, hard: nil),
            isPlain: true
        )
        test.handle.assumeIsolated { $0.apply(plain) }
        #expect(test.handle.assumeIsolated { !$0.isPlain })
        test.tell(.restart(.configuration))
        try test.bench.turn(until: "the next process") { test.handle.assumeIsolated { $0.isPlain } }
        test.bench.advance(.milliseconds(100))
        #expect(test.state == .running)
    }
}
