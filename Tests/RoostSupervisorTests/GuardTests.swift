import Glibc
import RoostPolicy
import RoostProtocol
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite struct GuardStateMachineTests {
    private func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    /// One whose supervisor has ended at 0 with a lease of a second.
    private func alone() -> GuardStateMachine {
        var machine = GuardStateMachine()
        #expect(machine.handle(.supervisorEnded(lease: .seconds(1)), at: at(0)) == .wait(until: at(200)))
        return machine
    }

    @Test("while its supervisor lives it sleeps")
    func watching() {
        var machine = GuardStateMachine()
        for event in [GuardStateMachine.Event.woke, .directoryLost, .lock(isTaken: true), .successorFound] {
            #expect(machine.handle(event, at: at(0)) == .wait(until: nil))
        }
        #expect(!machine.isAlone)
    }

    @Test("after a goodbye it ends strays only, whenever it comes")
    func goodbye() {
        var watching = GuardStateMachine()
        #expect(watching.handle(.goodbye, at: at(0)) == .endStrays(killingAt: at(500)))
        #expect(watching.handle(.supervisorEnded(lease: .seconds(1)), at: at(1)) == .exit)
        var machine = alone()
        #expect(machine.handle(.goodbye, at: at(100)) == .endStrays(killingAt: at(600)))
    }

    @Test("it waits for the lease in steps, takes the lock at its end and not before, and kills within two seconds")
    func lease() {
        var machine = alone()
        #expect(machine.handle(.woke, at: at(150)) == .wait(until: at(200)), "woken early")
        for time: Int64 in [200, 400, 600] {
            #expect(machine.handle(.woke, at: at(time)) == .wait(until: at(time + 200)))
        }
        #expect(machine.handle(.woke, at: at(850)) == .wait(until: at(1000)), "woken late")
        #expect(machine.handle(.woke, at: at(1000)) == .takeLock)
        let action = machine.handle(.lock(isTaken: true), at: at(1001))
        #expect(action == .endProcesses(atOnce: false, killingAt: at(2501)))
        #expect(machine.handle(.woke, at: at(3000)) == .exit)
    }

    @Test("a successor that has just come and not said who it is is waited for")
    func lockHeld() {
        var machine = alone()
        for time: Int64 in [200, 400, 600, 800] { _ = machine.handle(.woke, at: at(time)) }
        #expect(machine.handle(.woke, at: at(1000)) == .takeLock)
        #expect(machine.handle(.lock(isTaken: false), at: at(1000)) == .wait(until: at(1050)))
        #expect(machine.handle(.successorFound, at: at(1050)) == .wait(until: nil))
        #expect(machine.handle(.supervisorEnded(lease: .seconds(3)), at: at(5000)) == .wait(until: at(5200)))
    }

    @Test("a directory that was taken away ends the wait")
    func directoryLost() {
        var machine = alone()
        #expect(machine.handle(.directoryLost, at: at(200)) == .endProcesses(atOnce: true, killingAt: at(1700)))
    }
}

@Suite struct ProcessRollTests {
    private typealias Entry = ProcessCensus.Entry

    private func process(_ pid: Int32, _ startTime: UInt64, plain: Bool = true) -> SavedProcess {
        var process = SavedProcess()
        (process.pid, process.startTime, process.plain) = (pid, startTime, plain)
        return process
    }

    /// A roll of a state with the processes, as a guard of pid 9 and session 5 has it.
    private func roll(_ processes: [SavedProcess], strays: [SavedProcess] = [], spawn: Int32? = nil) -> ProcessRoll {
        var state = SavedState()
        state.instances = processes.map { process in
            var instance = SavedInstance()
            instance.process = process
            return instance
        }
        state.strays = strays
        var roll = ProcessRoll(own: (9, 5))
        roll.add(state, unfinishedSpawn: spawn)
        return roll
    }

    private func entry(
        _ pid: Int32,
        parent: Int32 = 1,
        group: Int32? = nil,
        session: Int32 = 5,
        _ time: UInt64
    ) -> Entry {
        Entry(pid: pid, parent: parent, group: group ?? pid, session: session, startTime: time)
    }

    private func pids(_ roll: ProcessRoll) -> [Int32] { roll.members.keys.sorted() }

    @Test("a process is who it was when it was saved, and not a later one with its number")
    func identity() {
        var roll = roll([process(20, 100), process(21, 100), process(22, 0)])
        roll.update(ProcessCensus([entry(20, 100), entry(21, 101), entry(22, 7)])) { _ in false }
        #expect(pids(roll) == [20])
        roll.update(ProcessCensus([entry(20, 102)])) { _ in false }
        #expect(pids(roll) == [])
    }

