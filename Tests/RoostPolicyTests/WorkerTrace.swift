import RoostPolicy

/// A random life of one worker: the machine against an environment that has processes, an admission queue and
/// operators. The same seed gives the same life.
struct WorkerTrace {
    /// A broken invariant, after `step` events.
    struct Fault: Error { let step: Int, complaint: String }

    private struct Process {
        var obeysTerminate: Bool
        var obeysAbort: Bool
        var obeysDrain: Bool
        var ends: Int64?  // when it will have ended, in ms
    }

    private var random: SplitMix64
    private(set) var machine: WorkerStateMachine
    private var now: Int64 = 1000
    private var process: Process?
    private var isRequested = false
    private var isSpawning = false
    private var isShutDown = false  // from here on the environment obeys SIGKILL only
    private var isKind = false  // from here on everything goes well
    private var step = 0
    private let keepsLog: Bool
    private(set) var log: [String] = []
    /// The states that the worker has been in.
    private(set) var visited: Set<WorkerState> = []

    init(seed: UInt64, keepsLog: Bool = false) {
        random = SplitMix64(seed: seed)
        self.keepsLog = keepsLog
        var settings = WorkerStateMachine.Settings()
        settings.restart.rule = RestartRule.allCases.randomElement(using: &random) ?? .permanent
        settings.restart.exceeded = IntensityExceeded.allCases.randomElement(using: &random) ?? .quarantine
        settings.restart.intensity = Int.random(in: 0...5, using: &random)
        settings.drain = [.zero, .milliseconds(1), .seconds(30)].randomElement(using: &random) ?? .zero
        machine = WorkerStateMachine(settings: settings)
    }

    /// Lives; throws `Fault` at the first broken invariant.
    mutating func run(steps: Int) throws(Fault) {
        for _ in 0..<steps {
            advance(atMost: Int64.random(in: 0...4000, using: &random))
            try take(nextEvent())
        }
        if Bool.random(using: &random) { try stopForGood() } else { try startForGood() }
    }

    // MARK: Ends

    /// A stop ends within its steps, though the process obeys SIGKILL only.
    private mutating func stopForGood() throws(Fault) {
        isShutDown = true
        process?.obeysDrain = false
        process?.obeysTerminate = false
        process?.obeysAbort = false
        if process?.ends ?? 0 > now, machine.phase.isBeforeKill { process?.ends = nil }
        let begun = now
        try take(.stop(.requested))
        var events = 0
        while machine.phase != .stopped {
            events += 1
            guard events < 50 else { throw fault("a stop does not end") }
            advance(atMost: .max)
            guard let event = isSpawning ? .spawned : dueEvent() else {
                throw fault("nothing would ever end \(machine.phase)")
            }
            try take(event)
        }
        guard now - begun <= 36_000 + Self.longestDying else { throw fault("the stop took \(now - begun) ms") }
        guard process == nil, !isRequested else { throw fault("stopped, and something is left") }
    }

    /// A start leads to a running process when all goes well.
    private mutating func startForGood() throws(Fault) {
        isKind = true
        try take(.start)
        var events = 0
        while machine.state != .running {
            events += 1
            guard events < 50 else { throw fault("a start does not lead to running") }
            if let event = dueEvent() ?? kindEvent() {
                try take(event)
            } else {
                advance(atMost: .max)
            }
        }
    }

    private mutating func kindEvent() -> WorkerStateMachine.Event? {
        if isSpawning { return .spawned }
        if isRequested { return .admitted }
        return switch machine.phase {
        case .starting, .parked: .ready
        case .stopped, .waiting, .spawning, .running, .ending, .backoff, .quarantined: nil
        }
    }

    // MARK: The environment

    private static let longestDying: Int64 = 12_000  // in state D, longer than the pause between two SIGKILL

    private var instant: MonotonicInstant { MonotonicInstant(nanoseconds: now * 1_000_000) }

    /// Moves time on, but not past what is due on the way.
    private mutating func advance(atMost limit: Int64) {
        var next: Int64 = limit == .max ? .max : now + limit
        if let deadline = machine.deadline { next = min(next, (deadline.nanoseconds + 999_999) / 1_000_000) }
        if let ends = process?.ends { next = min(next, ends) }
        if next != .max { now = max(now, next) }
    }

    /// What is due by the clock: an exit before a deadline, as a shell that looks at descriptors first.
    private mutating func dueEvent() -> WorkerStateMachine.Event? {
        if isSpawning { return nil }
        if let ends = process?.ends, ends <= now { return exit() }
        if let deadline = machine.deadline, deadline <= instant { return .deadlinePassed }
        return nil
    }

    private mutating func exit() -> WorkerStateMachine.Event {
        process = nil
        return .exited(
            [.code(0), .code(1), .signal(9), .signal(11), .unknown].randomElement(using: &random) ?? .unknown
        )
    }

    private mutating func nextEvent() -> WorkerStateMachine.Event {
        if let due = dueEvent() { return due }
        let dice = Int.random(in: 0..<100, using: &random)
        if dice < 12 { return command() }
        if isSpawning { return dice < 80 ? .spawned : .spawnFailed }
        if isRequested, dice < 60 { return .admitted }
        guard process != nil else { return dice < 90 ? .deadlinePassed : stray() }
        return switch dice {
        case 12..<40: .ready
        case 40..<45: .parked
        case 45..<52: .hung
        case 52..<56: .memoryExceeded(isHard: false)
        case 56..<60: .memoryExceeded(isHard: true)
        case 60..<75: exit()
        case 75..<80: .admitted
        default: .deadlinePassed
        }
    }

