import Glibc
import RoostPolicy
import RoostReactor

// What happens to an instance, for the causal record.
extension WorkerHandle {
    /// Notes what an event that has passed through the machine has come to.
    func note(_ event: WorkerStateMachine.Event, from before: WorkerState, because cause: Cause?) {
        if let pid { trail.begin(pid: pid) }
        let (after, aftermath) = (machine.state, machine.aftermath)
        for draft in trail.drafts(event, from: before, to: after, because: cause, aftermath: aftermath) {
            let draft = trail.completed(draft)
            note(draft.step, because: draft.cause, pid: draft.pid, decision: draft.decision)
        }
        trail.asked(event, from: before, to: after, because: cause)
    }

    /// Its process has told who has sent it a signal. What roostd itself has sent is known.
    func heardOf(_ signal: Int32, from sender: SignalSender) {
        guard sender.pid != getpid(), machine.state != .draining else { return }
        trail.heard(signal, from: sender)
    }

    /// Takes an entry about this instance. To be called from outside for what no event of its machine stands for: an
    /// adoption, the steps of a roll. Returns its id, for the cause of what follows from it.
    @discardableResult
    package func note(
        _ step: RecordEntry.Step,
        because cause: Cause,
        pid: Int32? = nil,
        decision: Decision? = nil
    ) -> UInt64 {
        let draft = CauseTrail.Draft(step: step, pid: pid, cause: cause, decision: decision)
        let record = surroundings.note(id, draft)
        trail.noted(draft, as: record)
        tie(step, to: record)
        return record
    }
}
