import CLinux
import Glibc
package import RoostIPC
package import RoostProtocol
import RoostReactor

/// The real `roostd` with a configuration of the test's, in a temporary directory of its own.
package final class RunningRoost: @unchecked Sendable {  // what changes is used by the test's own task only
    package let scratch: Scratch
    /// Where `proxy.listen` is, if the configuration text asks for it by `PORT`.
    package let port: UInt16
    package let loop: LoopThread
    package private(set) var daemon: Child
    private var output: Int32
    private var connection: Connection?

    /// Processes of more tests than this at a time are too much for two cores.
    private static let turnstile = Turnstile(4)

    package var configurationPath: String { scratch.file("roost.yaml") }
    package var runtime: String { scratch.file("run") }
    package var pid: Int32 { daemon.pid }
    /// What roostd has written to stdout and stderr: JSON lines, errors of the start as they are.
    package var written: String { Scratch.text(scratch.file("roostd.out")) }

    private let executable: String
    private let user: UInt32?

    private init(
        _ configuration: String,
        _ rules: [String: String],
        environment: [String],
        executable: (Scratch) throws -> String,
        user: UInt32?
    ) throws {
        scratch = try Scratch()
        port = Ports.free()
        loop = try LoopThread()
        try scratch.makeDirectory("rules.d")
        output = roost_open(scratch.file("roostd.out"), O_RDWR | O_CREAT | O_APPEND, 0o644)
        try scratch.write("roost.yaml", Self.filled(configuration, port, scratch))
        for (name, text) in rules { try scratch.write("rules.d/\(name).yaml", text) }
        self.executable = try executable(scratch)
        self.user = user
        if let user { chown(scratch.path, user, user) }
        daemon = try Self.spawn(self.executable, user, scratch, output, environment)
    }

    private static func spawn(
        _ executable: String,
        _ user: UInt32?,
        _ scratch: Scratch,
        _ output: Int32,
        _ environment: [String] = []
    ) throws -> Child {
        try Child(
            executable,
            [
                "--config", scratch.file("roost.yaml"), "--state", scratch.file("state"), "--runtime",
                scratch.file("run"),
            ],
            environment: ["PATH=/usr/bin:/bin:\(scratch.path)", "ROOSTD_ONLY=secret"] + environment,
            output: output,
            user: user
        )
    }

    /// `PORT`, `SCRATCH` and `SCRIPTED` stand for what only the running test knows.
    private static func filled(_ text: String, _ port: UInt16, _ scratch: Scratch) -> String {
        text.replacing("SCRATCH", with: scratch.path).replacing("SCRIPTED", with: Program.path("scripted-worker"))
            .replacing("PORT", with: "\(port)")
    }

    /// As `filled`, for a configuration that is written later.
    package func fill(_ text: String) -> String { Self.filled(text, port, scratch) }

    /// Runs `body` with a roostd that answers, and ends it: with SIGTERM, and whatever happened nothing is left.
    ///
    /// - Parameters:
    ///   - exit: the exit status that the stop has to have; nil: the test has ended roostd itself.
    ///   - executable: makes the roostd that is run, beside programs of the test's own.
    ///   - user: whose process roostd is; needs root.
    /// - Throws: what `body` throws; `TestFailure` when roostd does not come up, does not stop, or leaves something.
    package static func run<Value>(
        _ configuration: String,
        rules: [String: String] = ["welcome": welcome],
        environment: [String] = [],
        exit: Int32? = 0,
        executable: (Scratch) throws -> String = { _ in Program.path("roostd") },
        user: UInt32? = nil,
        _ body: (RunningRoost) async throws -> Value
    ) async throws -> Value {
        await turnstile.enter()
        let value: Result<Value, any Error>
        do {
            let roost = try RunningRoost(
                configuration,
                rules,
                environment: environment,
                executable: executable,
                user: user
            )
            value = await roost.live(exit: exit, body)
        } catch {
            value = .failure(error)
        }
        await turnstile.leave()
        return try value.get()
    }

    private func live<Value>(
        exit: Int32?,
        _ body: (RunningRoost) async throws -> Value
    ) async -> Result<Value, any Error> {
        var result: Result<Value, any Error>
        do {
            await loop.isRunning()
            try await answers()
            let value = try await body(self)
            if exit != nil { try await isInOrder() }
            result = .success(value)
        } catch {
            result = .failure(error)
        }
        if let connection { await connection.close() }
        connection = nil
        do {
            try await end(exit)
        } catch {
            if case .success = result { result = .failure(error) }
        }
        loop.end()
        close(output)
        if case .failure(let error) = result {
            result = .failure(TestFailure("\(error)\n--- roostd wrote ---\n\(written.suffix(6000))"))
        }
        return result
    }

    /// What holds at any time: one thread, and nobody who waits to be reaped.
    private func isInOrder() async throws {
        guard daemon.status == nil else { return }
        let threads = ProcessFacts.threads(pid)
        guard threads == 1 else { throw TestFailure("roostd has \(threads) threads") }
        try await eventually("no zombie below roostd") {
            ProcessFacts.children(of: pid).allSatisfy { ProcessFacts.stat($0)?.state != "Z" }
        }
    }

    private func answers() async throws {
        try await eventually("roostd answers") {
            if let status = daemon.status { throw TestFailure("roostd ended with status \(status)") }
            let reply = try? await status()
            if reply == nil { connection = nil }
            return reply.map { !$0.supervisor!.version.isEmpty } ?? false
        }
    }

    // MARK: The end

    private func end(_ expected: Int32?) async throws {
        defer { killLeftovers() }
        if expected != nil { daemon.signal(SIGTERM) }
        let status = try await daemon.ended(within: .seconds(90))
        if let expected, status != expected { throw TestFailure("roostd ended with status \(status), not \(expected)") }
        guard expected != nil else { return }
        let left = try await leftovers()
        guard left.isEmpty else { throw TestFailure("left behind: \(left.joined(separator: ", "))") }
    }

    /// Every process below roostd has the scratch directory in its PATH, whatever group or session it is in.
    package var processes: [Int32] { ProcessFacts.withEnvironment(containing: scratch.path) }

    /// What a clean stop must not leave.
    private func leftovers() async throws -> [String] {
        // A process that was killed a moment ago is still being taken apart by the kernel.
        _ = try? await eventually("no process is left", within: .seconds(5)) {
            processes.filter(ProcessFacts.isAlive).isEmpty
        }
        var left = processes.filter(ProcessFacts.isAlive).map { pid in
            "pid \(pid) (\(Scratch.text("/proc/\(pid)/comm").dropLast()))"
        }
        left += Scratch.names(in: runtime).filter { !$0.hasSuffix(".sock") && $0 != "roostd.lock" }.map { "run/\($0)" }
        left += Scratch.names(in: scratch.file("state")).filter { !Self.kept.contains($0) }.map { "state/\($0)" }
        left += Scratch.names(in: scratch.file("state/generations")).filter { UInt64($0) == nil }
        return left
    }

    private static let kept: Set = ["generations", "record", "reports"]

    private func killLeftovers() {
        for pid in processes where ProcessFacts.isAlive(pid) { kill(pid, SIGKILL) }
    }

    /// SIGKILL to roostd itself, and a new one in its place, with the same directories.
    package func replaceDaemon(killing: Bool = true) async throws {
        if killing {
            daemon.signal(SIGKILL)
            _ = try await daemon.ended()
        }
        connection = nil
        daemon = try Self.spawn(executable, user, scratch, output)
        try await answers()
    }

    /// Another roostd with the same arguments; not waited for.
    package func secondDaemon(output: Int32) throws -> Child {
        try Self.spawn(executable, user, scratch, output)
    }

    package static let welcome = "name: welcome\npriority: -1000\ncontent: { source: welcome }\n"
}

