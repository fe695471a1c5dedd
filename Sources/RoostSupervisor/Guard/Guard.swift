import CLinux
import Glibc
import RoostPolicy
import RoostProtocol
import RoostReactor

/// `roostd --guard`: a small process beside the supervisor that ends what it leaves if it dies and none comes after it.
///
/// It is started by `GuardKeeper` with ROOST_RUNTIME in its environment and these descriptors: 2 what roostd writes errors
/// to, 3 the reading end of a pipe on which roostd says goodbye, 4 roostd's pidfd. It sleeps in poll(2) while its
/// supervisor lives, and wakes a few times a second during the lease after its death.
package final class Guard {
    /// As ps(1) shows it.
    private static let name = "roostd-guard"
    static let channel: Int32 = 3
    static let supervisor: Int32 = 4
    /// Of the supervisor's state, if that cannot be read.
    private static let usualLease = Duration.seconds(10)

    private let directory: GuardedDirectory
    private let path: String
    private var machine = GuardStateMachine()
    private var roll = ProcessRoll(own: (getpid(), getsid(0)))
    /// The supervisor that is watched: its pidfd and number; -1 when it has ended.
    private var watched: (pidfd: Int32, pid: Int32) = (supervisor, getppid())
    /// Whether goodbye can still come.
    private var isChannelOpen = true

    private init(_ path: String) throws(SystemError) {
        self.path = path
        directory = try GuardedDirectory(path)
    }

    /// Runs until it is not needed any more; returns the exit status.
    package static func run() -> Int32 {
        roost_set_process_name(name)
        // What a terminal sends to everybody, and what it stops writers in the background with.
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, SIGUSR1, SIGUSR2] {
            Glibc.signal(signal, SIG_IGN)
        }
        guard let path = getenv("ROOST_RUNTIME").map({ String(cString: $0) }), fcntl(channel, F_GETFD) >= 0,
            fcntl(supervisor, F_GETFD) >= 0
        else {
            say("roostd starts its guard itself")
            return 64
        }
        do {
            let itself = try Guard(path)
            itself.directory.relieve()
            roost_release_code()  // what only the start needed is most of the resident memory
            itself.live()
            return 0
        } catch {
            say("\(error)")
            return 70
        }
    }

    private func live() {
        var action = GuardStateMachine.Action.wait(until: nil)
        while true {
            switch action {
            case .wait(let instant): action = next(until: instant)
            case .takeLock: action = handle(.lock(isTaken: directory.takeLock()))
            case .endProcesses(let atOnce, let killTime): return endProcesses(atOnce, killTime)
            case .endStrays(let killTime): return endStrays(killTime)
            case .exit: return
            }
        }
    }

    private func handle(_ event: GuardStateMachine.Event) -> GuardStateMachine.Action {
        machine.handle(event, at: MonotonicInstant(nanoseconds: roost_monotonic_now()))
    }

    // MARK: Waiting

    private func next(until instant: MonotonicInstant?) -> GuardStateMachine.Action {
        var pollers = [
            pollfd(fd: isChannelOpen ? Self.channel : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: watched.pidfd, events: Int16(POLLIN), revents: 0),
        ]
        var timeout: Int32 = -1
        if let instant {
            let left = MonotonicInstant(nanoseconds: roost_monotonic_now()).duration(to: instant)
            timeout = Int32(clamping: max(0, left.wholeNanoseconds) / 1_000_000 + 1)
        }
        poll(&pollers, 2, timeout)
        if pollers[0].revents != 0, hearsGoodbye() { return handle(.goodbye) }
        if pollers[1].revents != 0 { return supervisorEnded() }
        return machine.isAlone ? lookAround() : handle(.woke)
    }

    /// The pipe also closes without a word when the supervisor dies, or replaces itself by another program.
    private func hearsGoodbye() -> Bool {
        var byte: UInt8 = 0
        let count = read(Self.channel, &byte, 1)
        if count == 0 { isChannelOpen = false }
        return count > 0
    }

    private func supervisorEnded() -> GuardStateMachine.Action {
        if isChannelOpen, hearsGoodbye() { return handle(.goodbye) }
        close(watched.pidfd)
        watched.pidfd = -1
        callRoll()
        let lease = directory.savedState().map { Duration.milliseconds($0.state.leaseMs) }
        return handle(.supervisorEnded(lease: lease ?? Self.usualLease))
    }

    private func lookAround() -> GuardStateMachine.Action {
        guard directory.isStillThere else {
            Self.say("\(path) is gone, and so is roostd: ending what it has left")
            return handle(.directoryLost)
        }
        callRoll()
        let holder = directory.holder
        if holder > 0, holder != watched.pid {
            let pidfd = roost_pidfd_open(holder)
            watched.pid = holder
            // One that has come and died in between counts as well: what it adopted has a new lease.
            guard pidfd >= 0 else { return succeeded(by: -1) }
            return succeeded(by: pidfd)
        }
        return handle(.woke)
    }

    private func succeeded(by pidfd: Int32) -> GuardStateMachine.Action {
        let action = handle(.successorFound)
        watched.pidfd = pidfd
        return pidfd < 0 ? supervisorEnded() : action
    }

    // MARK: Ending

    /// While nobody else looks: who is there, and whom have they started.
    private func callRoll() {
        if let (state, unfinishedSpawn) = directory.savedState() { roll.add(state, unfinishedSpawn: unfinishedSpawn) }
        // Only plain programs and what they have started have the first, and only what workers have started the second:
        // it tells also one that has left its group and lost its parent. Where the directory was replaced, it may be
        // another supervisor's.
        let marks = directory.isReplaced ? [] : ["NOTIFY_SOCKET=\(path)/notify.sock", "ROOSTD_MEMBER=\(path)"]
        roll.update(.now()) { entry in !marks.isEmpty && entry.wasStarted(withAny: marks) }
    }

    private func endProcesses(_ atOnce: Bool, _ killTime: MonotonicInstant) {
        callRoll()
        let count = roll.members.count
        if count > 0 { Self.say("no roostd has come: ending \(count) processes that the last one has left") }
        let isDone = ProcessEnding.endAll(
            killingAt: killTime,
            // A worker of the kit drains by itself at the end of its lease: being told again would cut that short.
            mayAsk: { [self] pid in
                guard !atOnce, let member = roll.members[pid], member.hasLease else { return true }
                return roll.members[member.root] == nil
            },
            remaining: { [self] in
                callRoll()
                return roll.members.mapValues(\.startTime)
            }
        )
        if !isDone { Self.say("\(roll.members.count) processes cannot be ended: \(roll.members.keys.sorted())") }
        directory.clear()
    }

    private func endStrays(_ killTime: MonotonicInstant) {
        _ = ProcessEnding.endAll(killingAt: killTime) { [self] in
            callRoll()
            return roll.members.mapValues(\.startTime)
        }
    }

    /// Whether the process is a guard.
    static func isOne(_ pid: Int32) -> Bool {
        ProcFile.read("/proc/\(pid)/comm").map { $0.elementsEqual("\(name)\n".utf8) } ?? false
    }

    /// One line to whom roostd told its errors; nothing if that would block.
    static func say(_ line: String) {
        var poller = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
        guard poll(&poller, 1, 0) == 1, poller.revents & Int16(POLLOUT) != 0 else { return }
        let text = "\(name): \(line)\n"
        write(2, text, text.utf8.count)
    }
}
