package import RoostPolicy
package import RoostReactor

/// How the entries about one instance follow from each other: which cause a process is started for, which one it ends
/// for, and which entry each names as its parent.
///
/// A value without I/O: what happened goes in, the entry to note comes out, and `noted` takes the id that it got.
package struct CauseTrail: Sendable {
    /// The newest entry about the instance.
    package private(set) var last: UInt64?
    /// Why the next process is started.
    package private(set) var starting: Cause
    /// Why the present process was told to end.
    package private(set) var ending: Cause?
    /// Why a new process was asked for while the present one ends.
    private var askedFor: Cause?
    /// A signal from somebody else that the present process has told of.
    private var signal: (name: String, sender: SignalSender)?
    /// A fault that was done to the present process on purpose: with which signal, and for whom.
    private var drill: (signal: Int32, cause: Cause)?
    /// Of the last end; its parent is the entry about it.
    package private(set) var outcome: Cause
    /// Of the present process, or the last one.
    package private(set) var pid: Int32?

    private let id: InstanceID

    package init(
        _ id: InstanceID,
        last: UInt64? = nil,
        starting: Cause? = nil,
        ending: Cause? = nil,
        pid: Int32? = nil
    ) {
        let unknown = Cause(.unknown, "", by: .unknown)
        self.id = id
        self.last = last
        self.starting = starting ?? unknown
        self.ending = ending
        self.pid = pid
        outcome = unknown
    }

    /// An entry about the instance, before it has its id.
    package struct Draft: Sendable, Hashable {
        package var step: RecordEntry.Step
        package var pid: Int32?
        package var cause: Cause
        package var decision: Decision?
    }

    /// What an event that took the instance from one state to another has to leave in the record; in order. The caller
    /// notes each and hands its id back before it asks for the next.
    package func drafts(
        _ event: WorkerStateMachine.Event,
        from before: WorkerState,
        to after: WorkerState,
        because cause: Cause?,
        aftermath: WorkerStateMachine.Aftermath?
    ) -> [Draft] {
        let cause = cause ?? Cause(.unknown, "", by: .unknown)
        let begins = after == .waiting && before != .waiting
        let isTold = after == .draining && before != .draining
        switch event {
        case .start, .changed, .restart:
            if isTold { return [Draft(step: .stopping, pid: pid, cause: cause)] }
            return begins && before == .quarantined ? [Draft(step: .lifted, cause: cause)] : []
        case .stop:
            if isTold { return [Draft(step: .stopping, pid: pid, cause: cause)] }
            return after == .stopped && before != .stopped ? [Draft(step: .stopped, cause: cause)] : []
        case .hung, .deadlinePassed: return isTold ? [Draft(step: .stopping, pid: pid, cause: cause)] : []
        case .memoryExceeded(let isHard):
            // Who is drained already is killed now, for this.
            let isKilled = isHard && after == .draining && ending?.kind != .memoryHard
            return isTold || isKilled ? [Draft(step: .stopping, pid: pid, cause: cause)] : []
        case .spawned:
            let started = Draft(step: .started, pid: pid, cause: starting)
            return after == .draining ? [started, Draft(step: .stopping, pid: pid, cause: starting)] : [started]
        case .spawnFailed:
            let failed = cause.following(starting.parent)
            return end(.startFailed, failed, nil, after, aftermath)
        case .exited: return end(.ended, ended(cause), pid, after, aftermath)
        case .parked:
            return after == .parked && before != .parked ? [Draft(step: .parked, pid: pid, cause: cause)] : []
        case .ready:
            guard before == .parked, after == .running else { return [] }
            let resumed = Cause(.resumed, "what it needs is there", by: .worker(id, pid: pid), parent: last)
            return [Draft(step: .resumed, pid: pid, cause: resumed)]
        case .admitted: return []
        case .replaced, .succeeded: return []  // the steps of the roll have entries of their own
        }
    }

    /// Why a process has ended: what it was told to end for, with how it did, or what it did by itself.
    private func ended(_ exit: Cause) -> Cause {
        guard var cause = ending else { return exit }
        cause.inputs += exit.inputs
        return cause
    }

    private func end(
        _ step: RecordEntry.Step,
        _ cause: Cause,
        _ pid: Int32?,
        _ after: WorkerState,
        _ aftermath: WorkerStateMachine.Aftermath?
    ) -> [Draft] {
        let decision = aftermath.map { Decision($0) }
        let ended = Draft(step: step, pid: pid, cause: cause, decision: decision)
        guard after == .quarantined, decision?.what == .quarantine else { return [ended] }
        let failures = decision?.inputs.count("failures") ?? 0
        let sentence = "it has failed \(failures) times in a short time"
        let quarantine = Cause(.quarantine, sentence, by: .supervisor, inputs: cause.inputs)
        return [ended, Draft(step: .quarantined, cause: quarantine, decision: decision)]
    }

    /// The process that the next entries are about.
    package mutating func begin(pid: Int32) {
        guard pid != self.pid else { return }
        self.pid = pid
        signal = nil
        drill = nil
    }

    /// The process has told of a signal that it ends for.
    package mutating func heard(_ signal: Int32, from sender: SignalSender) {
        self.signal = (SignalName.of(signal), sender)
    }

    /// A fault is done to the present process; the cause's parent is the entry about that.
    package mutating func drilled(with signal: Int32, because cause: Cause) { drill = (signal, cause) }

    /// The entry about a fault that was done to the present process.
    package var drillRecord: UInt64? { drill?.cause.parent }

    /// Why a process has ended by itself, with what it has told about that before.
    package func heard(_ exit: Cause) -> Cause {
        if let drill, exit.kind == .signal, exit.inputs.count("signal") == Int64(drill.signal) {
            var cause = drill.cause
            cause.inputs += exit.inputs
            return cause
        }
        guard let signal, exit.kind == .exit || exit.kind == .signal else { return exit }
        let initiator = Initiator.signal(signal.name, pid: signal.sender.pid, uid: signal.sender.uid)
        let inputs = exit.inputs.filter { $0.name != "signal_name" } + [.text("signal_name", signal.name)]
        return Cause(.signal, "got \(initiator) and \(exit.sentence)", by: initiator, inputs: inputs)
    }

    /// The parent of a draft that follows another one of the same event.
    package func completed(_ draft: Draft) -> Draft {
        guard draft.step == .quarantined else { return draft }
        var draft = draft
        draft.cause.parent = last
        return draft
    }

    /// A draft has become an entry.
    package mutating func noted(_ draft: Draft, as id: UInt64) {
        last = id
        switch draft.step {
        case .stopping: ending = draft.cause.following(id)
        case .ended, .startFailed:
            outcome = draft.cause.following(id)
            starting = askedFor ?? outcome
            (ending, askedFor) = (nil, nil)
        case .lifted: starting = draft.cause.following(id)
        case .quarantined: outcome.parent = id
        case .adopted, .rollPromoted: pid = draft.pid ?? pid
        default: break
        }
    }

    /// An event has passed that may have asked for a process; to be told after its drafts.
    package mutating func asked(
        _ event: WorkerStateMachine.Event,
        from before: WorkerState,
        to after: WorkerState,
        because cause: Cause?
    ) {
        guard let cause else { return }
        switch event {
        case .start, .changed, .restart:
            if after == .waiting, before == .stopped || before == .backoff { starting = cause }
            if after == .draining, before == .draining, event != .restart(.dependency) { askedFor = cause }
        case .stop: askedFor = nil
        case .admitted, .spawned, .spawnFailed, .ready, .parked, .hung, .memoryExceeded, .exited, .deadlinePassed,
            .replaced,
            .succeeded:
            break
        }
    }
}