// MARK: - Asking it

extension RunningRoost {
    /// A connection of its own to a socket in the runtime directory.
    package func connect(to name: String = "roostd") async throws -> Connection {
        var hello = Hello()
        hello.role = .client
        hello.name = "tests"
        hello.pid = getpid()
        return try await Dialer(on: loop.reactor, identity: hello)
            .connect(to: "\(runtime)/\(name).sock", within: .seconds(20))
    }

    /// The connection that the requests below share.
    package func control() async throws -> Connection {
        if let connection { return connection }
        let new = try await connect()
        connection = new
        return new
    }

    package func ask<Reply: ProtobufMessage>(
        _ method: Method,
        _ message: some ProtobufMessage,
        _: Reply.Type = Reply.self
    ) async throws -> Reply {
        try await control().request(method, message, reply: Reply.self, within: .seconds(120))
    }

    package func status(_ names: String...) async throws -> StatusReply {
        var message = StatusRequest()
        message.names = names
        return try await ask(.status, message)
    }

    /// The status of one instance.
    package func worker(_ name: String, _ instance: UInt32 = 0) async throws -> WorkerStatus {
        guard let worker = try await status().workers.first(where: { $0.name == name && $0.instance == instance })
        else {
            throw TestFailure("the status names no \(name)/\(instance)")
        }
        return worker
    }

