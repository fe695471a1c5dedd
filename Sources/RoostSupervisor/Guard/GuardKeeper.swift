import CLinux
import Glibc
import RoostPolicy
import RoostReactor

/// Keeps a guard beside the supervisor: starts it, starts another one when it dies, and lets it go at a clean end.
///
/// After an adoption or an upgrade in place nothing is to be handed over: the new guard relieves the one before, which
/// has watched until then.
final class GuardKeeper {
    private let runtimeDirectory: String
    private let executable: String
    private let reactor: Reactor
    private let problem: (String) -> Void
    private var child: ChildProcess?
    private var startedAt = MonotonicInstant(nanoseconds: 0)
    /// Only roostd holds this end: when it is gone without a word, so is roostd.
    private var channel: SharedDescriptor?
    private var timer: TimerToken?
    private var isEnding = false

    /// - Parameter problem: called on the loop with what is wrong with the guard.
    init(
        _ runtimeDirectory: String,
        executable: String = "/proc/self/exe",
        on reactor: Reactor,
        problem: @escaping (String) -> Void
    ) {
        self.runtimeDirectory = runtimeDirectory
        self.executable = executable
        self.reactor = reactor
        self.problem = problem
    }

    /// Starts the guard; without one, what is wrong is told and it is tried again.
    func start() {
        do {
            try spawn()
        } catch {
            problem("there is no guard: \(error); if roostd is killed now and does not come back, plain programs stay")
            again()
        }
    }

    private func spawn() throws {
        var ends: [Int32] = [-1, -1]
        let result = roost_pipe(&ends)
        guard result == 0 else { throw SystemError("pipe2", code: -result) }
        let reader = Descriptor(owning: ends[0])
        let writer = SharedDescriptor(owning: ends[1])
        let number = roost_pidfd_open(getpid())
        guard number >= 0 else { throw SystemError("pidfd_open", code: -number) }
        let itself = Descriptor(owning: number)
        let null = roost_open("/dev/null", O_RDWR, 0)
        guard null >= 0 else { throw SystemError("open", "/dev/null", code: -null) }
        let nothing = Descriptor(owning: null)
        var request = SpawnRequest(
            path: executable,
            arguments: ["roostd", HiddenMode.guardian.rawValue],
            environment: ["ROOST_RUNTIME=\(runtimeDirectory)"],
            descriptors: [nothing.number, nothing.number, 2, reader.number, itself.number]
        )
        request.directory = "/"
        startedAt = reactor.now
        child = try ChildProcess(request, on: reactor) { [unowned self] status in ended(status) }
        channel = writer
    }

    private func ended(_ status: ExitStatus) {
        child = nil
        channel = nil
        guard !isEnding else { return }
        problem("the guard has ended (\(status)); starting another one")
        if startedAt.duration(to: reactor.now) > .seconds(1) { start() } else { again() }
    }

    private func again() {
        timer = reactor.schedule(after: .seconds(1)) { [unowned self] in
            timer = nil
            if !isEnding { start() }
        }
    }

    /// Nothing is left to be guarded: the guard goes, and is gone when this returns.
    func end() async {
        isEnding = true
        if let timer { reactor.cancel(timer) }
        timer = nil
        if let channel { write(channel.number, "x", 1) }
        let end = reactor.now.advanced(by: .seconds(3))
        while let child {
            if reactor.now >= end { child.signal(SIGKILL) }
            try? await reactor.sleep(for: .milliseconds(1))  // never cancelled
        }
    }
}
