import RoostPolicy

/// A random life of one instance with rolling restarts: both machines, joined as their caller joins them, against an
/// environment that has processes, grants and operators. The same seed gives the same life.
struct RollTrace {
    /// A broken invariant, after `step` events.
    struct Fault: Error { let step: Int, complaint: String }

    private struct Process {
        let number: Int
        let obeys: Bool
        var ends: Int64?  // when it will have ended, in ms
    }

    /// What the environment knows of the roll under way.
    private struct Watch {
        let incumbent: Int
        var outcomes = 0
        var heartbeats = 0
        var isReady = false
        var isProbed = false
        var isProbing = false
        var hasEntered = false
        var isEntering = false
        var isTouched = false  // the serving process was asked to end by its own machine
    }

    private var random: SplitMix64
    private var worker: WorkerStateMachine
    private var roll: RollStateMachine?
    private var settings = RollStateMachine.Settings()
    private var watch: Watch?
    private var now: Int64 = 1000
    private var current: Process?
    private var other: Process?
    private var spawned = 0
    private var reaped = 0
    private var isRequested = false
    private var isShutDown = false
    private var step = 0
    private let keepsLog: Bool
    private(set) var log: [String] = []
    /// The outcomes and phases that the life has seen.
    private(set) var seen: Set<String> = []

    init(seed: UInt64, keepsLog: Bool = false) {
        random = SplitMix64(seed: seed)
        self.keepsLog = keepsLog
        var lifecycle = WorkerStateMachine.Settings()
        lifecycle.restart.rule = RestartRule.allCases.randomElement(using: &random) ?? .permanent
        lifecycle.restart.intensity = Int.random(in: 0...5, using: &random)
        lifecycle.drain = [.zero, .milliseconds(1), .seconds(30)].randomElement(using: &random) ?? .zero
        worker = WorkerStateMachine(settings: lifecycle)
        settings.drain = lifecycle.drain
        settings.isProbed = Bool.random(using: &random)
        settings.isTold = Bool.random(using: &random)
        settings.heartbeats = Int.random(in: 0...3, using: &random)
    }

    /// Lives; throws `Fault` at the first broken invariant.
    mutating func run(steps: Int) throws(Fault) {
        try tell(.start)
        for _ in 0..<steps {
            advance(atMost: Int64.random(in: 0...3000, using: &random))
            try takeStep()
            guard worker.hasProcess == (current != nil), roll?.hasProcess ?? false == (other != nil) else {
                throw fault("lost count of its processes")
            }
        }
        try stopForGood()
    }

    /// A stop ends both processes within their steps, though they obey SIGKILL only.
    private mutating func stopForGood() throws(Fault) {
        isShutDown = true
        let begun = now
        try tell(.stop(.requested))
        var events = 0
        while worker.phase != .stopped || other != nil {
            events += 1
            guard events < 100 else { throw fault("a stop does not end") }
            guard try takeDue() else {
                let before = now
                advance(atMost: .max)
                guard now > before else { throw fault("nothing would ever end \(worker.phase), \(roll?.phase as Any)") }
                continue
            }
        }
        guard now - begun <= 36_000 + 2 * Self.longestDying else { throw fault("the stop took \(now - begun) ms") }
        guard current == nil, roll == nil, !isRequested, spawned == reaped else { throw fault("something is left") }
    }

    // MARK: The environment

    private static let longestDying: Int64 = 12_000
    private var instant: MonotonicInstant { MonotonicInstant(nanoseconds: now * 1_000_000) }

    /// Moves time on, but not past what is due on the way.
    private mutating func advance(atMost limit: Int64) {
        var next: Int64 = limit == .max ? .max : now + limit
        for deadline in [worker.deadline, roll?.deadline].compactMap(\.self) {
            next = min(next, (deadline.nanoseconds + 999_999) / 1_000_000)
        }
        for ends in [current?.ends, other?.ends].compactMap(\.self) { next = min(next, ends) }
        if next != .max { now = max(now, next) }
    }

    /// Lets happen what is due by the clock; false: nothing.
    private mutating func takeDue() throws(Fault) -> Bool {
        if let ends = current?.ends, ends <= now {
            try exitCurrent()
        } else if let ends = other?.ends, ends <= now {
            try exitOther()
        } else if let deadline = worker.deadline, deadline <= instant {
            try tell(.deadlinePassed)
        } else if let deadline = roll?.deadline, deadline <= instant {
            try feed(.deadlinePassed)
        } else {
            return false
        }
        return true
    }

