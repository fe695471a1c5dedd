import Glibc
import RoostConfig
import RoostIPC
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport

@testable import RoostConfig
@testable import RoostSupervisor

/// The supervisor without its process: real children, real files and sockets in a directory of its own, and a script in
/// the place of `roost-config` that hands over what the test has written.
final class TestSupervisor {
    let bench: Bench
    let supervisor: Supervisor
    let ended = Slot<Int32>()
    private var digest: UInt8 = 0

    static let settings = SupervisorSettings(
        lease: .seconds(10),
        shutdownTimeout: .seconds(10),
        concurrentStarts: 4,
        spawnBudget: .init(perSecond: 100, burst: 100),
        control: ControlSettings(
            observe: .init(name: "roost-observe"),
            operate: .init(name: "roost-operate"),
            admin: .init(name: "roost-admin"),
            connections: 64
        ),
        log: LogSettings(level: .debug, format: .human, ring: 1 << 20),
        eventRing: 1000,
        historyGenerations: 10,
        recordSize: 1 << 20,
        reload: .init(check: .seconds(10), prepare: .seconds(5), commit: .seconds(5)),
        watchDebounce: nil
    )

    /// A shell script as a plain program.
    static func plain(_ name: String, _ script: String = loyal, after: [String] = []) -> WorkerSpecification {
        WorkerSpecification(
            name: name,
            program: .plain(["/bin/sh", "-c", script]),
            directory: nil,
            instances: 1,
            restart: .permanent,
            strategy: .oneForOne,
            strategyGroup: name,
            intensity: .init(restarts: 3, period: .seconds(30), then: .quarantine),
            backoff: .init(base: .milliseconds(1), maximum: .milliseconds(5)),
            healthyAfter: .seconds(2),
            heartbeat: nil,
            startTimeout: .seconds(10),
            drain: .seconds(1),
            stopTimeout: .seconds(1),
            memory: .init(),
            after: after,
            account: nil,
            environment: .init(pass: [], set: []),
            nice: 0,
            oomScoreAdjust: 0,
            limits: .init(),
            listeners: []
        )
    }

    static let loyal = "trap 'exit 0' TERM; while :; do sleep 60 & wait $!; done"

    /// A worker whose process is a script of the name `roost-NAME` and whose part on the connection the test plays.
    func worker(_ name: String, _ script: String = loyal) throws -> WorkerSpecification {
        let text = "#!/bin/sh\n[ \"$1\" = --check ] && exit 0\n\(script)\n"
        // A shell may be reading the one that is there.
        if Scratch.text(bench.scratch.file(name)) != text {
            try Scratch.write(bench.scratch.file(name), Array(text.utf8), mode: 0o755)
        }
        var specification = Self.plain(name)
        specification.program = .worker(executable: bench.scratch.file(name))
        specification.heartbeat = .init(interval: .milliseconds(500), deadline: .seconds(30))
        return specification
    }

    /// - Parameter former: one that has died, whose directories this one takes over.
    init(isVirtual: Bool = false, isSubreaper: Bool = false, after former: TestSupervisor? = nil) throws {
        bench = try former?.bench ?? Bench(isVirtual: isVirtual)
        digest = former?.digest ?? 0
        let scratch = bench.scratch
        if former == nil { for directory in ["etc", "etc/rules.d", "run"] { try scratch.makeDirectory(directory) } }
        try scratch.write("etc/roost.yaml", "first")
        let script =
            "#!/bin/sh\nwhile [ -e \(scratch.path)/slow ]; do sleep 0.05; done\nexec cat \(scratch.path)/report\n"
        try Scratch.write(scratch.file("roost-config"), Array(script.utf8), mode: 0o755)
        let arguments = [
            "--config", scratch.file("etc/roost.yaml"), "--state", scratch.file("state"), "--runtime",
            scratch.file("run"),
        ]
        let logs = try LogBook(LogSink(bench.reactor))
        logs.level = .critical
        supervisor = Supervisor(
            bench.reactor,
            invocation: try Invocation(arguments: arguments) { _ in nil },
            installation: Installation(directories: [scratch.path]),
            logs: logs,
            events: try Feed(bytes: RoostSupervisor.Event.bytes(of: 10_000)),
            isSubreaper: isSubreaper
        )
        _ = Unmanaged.passRetained(supervisor)  // as in a process, where it ends with everything else
        let ended = ended
        supervisor.assumeIsolated { $0.whenEnded { ended.value = $0 } }
    }

    private var hasDied = false

    /// As by SIGKILL: what it has not left by now it does not leave. With virtual time only, since its timers stay.
    func die() {
        hasDied = true
        supervisor.assumeIsolated { supervisor in
            supervisor.stateFile = nil
            supervisor.notifications = nil
            supervisor.handles = [:]
            supervisor.workerSockets = [:]
        }
    }

    deinit {
        guard !hasDied else { return }
        if ended.value == nil { stop() }
        supervisor.assumeIsolated { $0.handles = [:] }
        unlink(bench.scratch.file("slow"))
        bench.finish()
    }