    @Test("descendants and members of the group are ours, also when who led to them is gone; others are not")
    func descent() {
        var roll = roll([process(20, 100), process(30, 100, plain: false)])
        let family = [
            entry(20, 100), entry(40, parent: 41, session: 41, 120), entry(41, parent: 20, session: 41, 110),
            entry(42, group: 20, 130), entry(43, group: 43, 130), entry(9, 50), entry(30, 100),
            entry(31, parent: 30, 105),
        ]
        roll.update(ProcessCensus(family)) { _ in false }
        #expect(pids(roll) == [20, 30, 31, 40, 41, 42])
        #expect(roll.members[31]?.hasLease == true && roll.members[31]?.root == 30)
        #expect(roll.members[40]?.hasLease == false && roll.members[40]?.root == 20)
        roll.update(ProcessCensus([entry(40, session: 41, 120), entry(50, parent: 40, session: 41, 140)])) { _ in false
        }
        #expect(pids(roll) == [40, 50])
    }

    @Test("the group of a leader that has died is ours in its session only, and not if its number was given out again")
    func orphanedGroup() {
        var first = roll([process(20, 100)])
        first.update(ProcessCensus([entry(42, group: 20, 130), entry(43, group: 20, session: 6, 130)])) { _ in false }
        #expect(pids(first) == [42])
        var second = roll([process(20, 100)])
        second.update(ProcessCensus([entry(20, 500), entry(42, group: 20, 510)])) { _ in false }
        #expect(pids(second) == [])
    }

    @Test("strays, a spawn that was not finished, and what is recognised are ours; the guard and init never are")
    func more() {
        var roll = roll([process(9, 50)], strays: [process(25, 100)], spawn: 26)
        let census = ProcessCensus([
            entry(1, 1), entry(9, 50), entry(25, 100), entry(26, 200), entry(27, session: 8, 150),
        ])
        roll.update(census) { [1, 9, 27].contains($0.pid) }
        #expect(pids(roll) == [25, 26, 27])
        var other = self.roll([], spawn: 26)
        other.update(ProcessCensus([entry(26, session: 6, 200)])) { _ in false }
        #expect(pids(other) == [], "another session's")
    }

    @Test("a census has this process with its parent, and tells its environment")
    func census() throws {
        let own = try #require(ProcessCensus.now().entries[getpid()])
        #expect(own.parent == getppid() && own.group == getpgid(0) && own.session == getsid(0))
        #expect(own.startTime == ProcessCensus.Entry(pid: getpid())?.startTime)
        let variable = try #require(ProcessFacts.environment(getpid()).first)
        #expect(own.wasStarted(withAny: ["NOTIFY_SOCKET=/none", variable]))
        #expect(!own.wasStarted(withAny: ["NOTIFY_SOCKET=/none", String(variable.dropLast())]))
        #expect(ProcessCensus.Entry(pid: 0) == nil && ProcessCensus.Entry(pid: .max) == nil)
    }
}

@Suite struct CgroupReaperTests {
    @Test(
        "it acts at a real stop and not at a crash",
        arguments: [
            ("success", "exited", "0", true), ("success", "killed", "TERM", true), ("exit-code", "exited", "64", true),
            ("exit-code", "exited", "70", false), ("exit-code", "exited", "78", false),
            ("signal", "killed", "KILL", false),
            ("core-dump", "dumped", "ABRT", false), ("watchdog", "dumped", "ABRT", false),
            ("watchdog", "killed", "KILL", false), ("timeout", "killed", "KILL", false),
            ("oom-kill", "killed", "KILL", false),
        ]
    )
    func stop(result: String, code: String, status: String, isStop: Bool) {
        #expect(CgroupReaper.isStop(result, exitCode: code, exitStatus: status) == isStop)
    }

    @Test("systemd's group is found in a unified and in a hybrid hierarchy")
    func paths() {
        #expect(
            ControlGroup.paths("0::/system.slice/roost.service\n")
                == ["/sys/fs/cgroup/system.slice/roost.service", "/sys/fs/cgroup/unified/system.slice/roost.service"]
        )
        let hybrid = "12:cpu,cpuacct:/x\n1:name=systemd:/system.slice/roost.service\n0::/system.slice/roost.service\n"
        #expect(ControlGroup.paths(hybrid).first == "/sys/fs/cgroup/systemd/system.slice/roost.service")
        #expect(ControlGroup.paths("nonsense\n1:\n\n") == [])
    }

    @Test("somebody's session is nobody's service")
    func session() {
        #expect(!ControlGroup(path: "/sys/fs/cgroup/user.slice/session-3.scope").isService)
        #expect(ControlGroup(path: "/sys/fs/cgroup/system.slice/roost.service").isService)
    }
}