    private mutating func takeStep() throws(Fault) {
        if try takeDue() { return }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<4: try tell(.stop(.requested))
        case 4..<10: try tell(.start)
        case 10..<13: try tell(.restart(Bool.random(using: &random) ? .requested : .dependency))
        case 13..<30: try begin()
        case 30..<40: if isRequested { try grant() }
        case 40..<50: if current != nil { try tell(.ready) }
        case 50..<52: if current != nil { try tell(.hung) }
        case 52..<54: if current != nil { try tell(.memoryExceeded(isHard: true)) }
        case 54..<57: if current != nil { try exitCurrent() }
        case 57..<59: if other != nil { try exitOther() }
        case 59..<61: if roll != nil { try feed(.unfit("it is parked")) }
        default: try favour()
        }
    }

    /// What has to come next for everything to go well.
    private mutating func favour() throws(Fault) {
        if isRequested { return try grant() }
        if let roll, roll.hasCandidate, let watch {
            if !watch.isReady { return try feed(.ready) }
            let fails = Int.random(in: 0..<20, using: &random) == 0
            if watch.isProbing { return try feed(.probed(failure: fails ? "scripted" : nil)) }
            if watch.isEntering { return try feed(.entered(failure: fails ? "scripted" : nil)) }
            return try feed(.heartbeat)
        }
        if case .starting = worker.phase { try tell(.ready) }
    }

    private mutating func begin() throws(Fault) {
        guard roll == nil, case .running = worker.phase, let current else { return }
        let roll = RollStateMachine(settings: settings, at: instant)
        (self.roll, watch) = (roll, Watch(incumbent: current.number))
        for action in roll.firstActions { try carryOut(action) }
        try check()
    }

    private mutating func grant() throws(Fault) {
        isRequested = false
        if worker.phase == .waiting { try tell(.admitted) } else { try feed(.admitted) }
    }

    // MARK: As the caller joins the machines

    private mutating func tell(_ event: WorkerStateMachine.Event) throws(Fault) {
        step += 1
        let before = worker.phase
        let actions = worker.handle(event, at: instant, random: .random(in: 0..<1, using: &random))
        if keepsLog { log.append("\(step) at \(now): \(event) in \(before) -> \(worker.phase) \(actions)") }
        for action in actions { try carryOut(action) }
        if let roll {
            if case .ending(let teardown, let until, _) = worker.phase {
                watch?.isTouched = true
                try feed(.incumbentEnding(teardown, until: until))
            }
            if !worker.isWanted, self.roll != nil, roll.phase != .over { try feed(.stopped) }
        }
        try check()
    }

    private mutating func feed(_ event: RollStateMachine.Event) throws(Fault) {
        guard var machine = roll else { return }
        step += 1
        let before = machine.phase
        note(event)
        let actions = machine.handle(event, at: instant)
        roll = machine
        if keepsLog { log.append("\(step) at \(now): roll \(event) in \(before) -> \(machine.phase) \(actions)") }
        seen.insert("\(machine.phase)".prefix { $0 != "(" }.description)
        for action in actions { try carryOut(action) }
        if roll?.phase == .over {
            guard watch?.outcomes == 1 else { throw fault("\(watch?.outcomes ?? 0) outcomes of one roll") }
            (roll, watch) = (nil, nil)
        }
        try check()
    }

    private mutating func note(_ event: RollStateMachine.Event) {
        guard roll?.hasCandidate ?? false else { return }
        switch event {
        case .ready: watch?.isReady = true
        case .heartbeat: if watch?.isReady ?? false { watch?.heartbeats += 1 }
        case .probed(let failure):
            watch?.isProbing = false
            watch?.isProbed = failure == nil
        case .entered(let failure):
            watch?.isEntering = false
            watch?.hasEntered = failure == nil
        default: break
        }
    }

    private mutating func exitCurrent() throws(Fault) {
        current = nil
        reaped += 1
        let status: ExitStatus =
            [.code(0), .code(1), .signal(9), .signal(11)].randomElement(using: &random) ?? .unknown
        exitStatus = status
        let hadCandidate = roll?.hasCandidate ?? false
        try feed(.incumbentExited)
        guard hadCandidate == (current != nil) else { throw fault("a candidate did not take the place, or nobody did") }
        if current == nil { try tell(.exited(status)) }
    }
    private var exitStatus = ExitStatus.unknown

    private mutating func exitOther() throws(Fault) {
        other = nil
        reaped += 1
        try feed(.exited("scripted"))
        guard roll == nil else { throw fault("over, and not") }
    }

    private mutating func newProcess() throws(Fault) -> Process {
        spawned += 1
        let obeys = Int.random(in: 0..<3, using: &random) > 0
        guard spawned - reaped <= 2 else { throw fault("three processes") }
        return Process(number: spawned, obeys: obeys)
    }

    private mutating func carryOut(_ action: WorkerStateMachine.Action) throws(Fault) {
        switch action {
        case .requestAdmission:
            guard !isRequested else { throw fault("asked for admission twice") }
            isRequested = true
        case .withdrawAdmission:
            guard isRequested else { throw fault("withdrew what was not asked for") }
            isRequested = false
        case .spawn:
            guard current == nil else { throw fault("two serving processes") }
            if Int.random(in: 0..<10, using: &random) == 0 { return try tell(.spawnFailed) }
            current = try newProcess()
            try tell(.spawned)
        case .drain:
            guard let process = current else { throw fault("drained nobody") }
            let ends = end(of: process, within: 40_000)
            current?.ends = ends
        case .signal(let signal):
            guard let process = current else { throw fault("signalled nobody") }
            let ends = end(of: process, by: signal)
            current?.ends = ends
        case .reportFailure, .escalate: break
        }
    }

    private mutating func carryOut(_ action: RollStateMachine.Action) throws(Fault) {
        switch action {
        case .requestAdmission:
            guard !isRequested else { throw fault("asked for admission twice") }
            isRequested = true
        case .withdrawAdmission:
            guard isRequested else { throw fault("withdrew what was not asked for") }
            isRequested = false
        case .spawn:
            guard other == nil else { throw fault("two candidates") }
            if Int.random(in: 0..<10, using: &random) == 0 { return try feed(.spawnFailed("scripted")) }
            other = try newProcess()
            try feed(.spawned)
        case .probe: watch?.isProbing = true
        case .enter: watch?.isEntering = true
        case .promote: try promote()
        case .takeOver(let successor):
            guard current == nil, other != nil else { throw fault("took over from somebody, or nobody") }
            swapProcesses()
            try tell(.succeeded(exitStatus, by: successor))
        case .drain:
            guard let process = other, process.number == watch?.incumbent else { throw fault("drained the wrong one") }
            let ends = end(of: process, within: 40_000)
            other?.ends = ends
        case .signal(let signal):
            guard let process = other else { throw fault("signalled nobody") }
            if case .retiring = roll?.phase {
                guard process.number == watch?.incumbent else { throw fault("ended the promoted one") }
            } else if process.number == watch?.incumbent {
                throw fault("touched the incumbent before the candidate was proved")
            }
            let ends = end(of: process, by: signal)
            other?.ends = ends
        case .tell(let outcome): try conclude(outcome)
        }
    }

    private mutating func swapProcesses() { swap(&current, &other) }

    private mutating func promote() throws(Fault) {
        guard let watch, watch.isReady, watch.heartbeats >= settings.heartbeats, watch.isProbed || !settings.isProbed,
            watch.hasEntered || !settings.isTold
        else { throw fault("promoted without proof") }
        guard worker.isWanted else { throw fault("promoted, and nothing is wanted") }
        guard current?.number == watch.incumbent, other != nil else { throw fault("promoted in nobody's place") }
        swapProcesses()
        try tell(.replaced)
        guard case .running = worker.phase else { throw fault("promoted, and not running") }
    }

    private mutating func conclude(_ outcome: RollStateMachine.Outcome) throws(Fault) {
        guard let watch else { throw fault("an outcome of nothing") }
        self.watch?.outcomes += 1
        switch outcome {
        case .promoted: seen.insert("promoted")
        case .failed:
            seen.insert("failed")
            guard current?.number == watch.incumbent else { throw fault("failed, and the incumbent is gone") }
            guard watch.isTouched || worker.state == .running else { throw fault("failed, and \(worker.state)") }
        case .incumbentEnded:
            seen.insert("incumbentEnded")
            guard current?.number != watch.incumbent else { throw fault("it is still there") }
        }
    }

    private mutating func end(of process: Process, by signal: WorkerStateMachine.Signal) -> Int64? {
        guard signal != .kill else {
            let time = Int.random(in: 0..<20, using: &random) == 0 ? Self.longestDying : 5
            return min(process.ends ?? .max, now + Int64.random(in: 0...time, using: &random))
        }
        return end(of: process, within: 8_000)
    }

    private mutating func end(of process: Process, within limit: Int64) -> Int64? {
        guard process.obeys, !isShutDown else { return process.ends }
        return min(process.ends ?? .max, now + Int64.random(in: 0...limit, using: &random))
    }

    // MARK: Invariants

    private func check() throws(Fault) {
        guard let roll else { return }
        switch roll.phase {
        case .spawning, .over: break
        default:
            guard let deadline = roll.deadline else { throw fault("waits without a deadline") }
            guard instant.duration(to: deadline) <= .seconds(30) else { throw fault("the deadline is too far") }
        }
    }

    private func fault(_ complaint: String) -> Fault { Fault(step: step, complaint: complaint) }
}
