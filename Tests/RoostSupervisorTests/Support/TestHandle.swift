import CLinux
import Glibc
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport

@testable import RoostSupervisor

/// A worker handle with real children and virtual time, and surroundings that admit at once and remember.
final class TestHandle {
    let bench: Bench
    let handle: WorkerHandle
    let changes = Slot<[WorkerHandle.Change]>([])
    let logs = Slot<[LogRecord]>([])
    let failures = Slot<Int>(0)
    let escalations = Slot<Int>(0)
    let notes = Slot<[CauseTrail.Draft]>([])
    let script: Slot<String>

    init(
        _ script: String,
        isPlain: Bool = true,
        _ change: (inout InstanceSettings) -> Void = { _ in }
    ) throws {
        bench = try Bench(isVirtual: true)
        let current = Slot(script)
        self.script = current
        var settings = InstanceSettings(
            lifecycle: WorkerStateMachine.Settings(),
            heartbeatDeadline: .seconds(2),
            memory: MemoryCeiling(soft: nil, hard: nil),
            isPlain: isPlain
        )
        if isPlain { settings.lifecycle.drain = .zero }
        change(&settings)
        let itself = Slot<WorkerHandle>()
        let (changes, logs, failures, escalations, notes) = (changes, logs, failures, escalations, notes)
        let surroundings = WorkerHandle.Surroundings(
            requestAdmission: { _, _ in itself.value?.assumeIsolated { $0.admitted() } },
            withdrawAdmission: { _ in },
            spawnRequest: { _ in
                let text = current.value ?? ""
                guard text.isEmpty else { return Bench.shell(text, descriptors: [Bench.null, -1, -1]) }
                var request = Bench.shell("", descriptors: [Bench.null, -1, -1])
                request.path = "/none"
                return request
            },
            changed: { changes.value?.append($1) },
            failed: { _, _ in failures.value? += 1 },
            escalate: { _, _ in escalations.value? += 1 },
            note: { _, draft in
                notes.value?.append(draft)
                return UInt64(notes.value?.count ?? 0)
            },
            log: { logs.value?.append($0) }
        )
        handle = WorkerHandle(
            InstanceID(name: "test", instance: 0),
            settings: settings,
            on: bench.reactor,
            surroundings: surroundings
        )
        itself.value = handle
        cut = { itself.value = nil }
    }

    /// Breaks the circle between the handle and its surroundings.
    private let cut: () -> Void

    deinit {
        tell(.stop(.requested))
        handle.assumeIsolated { $0.killGroup() }
        try? bench.turn(until: "the end") { pid == nil }
        cut()
    }

    var state: RoostPolicy.WorkerState { handle.assumeIsolated { $0.state } }
    var pid: Int32? { handle.assumeIsolated { $0.pid } }
    var lastExit: RoostSupervisor.LastExit? { handle.assumeIsolated { $0.lastExit } }
    var states: [RoostPolicy.WorkerState] { changes.value?.map(\.to) ?? [] }

    func tell(_ event: WorkerStateMachine.Event, because cause: Cause? = nil) {
        handle.assumeIsolated { $0.handle(event, because: cause) }
    }
    func ready() { says(.ready) }
    /// Has the process say it over its connection.
    func says(_ message: WorkerHandle.Message) {
        handle.assumeIsolated { handle in handle.hear(message, from: handle.pid ?? 0) }
    }

    func turn(until state: RoostPolicy.WorkerState) throws {
        try bench.turn(until: "\(state), it is \(self.state)") { self.state == state }
    }

    /// Lines that the process has written.
    var output: [String] { logs.value?.filter { $0.source.name == "test" }.map(\.message) ?? [] }

    /// Waits for a line of the process.
    func turn(untilLine line: String) throws { try bench.turn(until: "the line \(line)") { output.contains(line) } }

    /// Starts it and waits until the script has said "up".
    func start() throws {
        tell(.start)
        try turn(untilLine: "up")
    }

    /// The process beside the serving one.
    var otherPID: Int32? { handle.assumeIsolated { $0.other?.pid } }

    /// Begins a rolling restart; its outcome comes into the slot.
    func roll(_ cause: StopCause = .requested) -> Slot<RollOutcome> {
        let outcome = Slot<RollOutcome>()
        let handle = handle
        bench.reactor.start { outcome.value = await handle.roll(for: cause, because: .verb("restart --rolling", by: .unknown)) }
        bench.reactor.runUntilIdle()
        return outcome
    }

    /// Has the process beside the serving one dial, and answer what it is asked.
    func attachOther(_ answer: @escaping @Sendable (IncomingRequest) -> Answer) throws -> Connection {
        let pid = try otherPID.required("a process beside the serving one")
        return try Self.attach(handle, try Bench.socketPair(), bench, pid: pid, answer)
    }

    func otherSays(_ message: WorkerHandle.Message) {
        let pid = otherPID ?? 0
        handle.assumeIsolated { $0.hear(message, from: pid) }
        bench.reactor.runUntilIdle()
    }

    /// A connection of the process as the supervisor has it, and what the process is asked on it.
    func attach(_ answer: @escaping @Sendable (IncomingRequest) -> Answer) throws -> Connection {
        let ends = try Bench.socketPair()
        return try Self.attach(handle, ends, bench, answer)
    }

    static func attach(
        _ handle: WorkerHandle,
        _ ends: [Int32],
        _ bench: Bench,
        pid: Int32? = nil,
        _ answer: @escaping @Sendable (IncomingRequest) -> Answer
    ) throws -> Connection {
        var hello = Hello()
        hello.role = .worker
        hello.generation = 1
        let supervisor = Connection(
            try ReactorByteStream(Descriptor(owning: ends[0]), on: bench.reactor),
            .acceptor,
            identity: Hello()
        )
        let worker = Connection(
            try ReactorByteStream(Descriptor(owning: ends[1]), on: bench.reactor),
            .dialler,
            identity: hello,
            handler: ConnectionHandler(request: answer)
        )
        try supervisor.assumeIsolated { try $0.start() }
        try worker.assumeIsolated { try $0.start() }
        try bench.turn(until: "the handshake") { supervisor.assumeIsolated { $0.peer != nil } }
        handle.assumeIsolated { $0.attach(supervisor, of: pid ?? $0.pid ?? 0) }
        return worker
    }
}

extension Optional {
    /// - Throws: `TestFailure` when there is none.
    fileprivate func required(_ what: String) throws -> Wrapped {
        guard let self else { throw TestFailure("there is no \(what)") }
        return self
    }
}
