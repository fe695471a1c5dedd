import CLinux
import Glibc
import RoostConfig
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostSystemd

/// The life of roostd, in its order: arguments, directories, loop, configuration, workers, end.
package enum RoostDaemon {
    /// Runs until everything has ended; returns the exit status (0, 64, 66, 70, 75 or 78).
    package static func run(arguments: [String]) -> Int32 {
        let invocation: Invocation
        do throws(Invocation.Refusal) {
            invocation = try Invocation(arguments: arguments) { getenv($0).map { String(cString: $0) } }
        } catch {
            return answer(error)
        }
        return run(invocation)
    }

    private static func answer(_ refusal: Invocation.Refusal) -> Int32 {
        switch refusal {
        case .help: print(Invocation.usage)
        case .version: print("roostd \(Supervisor.version)")
        case .usage(let problem):
            complain("roostd: \(problem)\n\(Invocation.usage)")
            return 64
        }
        return 0
    }

    private static func run(_ invocation: Invocation) -> Int32 {
        do {
            umask(0o022)
            roost_ignore_sigpipe()
            signal(SIGXFSZ, SIG_IGN)  // a file at its limit is a failed write (setrlimit(2), RLIMIT_FSIZE), not the end
            _ = roost_become_subreaper()
            Priority.raise()
            var inherited = try DescriptorStore.inherited()
            let lock = inherited.firstIndex { $0.name == Life.lockName }.map { inherited.remove(at: $0).number }
            let directory = try RuntimeDirectory(invocation.runtimeDirectory, inherited: lock)
            try RuntimeDirectory.makeDirectories(invocation.stateDirectory)
            let reactor = try Reactor()
            reactor.becomeProcessExecutor()
            let life = try Life(reactor, invocation, inherited, lock: directory.lockNumber)
            try life.begin()
            reactor.run()
            _ = consume directory
            return life.status
        } catch {
            complain("roostd: \(error)")
            return 70
        }
    }

    fileprivate static func complain(_ line: String) {
        let text = line + "\n"
        write(2, text, text.utf8.count)
    }
}

/// What lives as long as the loop runs.
private final class Life: @unchecked Sendable {  // used on the reactor's thread only
    let reactor: Reactor
    private let supervisor: Supervisor
    private let invocation: Invocation
    private var listener: RoostIPC.Listener?
    private(set) var status: Int32 = 0

    static let lockName = "roostd.lock"
    private let lock: Int32

    init(
        _ reactor: Reactor,
        _ invocation: Invocation,
        _ inherited: [(name: String, number: Int32)],
        lock: Int32
    ) throws(SystemError) {
        self.reactor = reactor
        self.invocation = invocation
        self.lock = lock
        let directory = invocation.runtimeDirectory
        let book = try LogBook(LogSink(reactor), path: directory + "/logs")
        let events = try Feed<RoostProtocol.Event>(bytes: Event.bytes(of: 10_000), path: directory + "/events")
        let problems = [book.feed.ring.problem, events.ring.problem].compactMap(\.self)
        supervisor = Supervisor(
            reactor,
            invocation: invocation,
            installation: Installation(),
            logs: book,
            events: events,
            isSubreaper: true,
            inherited: inherited
        )
        supervisor.assumeIsolated { supervisor in
            supervisor.whenEnded { [unowned self] status in end(status) }
            supervisor.whenReady { Self.greet($0) }
            for problem in problems {
                supervisor.say(.warning, "logs or events would not outlive this roostd: \(problem)")
            }
        }
    }

    func begin() throws {
        try reactor.handleSignals([SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR2]) { [unowned self] signal, sender in
            handle(signal, from: sender)
        }
        reactor.start { [self] in await boot() }
    }

    private func boot() async {
        do {
            let configuration = try await supervisor.load()
            try await serve(configuration)
            await supervisor.launch()
        } catch let failure as Supervisor.BootFailure {
            for line in failure.lines { RoostDaemon.complain(line) }
            await supervisor.leaveNothingNew()
            end(failure.status)
        } catch {
            RoostDaemon.complain("roostd: \(error)")
            end(70)
        }
    }

    /// More than workers can have: each instance has a connection or two.
    private static let workerConnections = 8192

    /// Anybody may connect; who may do what is decided by the kernel's word about the peer.
    private func serve(_ configuration: Configuration) async throws {
        var identity = Hello()
        identity.role = .supervisor
        identity.name = "roostd"
        identity.pid = getpid()
        identity.executableVersion = Supervisor.version
        let control = ControlService(supervisor)
        let callers = configuration.supervisor.control.connections
        let socket = try await supervisor.controlSocket()
        let listener = RoostIPC.Listener(
            socket,
            on: reactor,
            identity: identity,
            handler: control.handler,
            limits: SessionLimits(configuration.limits),
            mostConnections: callers + Self.workerConnections,
            fairness: control.fairness(callers: callers)
        )
        try await listener.start()
        self.listener = listener
    }

    private func handle(_ signal: Int32, from sender: SignalSender) {
        supervisor.assumeIsolated { supervisor in
            switch signal {
            case SIGCHLD: supervisor.sweepStrays()
            case SIGHUP:
                Task { _ = await supervisor.reload(by: Initiator(signal: "SIGHUP", from: sender)) }
            case SIGUSR2:
                let lock = lock
                let initiator = Initiator(signal: "SIGUSR2", from: sender)
                Task { await supervisor.upgrade(by: initiator, [(Life.lockName, lock)]) }
            default:
                let name = SignalName.of(signal)
                let initiator = Initiator(signal: name, from: sender)
                let cause = Cause(.shutdown, "\(initiator) asked it to stop", by: initiator)
                supervisor.stop(exitStatus: 0, because: cause)
            }
        }
    }

    /// Tells whoever has started roostd by hand where everything is.
    private static func greet(_ listeners: [RoostConfig.Listener]) {
        guard getenv("NOTIFY_SOCKET") == nil else { return }
        let lines = listeners.map { listener in
            let name = listener.name.split(separator: ".").first ?? ""
            return "  \(name)  http://\(listener.address)/\n"
        }
        let text = "Roost is running; Ctrl-C stops it.\n" + lines.joined()
        write(1, text, text.utf8.count)
    }

    private func end(_ status: Int32) {
        self.status = status
        // Those who follow events and logs get the last ones: their tasks run, and what they write goes out, before.
        reactor.schedule(after: .milliseconds(1)) { [reactor] in reactor.stop() }
    }
}

extension SessionLimits {
    init(_ limits: SharedLimits) {
        self.init()
        frameLength = limits.frame
        outputLimit = limits.sendQueue
    }
}
