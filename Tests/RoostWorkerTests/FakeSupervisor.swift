import CLinux
import Glibc
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport

@testable import RoostWorker

/// A worker process's insides and the supervisor's end of its connection, on one loop that the test's thread turns.
final class FakeSupervisor {
    let clock = VirtualClock()
    let reactor: Reactor
    let scratch: Scratch
    let runtime: WorkerRuntime
    let log = Slot<[String]>([])
    /// What the worker has said, in its order.
    let heard = Slot<[Method]>([])
    let heartbeats = Slot<[Heartbeat]>([])
    let hellos = Slot<[Hello]>([])
    private let connections = Slot<[Connection]>([])
    private var listener: RoostIPC.Listener?
    private let pipe: (read: Int32, write: Int32)
    private let workerLog: WorkerLog

    init(isSupervised: Bool = true, held: [WorkerListener] = [], _ change: (inout Prepare) -> Void = { _ in }) throws {
        reactor = try Reactor(clock: .virtual(clock))
        scratch = try Scratch()
        var ends: [Int32] = [-1, -1]
        guard roost_pipe(&ends) == 0 else { throw TestFailure("no pipe") }
        pipe = (ends[0], ends[1])
        var identity = Hello()
        identity.role = .worker
        identity.name = "test"
        identity.pid = getpid()
        var start = Prepare()
        start.generation = 1
        start.configuration = Array("one".utf8)
        start.heartbeatIntervalMs = 500
        start.leaseMs = 10_000
        start.drainMs = 30_000
        change(&start)
        self.start = start
        workerLog = WorkerLog(descriptor: ends[1], isOwnPipe: true)
        runtime = WorkerRuntime(
            reactor,
            identity: identity,
            log: workerLog,
            runtimeDirectory: isSupervised ? scratch.path : nil,
            start: start,
            held: held
        )
        // As in a process, where both end with everything else: a task may still be on its way to the loop.
        _ = Unmanaged.passRetained(runtime)
        _ = Unmanaged.passRetained(reactor)
    }

    deinit {
        leave()
        reactor.runUntilIdle()
        close(pipe.read)
        close(pipe.write)
    }

    let start: Prepare

    var context: WorkerContext {
        WorkerContext(name: "test", instance: 0, reactor: reactor, log: workerLog, listeners: [], process: runtime)
    }

    /// Binds the supervisor's socket and answers there.
    func come(admitting: Bool = true, _ opened: @escaping @Sendable (Connection) -> Void = { _ in }) throws {
        var identity = Hello()
        identity.role = .supervisor
        identity.name = "roostd"
        identity.pid = getpid()
        let (hellos, connections, heard, heartbeats) = (hellos, connections, heard, heartbeats)
        let handler = ConnectionHandler(
            admit: { (_, hello) throws(RequestFailure) in
                hellos.value?.append(hello)
                if !admitting { throw RequestFailure(.refused, "not you") }
            },
            opened: { connection in
                connections.value?.append(connection)
                opened(connection)
            },
            event: { event in
                heard.value?.append(event.method)
                if event.method == .heartbeat, let heartbeat = try? Heartbeat(decoding: event.payload) {
                    heartbeats.value?.append(heartbeat)
                }
            }
        )
        let listener = RoostIPC.Listener(
            try UnixSocket.bind(scratch.file("roostd.sock")),
            on: reactor,
            identity: identity,
            handler: handler
        )
        try listener.assumeIsolated { try $0.start() }
        self.listener = listener
    }

    /// Goes as a killed supervisor does.
    func leave() {
        listener?.assumeIsolated { $0.close() }
        listener = nil
        connections.value = []
        unlink(scratch.file("roostd.sock"))
    }

    /// The worker's present connection.
    var connection: Connection {
        get throws {
            guard let connection = connections.value?.last else { throw TestFailure("the worker has not come") }
            return connection
        }
    }

    /// Begins as `WorkerMain` does.
    func begin(_ service: TestService, socket: Int32? = nil) {
        let (runtime, start) = (runtime, start)
        let actions = ServiceActions(service)
        reactor.start {
            do { try await runtime.begin(actions, start, socket: socket) } catch { await runtime.end(78) }
        }
    }

    /// Comes, begins, and waits until the worker says that it is ready.
    func attach(_ service: TestService, socket: Int32? = nil) throws {
        try come()
        begin(service, socket: socket)
        try turn(until: "readiness") { heard.value?.contains(.ready) == true }
    }

