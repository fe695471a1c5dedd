import CLinux
import Glibc
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct StrayReaperTests {
    @Test("what a child left behind is found once, killed and reaped, and our own children are let alone")
    func strays() async {
        await #expect(processExitsWith: .success) {
            guard roost_become_subreaper() == 0 else { exit(1) }
            let bench = try Bench()
            let own = try ChildProcess(Bench.shell("exec sleep 60"), on: bench.reactor) { _ in }
            let pipe = try Pipe()
            // A session of its own: the kill of the group does not reach it.
            let mark = bench.scratch.file("mark")
            let script =
                "setsid sh -c 'echo $$; : > \(mark); exec sleep 60' & while [ ! -e \(mark) ]; do sleep 0.01; done"
            let request = Bench.shell(script, descriptors: [Bench.null, pipe.writeEnd, Bench.null])
            let over = Slot<Bool>()
            let parent = try ChildProcess(request, on: bench.reactor) { _ in over.value = true }
            try bench.turn(until: "the end of the parent") { over.value == true }
            withExtendedLifetime(parent) {}
            let found = Slot<[Int32]>([])
            let reaper = StrayReaper(isOurs: ChildProcess.isOurs) { found.value?.append($0) }
            try bench.turn(until: "the stray") { reaper.sweep() }
            guard reaper.sweep(), found.value?.count == 1, let stray = found.value?.first else { exit(2) }
            guard "\(stray)\n" == pipe.text else { exit(3) }
            reaper.killAll()
            try bench.turn(until: "the end of the stray") { !reaper.sweep() }
            guard kill(stray, 0) == -1, ProcessFacts.isAlive(own.pid) else { exit(4) }
            own.signal(SIGKILL)
        }
    }
}