    private mutating func command() -> WorkerStateMachine.Event {
        let causes: [StopCause] = [.requested, .dependency, .configuration, .upgrade]
        let cause = causes.randomElement(using: &random) ?? .requested
        return [.start, .stop(cause), .restart(cause), .changed].randomElement(using: &random) ?? .start
    }

    /// Messages that outlived their process, and grants that came too late.
    private mutating func stray() -> WorkerStateMachine.Event {
        let strays: [WorkerStateMachine.Event] = [.ready, .parked, .hung, .memoryExceeded(isHard: true)]
        return strays.randomElement(using: &random) ?? .ready
    }

    // MARK: One event

    private mutating func take(_ event: WorkerStateMachine.Event) throws(Fault) {
        step += 1
        let before = machine
        if event == .spawned {
            isSpawning = false
            let isObedient = !isShutDown && Int.random(in: 0..<3, using: &random) > 0
            process = Process(obeysTerminate: isObedient, obeysAbort: isObedient, obeysDrain: isObedient)
        }
        if event == .spawnFailed { isSpawning = false }
        let isGranted = event == .admitted && isRequested
        if event == .admitted { isRequested = false }
        let actions = machine.handle(event, at: instant, random: .random(in: 0..<1, using: &random))
        if keepsLog { log.append("\(step) at \(now): \(event) in \(before.phase) -> \(machine.phase) \(actions)") }
        visited.insert(machine.state)
        for action in actions { try carryOut(action, isGranted: isGranted) }
        try checkState(before, event, actions)
    }

    private mutating func carryOut(_ action: WorkerStateMachine.Action, isGranted: Bool) throws(Fault) {
        switch action {
        case .requestAdmission:
            guard !isRequested else { throw fault("asked for admission twice") }
            isRequested = true
        case .withdrawAdmission:
            guard isRequested else { throw fault("withdrew what was not asked for") }
            isRequested = false
        case .spawn:
            guard isGranted else { throw fault("spawned without admission") }
            guard process == nil, !isSpawning else { throw fault("two live processes") }
            isSpawning = true
        case .drain:
            guard let process else { throw fault("drained nobody") }
            if process.obeysDrain { end(within: 40_000) }
        case .signal(let signal):
            guard let process else { throw fault("signalled nobody") }
            switch signal {
            case .terminate: if process.obeysTerminate { end(within: 8_000) }
            case .abort: if process.obeysAbort { end(within: 100) }
            case .kill: end(within: Int.random(in: 0..<20, using: &random) == 0 ? Self.longestDying : 5)
            }
        case .reportFailure, .escalate: break
        }
    }

    private mutating func end(within limit: Int64) {
        let ends = min(process?.ends ?? .max, now + Int64.random(in: 0...limit, using: &random))
        process?.ends = ends
    }

    // MARK: Invariants

    private func checkState(
        _ before: WorkerStateMachine,
        _ event: WorkerStateMachine.Event,
        _ actions: [WorkerStateMachine.Action]
    ) throws(Fault) {
        guard machine.hasProcess == (process != nil) else { throw fault("lost count of its process") }
        guard (machine.phase == .waiting) == isRequested else { throw fault("waits for what it has not asked for") }
        guard (machine.phase == .spawning) == isSpawning else { throw fault("lost count of its spawn") }
        try checkDeadline()
        if !machine.isWanted { try checkUnwanted(before, actions) }
        if before.phase == .quarantined, machine.phase != .quarantined {
            switch event {
            case .start, .stop, .restart, .changed: break
            case .admitted, .spawned, .spawnFailed, .ready, .parked, .hung, .memoryExceeded, .exited, .deadlinePassed,
                .replaced, .succeeded:
                throw fault("\(event) lifted the quarantine")
            }
        }
    }

    private func checkDeadline() throws(Fault) {
        switch machine.phase {
        case .starting, .ending, .backoff:
            guard let deadline = machine.deadline else { throw fault("waits without a deadline") }
            guard instant.duration(to: deadline) <= .seconds(30) else { throw fault("the deadline is too far") }
        case .stopped, .waiting, .spawning, .running, .parked, .quarantined:
            guard machine.deadline == nil else { throw fault("a deadline and nothing to wait for") }
        }
    }

    private func checkUnwanted(
        _ before: WorkerStateMachine,
        _ actions: [WorkerStateMachine.Action]
    ) throws(Fault) {
        switch machine.phase {
        case .stopped, .spawning, .ending: break
        case .waiting, .starting, .running, .parked, .backoff, .quarantined: throw fault("not wanted, and goes on")
        }
        for action in actions {
            switch action {
            case .withdrawAdmission, .drain, .signal: break
            case .requestAdmission, .spawn, .reportFailure, .escalate: throw fault("\(action), and nothing is wanted")
            }
        }
        guard before.phase != .stopped || actions.isEmpty else { throw fault("acts though it is stopped") }
    }

    private func fault(_ complaint: String) -> Fault { Fault(step: step, complaint: complaint) }
}

extension WorkerStateMachine.Phase {
    /// No SIGKILL is under way.
    fileprivate var isBeforeKill: Bool {
        if case .ending(.killing, _, _) = self { false } else { true }
    }
}