    func turn(until what: String, _ holds: () throws -> Bool) throws {
        let end = ContinuousClock.now.advanced(by: .seconds(8))
        reactor.runUntilIdle()
        while try !holds() {
            guard ContinuousClock.now < end else { throw TestFailure("not in time: \(what)") }
            usleep(200)
            reactor.runUntilIdle()
        }
    }

    func advance(_ duration: Duration) {
        clock.advance(by: duration)
        reactor.runUntilIdle()
    }

    /// Starts to ask the worker; the slot takes the outcome.
    func ask(_ method: Method, _ message: some ProtobufMessage) throws -> Slot<Result<[UInt8], any Error>> {
        let (slot, connection, payload) = (Slot<Result<[UInt8], any Error>>(), try connection, message.encoded())
        reactor.start {
            do {
                slot.value = .success(try await connection.request(method, payload))
            } catch {
                slot.value = .failure(error)
            }
        }
        reactor.runUntilIdle()
        return slot
    }

    /// Asks the worker and waits.
    func answer<Reply: ProtobufMessage>(
        _ method: Method,
        _ message: some ProtobufMessage,
        _: Reply.Type
    ) throws -> Reply {
        let slot = try ask(method, message)
        try turn(until: "an answer") { slot.value != nil }
        guard let result = slot.value else { throw TestFailure("no answer") }
        return try Reply(decoding: try result.get())
    }

    /// The lines of the worker's log since the last look.
    func logged() -> String {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(pipe.read, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    static func prepare(_ generation: UInt64, _ section: String) -> Prepare {
        var message = Prepare()
        message.generation = generation
        message.configuration = Array(section.utf8)
        message.heartbeatIntervalMs = 500
        message.leaseMs = 10_000
        message.drainMs = 30_000
        return message
    }

    static func commit(_ generation: UInt64) -> Commit {
        var message = Commit()
        message.generation = generation
        return message
    }
}

/// A value that comes later, on the one thread of a test.
final class Slot<Value>: @unchecked Sendable {  // used on the thread of the loop only
    var value: Value?
    init(_ value: Value? = nil) { self.value = value }
}

/// A worker of the tests: remembers what it was asked, and does it when it is let.
actor TestService: WorkerService {
    nonisolated let reactor: Reactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
    let context: WorkerContext

    private(set) var inForce: [String] = []
    private(set) var drains = 0
    private(set) var takenOver: [String] = []
    var completed: UInt64 = 0
    var pending: UInt64 = 0
    /// Whether a step waits for `release`.
    private var holdsPrepare: Set<String> = []
    private var holdsDrain = false
    private var held: [CheckedContinuation<Void, Never>] = []
    private var parksAt: String?

    init(_ context: WorkerContext) {
        self.context = context
        reactor = context.reactor
    }

    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    func prepare(_ section: [UInt8], generation: UInt64) async throws -> String {
        let text = String(decoding: section, as: UTF8.self)
        if text == "bad" { throw Fault(description: "it is bad; make it good") }
        if holdsPrepare.remove(text) != nil { await hold() }
        return text
    }

    func commit(_ prepared: String) async {
        inForce.append(prepared)
        if prepared == parksAt { context.park("nothing to do") }
    }

    func takeOver(_ listeners: [WorkerListener]) { takenOver += listeners.map { "\($0.name) \($0.descriptor)" } }

    func drain(within limit: Duration, idle: Duration) async -> UInt64 {
        drains += 1
        if holdsDrain { await hold() }
        return 3
    }

    func progress() -> WorkerProgress {
        var progress = WorkerProgress()
        progress.oldestRequestAge = .milliseconds(7)
        progress.sources = [
            .init(name: "jobs", completed: completed, pending: pending, stallAfter: .seconds(3)),
            .init(name: "other", completed: 0, pending: 0, stallAfter: nil),
        ]
        return progress
    }

    func metrics() -> [Metric] { [] }

    private func hold() async { await withCheckedContinuation { held.append($0) } }

    // What the tests steer; on the loop's thread.
    var isHeld: Bool { !held.isEmpty }
    func holdPrepare(of section: String) { holdsPrepare.insert(section) }
    func holdDrain() { holdsDrain = true }
    func park(at section: String) { parksAt = section }
    func set(completed: UInt64, pending: UInt64) { (self.completed, self.pending) = (completed, pending) }
    func release() {
        let waiting = held
        held = []
        for continuation in waiting { continuation.resume() }
    }
}