    package func supervisor() async throws -> SupervisorStatus {
        guard let supervisor = try await status().supervisor else { throw TestFailure("a status without supervisor") }
        return supervisor
    }

    /// Waits until an instance is in the state, and says how it is then.
    @discardableResult
    package func wait(
        for name: String,
        _ instance: UInt32 = 0,
        state: WorkerState = .running,
        within limit: Duration = .seconds(30),
        and holds: (WorkerStatus) -> Bool = { _ in true }
    ) async throws -> WorkerStatus {
        var last: WorkerStatus?
        do {
            return try await eventually("\(name)/\(instance) is \(state)", within: limit) {
                last = try await status().workers.first { $0.name == name && $0.instance == instance }
                return last.flatMap { $0.state == state && holds($0) ? $0 : nil }
            }
        } catch let failure as TestFailure {
            throw TestFailure("\(failure); it is \(last.map { "\($0)" } ?? "absent")")
        }
    }

    package func restart(_ names: String...) async throws -> ChangeReply {
        var message = RestartRequest()
        message.names = names
        return try await ask(.restart, message)
    }

    package func stop(_ names: String...) async throws -> ChangeReply {
        var message = StopRequest()
        message.names = names
        return try await ask(.stop, message)
    }

    package func start(_ names: String...) async throws -> ChangeReply {
        var message = StartRequest()
        message.names = names
        return try await ask(.start, message)
    }

    package func scale(_ name: String, _ instances: UInt32) async throws -> ChangeReply {
        var message = ScaleRequest()
        message.name = name
        message.instances = instances
        return try await ask(.scale, message)
    }

    package func reload() async throws -> ReloadReply { try await ask(.reload, ReloadRequest()) }

    /// Writes a configuration and has it taken over.
    package func reload(_ configuration: String) async throws -> ReloadReply {
        try scratch.replace("roost.yaml", fill(configuration))
        return try await reload()
    }

    /// The events that are kept, those behind `id`.
    package func events(since id: UInt64 = 0) async throws -> [Event] {
        var message = EventsRequest()
        message.sinceId = id
        var all: [Event] = []
        for try await item in try await control().stream(.events, message.encoded()) {
            all += try Events(decoding: item).events
        }
        return all
    }

    /// The log lines that are kept.
    package func logs(_ names: String..., level: LogLevel = .trace) async throws -> [LogLine] {
        var message = LogsRequest()
        message.names = names
        message.level = level
        var all: [LogLine] = []
        for try await item in try await control().stream(.logs, message.encoded()) {
            all += try LogLines(decoding: item).lines
        }
        return all
    }

    /// One request to the proxy on a connection of its own.
    package func get(_ target: String = "/") async throws -> HTTPSocket.Response {
        try await HTTPSocket.get(target, port: port)
    }
}
