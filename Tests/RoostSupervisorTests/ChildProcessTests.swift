import CLinux
import Glibc
import RoostPolicy
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct ChildProcessTests {
    private func end(of script: String, _ act: (ChildProcess) -> Void = { _ in }) throws -> ChildStatus {
        let bench = try Bench()
        let status = Slot<ChildStatus>()
        let child = try ChildProcess(Bench.shell(script), on: bench.reactor) { status.value = $0 }
        #expect(ChildProcess.isOurs(child.pid))
        act(child)
        try bench.turn(until: "the exit") { status.value != nil }
        #expect(!ChildProcess.isOurs(child.pid))
        #expect(kill(child.pid, 0) == -1 && errno == ESRCH, "reaped")
        return try status.require()
    }

    @Test("the exit status is told")
    func code() throws {
        #expect(try end(of: "exit 7") == .code(7))
        #expect(try end(of: "exit 0") == .code(0))
    }

    @Test("the signal is told, one that was sent through the pidfd as well")
    func signal() throws {
        #expect(try end(of: "kill -KILL $$") == .signal(9))
        #expect(try end(of: "exec sleep 60") { $0.signal(SIGTERM) } == .signal(15))
    }

    @Test("a child that has exited before anybody looked is not missed")
    func early() throws {
        let bench = try Bench()
        let status = Slot<ChildStatus>()
        let child = try ChildProcess(Bench.shell("exit 3"), on: bench.reactor) { status.value = $0 }
        try bench.turn(until: "the zombie") { ProcessFacts.stat(child.pid)?.state == "Z" || status.value != nil }
        try bench.turn(until: "the exit") { status.value != nil }
        #expect(status.value == .code(3))
    }

    @Test("what the program has left in its group ends with it")
    func group() throws {
        let bench = try Bench()
        let pipe = try Pipe()
        let request = Bench.shell("sleep 60 & echo $!", descriptors: [Bench.null, pipe.writeEnd, Bench.null])
        let status = Slot<ChildStatus>()
        let child = try ChildProcess(request, on: bench.reactor) { status.value = $0 }
        try bench.turn(until: "the exit") { status.value != nil }
        withExtendedLifetime(child) {}
        let left = try #require(Int32(pipe.text.dropLast()))
        try bench.turn(until: "the end of the grandchild") { !ProcessFacts.isAlive(left) }
    }

    @Test("signals to one that is gone, or to its group, do nothing")
    func afterwards() throws {
        let bench = try Bench()
        let status = Slot<ChildStatus>()
        let child = try ChildProcess(Bench.shell("exit 0"), on: bench.reactor) { status.value = $0 }
        try bench.turn(until: "the exit") { status.value != nil }
        child.signal(SIGKILL)
        child.signalGroup(SIGKILL)
        #expect(bench.reactor.sourceCount == 0)
    }

    @Test("dropping it watches no longer")
    func dropped() throws {
        let bench = try Bench()
        let pid: Int32
        do {
            let child = try ChildProcess(Bench.shell("exec sleep 60"), on: bench.reactor) { _ in }
            pid = child.pid
            #expect(bench.reactor.sourceCount == 1)
        }
        #expect(bench.reactor.sourceCount == 0)
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }
}
