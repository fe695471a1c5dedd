import CLinux
import Glibc
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

/// One process of an instance, with everything that lives and ends with it: the log pipe, the connection, the watch over
/// its heartbeats, its figures. It tells its `WorkerHandle` what happens to it and decides nothing.
final class Incarnation {
    /// What an incarnation tells.
    enum News: Sendable {
        case exited(ExitStatus)
        /// A plain program has survived its first moments, which makes it ready.
        case settled
        /// It breathes or works no more.
        case hung(HealthStateMachine.Reason)
        case memoryExceeded(isHard: Bool, bytes: Int)
    }

    let id: InstanceID
    /// Whether it is any program, without a heartbeat and a connection, rather than one built with the worker kit.
    let isPlain: Bool
    let reactor: Reactor
    private let report: (_ pid: Int32, News) -> Void

    private(set) var pid: Int32 = 0
    private(set) var spawnedAt = MonotonicInstant(nanoseconds: 0)
    private var child: ChildProcess?
    private var logPipe: LogPipe?
    /// What the log pipe's read end and the tape are in the process itself.
    private var logNumbers: (pipe: Int32, tape: Int32) = (0, 0)
    private(set) var connection: Connection?
    /// The configuration generation that it works with.
    var generation: UInt64 = 0
    private(set) var figures: ProcessFigures?
    private var memory: MemoryCeiling

    var health: HealthStateMachine?
    var heartbeatDeadline: Duration
    var healthTimer: TimerToken?
    var lastHeartbeat: MonotonicInstant?
    /// At the last heartbeat: when it was, how long the process had run, and how long it had waited for a CPU.
    var atHeartbeat: (instant: MonotonicInstant, run: Duration, wait: Duration)?
    private var settleTimer: TimerToken?
    /// What a report about its end will tell.
    var flight = FlightLog()
    /// Started beside the serving process: what it has inherited waits until it is told that it was promoted.
    var isHeld = false

    /// - Parameter report: called on the loop.
    init(
        _ id: InstanceID,
        settings: InstanceSettings,
        on reactor: Reactor,
        report: @escaping (_ pid: Int32, News) -> Void
    ) {
        self.id = id
        isPlain = settings.isPlain
        self.reactor = reactor
        self.report = report
        heartbeatDeadline = settings.heartbeatDeadline
        memory = settings.memory
    }

    /// Starts the process; the descriptors 1 and 2 of the request become its log pipe.
    ///
    /// - Throws: `SpawnError`, or the `SystemError` of the pipe.
    func start(
        _ request: SpawnRequest,
        noting cell: UnsafeMutablePointer<roost_spawn_cell>?,
        lineLimit: Int,
        log: @escaping (LogRecord) -> Void
    ) throws {
        var request = request
        let origin = LogRecord.Source(name: id.name, instance: id.instance, pid: 0)
        let pipe = try LogPipe(reactor, source: origin, lineLimit: lineLimit, emit: log)
        request.descriptors.replaceSubrange(1...2, with: [pipe.writeEnd, pipe.writeEnd])
        // The process itself holds what a supervisor needs that comes when this one is gone.
        let tape = Descriptor(owning: pipe.tape.openForReading())
        logNumbers = (Int32(request.descriptors.count), Int32(request.descriptors.count + 1))
        request.descriptors += [pipe.readEnd, tape.number]
        if !isPlain { request.listenerNames += ["log.pipe", "log.tape"] }
        let child = try ChildProcess(request, on: reactor, noting: cell) { [unowned self] status in exited(status) }
        pipe.closeWriteEnd()
        pipe.speak(for: LogRecord.Source(name: id.name, instance: id.instance, pid: child.pid))
        (self.child, logPipe, pid, spawnedAt) = (child, pipe, child.pid, reactor.now)
        flight.begin(pid: pid, isPlain: isPlain, path: request.path, at: reactor.now)
    }

