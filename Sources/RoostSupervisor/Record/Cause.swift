/// Why something is done to a worker, the configuration or the supervisor: everything that acts takes one along, and the
/// causal record keeps it.
package struct Cause: Sendable, Hashable {
    /// What kind of thing led to it. The words are for ever: they are on disk and in `roost why --json`.
    package enum Kind: String, Sendable, CaseIterable {
        /// It ended by itself, with a status.
        case exit
        /// A signal ended it that roostd has not sent.
        case signal
        case spawnFailure = "spawn_failure"
        case startTimeout = "start_timeout"
        case missedHeartbeats = "missed_heartbeats"
        case stalledWork = "stalled_work"
        case memorySoft = "memory_soft"
        case memoryHard = "memory_hard"
        /// A member of its group has failed, and the strategy concerns it.
        case dependency
        /// A verb at the control socket.
        case `operator`
        case configuration
        case rollback
        /// Its executable, or roostd's own, is another one than before.
        case upgrade
        /// Roostd has started.
        case boot
        /// Roostd has found it running.
        case adoption
        /// The roostd before has ended without having been asked to.
        case supervisorDeath = "supervisor_death"
        /// Roostd was asked to stop.
        case shutdown
        case escalation
        case quarantine
        /// What it needs is absent.
        case parked
        /// What it had lacked is there again.
        case resumed
        case rollBegun = "roll_begun"
        case rollPromoted = "roll_promoted"
        case rollFailed = "roll_failed"
        case refusal
        /// How an adopted process ended is not told by the kernel; or a newer version has written a word of its own.
        case unknown
    }

    package var kind: Kind
    /// The kind with its figures, in words. Where the kind is about the subject itself, a predicate without the subject:
    /// `exited with status 3`; otherwise a whole clause: `uid 0 (pid 12) asked to restart it`.
    package var sentence: String
    package var initiator: Initiator
    /// The entry of the record that led here.
    package var parent: UInt64?
    /// What was measured, and against what.
    package var inputs: [Input]

    package init(
        _ kind: Kind,
        _ sentence: String,
        by initiator: Initiator,
        parent: UInt64? = nil,
        inputs: [Input] = []
    ) {
        self.kind = kind
        self.sentence = sentence
        self.initiator = initiator
        self.parent = parent
        self.inputs = inputs
    }

    /// The same cause, one step further on the way from it.
    package func following(_ parent: UInt64?) -> Cause {
        var cause = self
        cause.parent = parent ?? self.parent
        return cause
    }
}