    /// Writes what the helper will say; another configuration each time, unless told otherwise.
    func write(
        _ workers: [WorkerSpecification],
        isSame: Bool = false,
        main: String? = nil,
        rules: [String: String] = [:],
        _ change: (inout SupervisorSettings) -> Void = { _ in }
    ) throws {
        var settings = Self.settings
        change(&settings)
        if !isSame { digest += 1 }
        let main = main ?? "main \(digest)"
        var files = [ConfigurationReport.File(path: "roost.yaml", content: Array(main.utf8))]
        files += rules.keys.sorted().map { .init(path: "rules.d/\($0).yaml", content: Array((rules[$0] ?? "").utf8)) }
        let configuration = Configuration(
            supervisor: settings,
            limits: SharedLimits(frame: 1 << 20, sendQueue: 8 << 20, logLine: 4096),
            workers: workers,
            sections: workers.filter { !$0.isPlain }.map { .init(worker: $0.name, content: Array(main.utf8)) }
        )
        try write(ConfigurationReport(findings: [], files: files, digest: [digest], configuration: configuration))
    }

    func write(_ report: ConfigurationReport) throws {
        try Scratch.write(bench.scratch.file("report"), report.encoded())
    }

    /// Makes the helper find a fault.
    func writeFault(_ problem: String) throws {
        let place = SourcePosition(file: "roost.yaml", line: 1, column: 2)
        let finding = Finding(.error, place, "key", problem, "mend it")
        try write(ConfigurationReport(findings: [finding], files: [], digest: [0], configuration: nil))
    }

    /// Loads and launches.
    func launch() throws {
        let supervisor = supervisor
        _ = try bench.outcome { try await supervisor.load() }
        supervisor.assumeIsolated { $0.launch() }
        bench.reactor.runUntilIdle()
    }

    /// As above, and waits until it says that it runs.
    func boot() throws {
        try launch()
        try bench.turn(until: "running: \(summary)") { phase == .running }
    }

    func stop(_ status: Int32 = 0) {
        let cause = Cause(.shutdown, "the test asked it to stop", by: .unknown)
        supervisor.assumeIsolated { $0.stop(exitStatus: status, because: cause) }
        try? bench.turn(until: "the end") { ended.value != nil }
    }

    func reload() throws -> ReloadReply {
        let supervisor = supervisor
        return try bench.outcome { await supervisor.reload(by: .watch) }
    }

    var phase: Supervisor.Phase { supervisor.assumeIsolated { $0.phase } }
    var generation: UInt64 { supervisor.assumeIsolated { $0.generation } }
    var summary: String { supervisor.assumeIsolated { $0.summary } }
    var names: [String] { supervisor.assumeIsolated { $0.instances.map { "\($0.id)" } } }
    var events: [RoostSupervisor.Event] {
        supervisor.assumeIsolated { supervisor in
            let events = supervisor.events
            return (events.ring.first..<(events.ring.last + 1)).compactMap { events[$0].flatMap(Self.event) }
        }
    }

    /// Whether a rolling restart of the worker was begun under the reason; what comes of it is not a matter of reloads.
    func isRolled(_ name: String, for reason: String) -> Bool {
        events.contains {
            $0.data["roll"] == .string("begun") && $0.data["name"] == .string(name)
                && $0.data["cause"] == .string(reason)
        }
    }

    private static func event(_ event: RoostProtocol.Event) -> RoostSupervisor.Event? {
        guard let kind = RoostSupervisor.Event.Kind(rawValue: event.type),
            let data = (try? JSONParser.parse(event.dataJson))?.objectValue
        else { return nil }
        return RoostSupervisor.Event(kind, time: WallTime(nanoseconds: event.atNs), data: data)
    }

    func handle(_ name: String, _ instance: Int = 0) throws -> WorkerHandle {
        let handle = supervisor.assumeIsolated { $0.handles[InstanceID(name: name, instance: instance)] }
        guard let handle else { throw TestFailure("there is no \(name)/\(instance)") }
        return handle
    }

    func state(_ name: String, _ instance: Int = 0) throws -> RoostPolicy.WorkerState {
        try handle(name, instance).assumeIsolated { $0.state }
    }

    /// What lies in the runtime directory besides what is left to a successor.
    var sockets: [String] { Scratch.names(in: bench.scratch.file("run")).filter { $0.hasSuffix(".sock") } }

    func pid(_ name: String, _ instance: Int = 0) throws -> Int32? {
        try handle(name, instance).assumeIsolated { $0.pid }
    }

    func turn(until state: RoostPolicy.WorkerState, _ name: String, _ instance: Int = 0) throws {
        try bench.turn(until: "\(name)/\(instance) \(state): \(summary)") { try self.state(name, instance) == state }
    }

    /// Plays a worker that is ready: what the supervisor asks of it comes to `answer`.
    func play(_ name: String, _ answer: @escaping @Sendable (IncomingRequest) -> Answer) throws -> Connection {
        let handle = try handle(name)
        try bench.turn(until: "the process of \(name)") { handle.assumeIsolated { $0.pid } != nil }
        let ends = try Bench.socketPair()
        let connection = try TestHandle.attach(handle, ends, bench, answer)
        handle.assumeIsolated { handle in handle.hear(.ready, from: handle.pid ?? 0) }
        return connection
    }

    /// What a well-behaved worker answers; the log takes the methods.
    static func good(_ log: Slot<[Method]>) -> @Sendable (IncomingRequest) -> Answer {
        { request in
            log.value?.append(request.method)
            switch request.method {
            case .prepare:
                var reply = PrepareReply()
                reply.prepared = Prepared()
                return .message(reply)
            case .commit: return .message(Committed())
            case .abort: return .message(Aborted())
            default: return .unknown(request.method)
            }
        }
    }
}