    /// Takes over the process of a supervisor before this one; false if it is gone. What it has written is not, if
    /// somebody has kept it.
    func adopt(_ saved: SavedProcess, _ ends: LogEnds?, lineLimit: Int, log: @escaping (LogRecord) -> Void) -> Bool {
        let origin = LogRecord.Source(name: id.name, instance: id.instance, pid: saved.pid)
        if let ends {
            logPipe = try? LogPipe(
                adopting: ends.pipe,
                LogTape(adopting: ends.tape) { _ in ends.recorded },
                on: reactor,
                source: origin,
                lineLimit: lineLimit,
                emit: log
            )
        }
        logNumbers = (saved.pipeNumber, saved.tapeNumber)
        let child = ChildProcess(adopting: saved.pid, startTime: saved.startTime, on: reactor) {
            [unowned self] status in
            exited(status)
        }
        spawnedAt = saved.spawnedAtNs == 0 ? reactor.now : MonotonicInstant(nanoseconds: saved.spawnedAtNs)
        (pid, generation, isHeld) = (saved.pid, saved.generation, saved.held)
        flight.begin(pid: pid, isPlain: isPlain, path: ProcessFigures.executable(pid: pid), at: spawnedAt)
        flight.isAdopted = true
        guard let child else {
            endLog()
            return false
        }
        self.child = child
        return true
    }

    /// What a successor needs to adopt it.
    var saved: SavedProcess {
        var process = SavedProcess()
        process.pid = pid
        process.startTime = child?.startTime ?? 0
        process.plain = isPlain
        process.spawnedAtNs = spawnedAt.nanoseconds
        process.generation = generation
        process.held = isHeld
        (process.pipeNumber, process.tapeNumber) = logNumbers
        return process
    }

    /// To be kept over this supervisor's death.
    var keptDescriptors: [(name: String, number: Int32)] {
        guard let logPipe else { return [] }
        return [("pipe.\(pid)", logPipe.readEnd), ("tape.\(pid)", logPipe.tape.descriptor)]
    }

    /// Has a plain program count as ready when it has survived so long without saying so (sd_notify(3)).
    func awaitSettling(for time: Duration = .milliseconds(100)) {
        settleTimer = reactor.schedule(after: time) { [unowned self] in report(pid, .settled) }
    }

    func endSettling() {
        if let settleTimer { reactor.cancel(settleTimer) }
        settleTimer = nil
    }

    private func exited(_ status: ExitStatus) {
        connection?.streamIsReadable()  // its last words; the descriptor of the process may come first
        endLog()
        flight.hasDumpedCore = child?.hasDumpedCore
        flight.generation = generation
        child = nil
        endWatch()
        endSettling()
        disconnect()
        report(pid, .exited(status))
    }

    /// Takes what the process has written last. The tape stays for whoever reports its end.
    private func endLog() {
        logPipe?.end()
        flight.tape = logPipe?.tape
        logPipe = nil
    }

    /// Sends a signal; nothing happens if the process is gone.
    func signal(_ signal: Int32) { child?.signal(signal) }

    /// Sends a signal to the process and its group.
    func signalGroup(_ signal: Int32) { child?.signalGroup(signal) }

    func tell(_ news: News) { report(pid, news) }
}

// MARK: - Its connection

extension Incarnation {
    /// The process has dialled.
    func attach(_ connection: Connection) {
        let former = self.connection
        self.connection = connection
        if let former, former !== connection { former.assumeIsolated { $0.close() } }
        generation = connection.assumeIsolated { $0.peer?.hello.generation } ?? 0
        flight.version = connection.assumeIsolated { $0.peer?.hello.executableVersion } ?? ""
    }

    /// The connection is gone. The process may still be well; its heartbeats decide.
    func detach(_ connection: Connection) {
        if self.connection === connection { self.connection = nil }
    }

    private func disconnect() {
        connection?.assumeIsolated { $0.close() }
        connection = nil
    }
}

// MARK: - Its figures

extension Incarnation {
    /// Takes changed settings; they act from the next sample and heartbeat on.
    func apply(_ settings: InstanceSettings) {
        memory = settings.memory
        guard heartbeatDeadline != settings.heartbeatDeadline else { return }
        heartbeatDeadline = settings.heartbeatDeadline
        if health != nil { beginWatch() }  // the worker keeps to its new interval from now on
    }

    /// Reads the process's figures; called once per tick.
    func sample() {
        guard child != nil, let figures = ProcessFigures(pid: pid) else { return }
        self.figures = figures
        flight.note(figures, descriptors: ProcessFigures.descriptorCount(pid: pid), at: reactor.now)
        switch memory.sample(figures.residentBytes) {
        case .within: break
        case .softExceeded: report(pid, .memoryExceeded(isHard: false, bytes: figures.residentBytes))
        case .hardExceeded: report(pid, .memoryExceeded(isHard: true, bytes: figures.residentBytes))
        }
    }
}
