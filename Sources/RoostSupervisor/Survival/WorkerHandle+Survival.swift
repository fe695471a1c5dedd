import Glibc
import RoostPolicy
import RoostProtocol
import RoostReactor

// What an instance leaves to the next supervisor, and how it goes on there.
extension WorkerHandle {
    /// Everything that a successor needs to know of it.
    var saved: SavedInstance {
        var saved = SavedInstance()
        saved.name = id.name
        saved.instance = UInt32(clamping: id.instance)
        let memory = machine.memory
        saved.phase = SavedPhase(memory.phase)
        saved.wanted = memory.isWanted
        saved.askedFor = memory.isAskedFor
        saved.stopCause = memory.stopCause.map { .init($0.exitReason) } ?? .unspecified
        saved.streak = UInt32(clamping: memory.streak)
        saved.failuresNs = memory.failures.map(\.nanoseconds)
        saved.restarts = restarts
        saved.incarnations = incarnations
        saved.lastExit = lastExit?.message
        saved.reason = reason
        saved.process = current?.saved
        saved.roll = savedRoll
        trail.save(in: &saved)
        return saved
    }

    /// Takes over what another supervisor knew of the instance, and its process if that is still there. Nothing is
    /// started before `resume`.
    ///
    /// - Parameters:
    ///   - spawned: a process that was being started when that supervisor died.
    ///   - ends: where a process's log comes from.
    func restore(_ saved: SavedInstance, spawned: SavedProcess?, ends: @Sendable (SavedProcess) -> LogEnds?) {
        var memory = WorkerStateMachine.Memory(saved)
        // Its supervisor died while it stopped everything.
        if memory.isWanted, memory.phase == .stopped { memory.phase = .waiting }
        let spawned = spawned.flatMap { $0.pid == saved.process?.pid ? nil : $0 }
        // Nobody starts what is not wanted: it was wanted in that supervisor's last moment.
        if spawned != nil { memory.isWanted = true }
        let hadProcess = memory.phase.hasProcess || saved.process != nil
        if hadProcess || spawned != nil, !memory.phase.hasProcess {
            // Also a phase that only a later version knows: what runs is never started a second time.
            memory.phase =
                memory.isWanted
                ? .starting(until: reactor.now.advanced(by: settings.lifecycle.startTimeout))
                : .ending(.draining, until: reactor.now, readySince: nil)
        }
        let most = UInt64.max / 2  // whatever is read, counting on is possible
        (restarts, incarnations, reason) = (min(saved.restarts, most), min(saved.incarnations, most), saved.reason)
        if spawned != nil, !hadProcess {
            restarts += incarnations > 0 ? 1 : 0
            incarnations += 1
        }
        lastExit = saved.lastExit.map { LastExit($0) }
        if let process = hadProcess ? saved.process : spawned {
            var settings = settings
            settings.isPlain = process.plain
            let incarnation = makeIncarnation(settings)
            let isThere = incarnation.adopt(
                process,
                ends(process),
                lineLimit: settings.logLineLimit,
                log: surroundings.log
            )
            if isThere { current = incarnation }
        }
        machine = WorkerStateMachine(settings: settings.lifecycle, memory: memory)
        trail = CauseTrail(id, saved)
        restoreRoll(saved, spawned: hadProcess ? spawned : nil, ends: ends)
    }

    /// To be kept over this supervisor's death.
    var keptDescriptors: [(name: String, number: Int32)] {
        (current?.keptDescriptors ?? []) + (other?.keptDescriptors ?? [])
    }

    /// What has died with nobody to see it has its end noted now; says whether that was so.
    @discardableResult
    func settleGone() -> Bool {
        guard machine.hasProcess, current == nil else { return false }
        exited(.unknown)
        return true
    }

    /// Goes on: with the process that was adopted, or with what follows its end.
    func resume(because adoption: Cause) {
        defer { resumeRoll() }
        guard !settleGone() else { return }
        if let pid { note(.adopted, because: adoption, pid: pid) }
        armDeadline()
        switch machine.phase {
        case .waiting: surroundings.requestAdmission(id, machine.policy.streak)
        case .starting where isPlain: current?.awaitSettling()
        case .running, .parked: watch()
        case .stopped, .spawning, .starting, .ending, .backoff, .quarantined: break
        }
    }
}

extension WorkerStateMachine.Phase {
    var hasProcess: Bool {
        switch self {
        case .starting, .running, .parked, .ending: true
        case .stopped, .waiting, .spawning, .backoff, .quarantined: false
        }
    }
}

extension WorkerStateMachine.Memory {
    fileprivate init(_ saved: SavedInstance) {
        self.init(
            phase: WorkerStateMachine.Phase(saved.phase ?? SavedPhase(), of: saved.process),
            isWanted: saved.wanted,
            isAskedFor: saved.askedFor,
            stopCause: StopCause(saved.stopCause),
            streak: Int(saved.streak),
            failures: saved.failuresNs.map { MonotonicInstant(nanoseconds: $0) }
        )
    }
}

extension SavedPhase {
    init(_ phase: WorkerStateMachine.Phase) {
        self.init()
        switch phase {
        case .stopped: kind = .stopped
        // Between the two actions nothing is saved but by the spawn itself, which notes its process.
        case .waiting, .spawning: kind = .waiting
        case .starting(let until): (kind, untilNs) = (.starting, until.nanoseconds)
        case .running(let since): (kind, readySinceNs) = (.running, since.nanoseconds)
        case .parked: kind = .parked
        case .ending(let step, let until, let readySince):
            switch step {
            case .draining: kind = .draining
            case .terminating: kind = .terminating
            case .aborting: kind = .aborting
            case .killing: kind = .killing
            }
            (untilNs, readySinceNs) = (until.nanoseconds, readySince?.nanoseconds)
        case .backoff(let until): (kind, untilNs) = (.backoff, until.nanoseconds)
        case .quarantined: kind = .quarantined
        }
    }
}

extension WorkerStateMachine.Phase {
    /// - Parameter process: what is left in a phase that only a later version knows; it is never taken for none.
    init(_ saved: SavedPhase, of process: SavedProcess? = nil) {
        let until = MonotonicInstant(nanoseconds: saved.untilNs)
        let readySince = saved.readySinceNs.map { MonotonicInstant(nanoseconds: $0) }
        switch saved.kind {
        case .stopped: self = .stopped
        case .starting: self = .starting(until: until)
        case .running: self = .running(since: readySince ?? until)
        case .parked: self = .parked
        case .draining: self = .ending(.draining, until: until, readySince: readySince)
        case .terminating: self = .ending(.terminating, until: until, readySince: readySince)
        case .aborting: self = .ending(.aborting, until: until, readySince: readySince)
        case .killing: self = .ending(.killing, until: until, readySince: readySince)
        case .backoff: self = .backoff(until: until)
        case .quarantined: self = .quarantined
        case .waiting, .unspecified: self = .waiting
        default:
            guard let process else {
                self = .waiting
                return
            }
            let spawned = MonotonicInstant(nanoseconds: process.spawnedAtNs)
            let isStarting = readySince == nil && saved.untilNs > 0
            self = isStarting ? .starting(until: until) : .running(since: readySince ?? spawned)
        }
    }
}

extension StopCause {
    init?(_ reason: RoostProtocol.ExitReason) {
        switch reason {
        case .requested: self = .requested
        case .hung: self = .hung
        case .memory: self = .memory
        case .startTimeout: self = .startTimeout
        case .dependency: self = .dependency
        case .configuration: self = .configuration
        case .upgrade: self = .upgrade
        default: return nil
        }
    }
}
