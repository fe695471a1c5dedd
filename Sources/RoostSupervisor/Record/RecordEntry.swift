package import RoostPolicy

/// One entry of the causal record: what was done to whom, when, why, by whom, and what was decided.
package struct RecordEntry: Sendable, Hashable {
    /// What was done. The words are for ever, as those of `Cause.Kind`.
    package enum Step: String, Sendable, CaseIterable {
        // Of a worker or an instance
        /// Somebody asked for a verb; what comes of it follows.
        case asked
        case refused
        case started
        case startFailed = "start_failed"
        /// Its process is told to end.
        case stopping
        case ended
        /// It had no process and is not wanted any more.
        case stopped
        /// A fault was done to its process on purpose; what comes of it follows.
        case drilled
        case quarantined
        case lifted
        case parked
        case resumed
        case adopted
        case rollBegun = "roll_begun"
        case rollPromoted = "roll_promoted"
        case rollFailed = "roll_failed"
        // Of the configuration
        case configured
        case rejected
        case rolledBack = "rolled_back"
        // Of the supervisor
        case booted
        /// The one before was found to have ended without a stop.
        case lost
        case upgraded
        case escalated
        case shutDown = "shut_down"
        /// A newer version has written a word of its own.
        case unknown
    }

    /// Who it is about.
    package enum Subject: Sendable, Hashable, CustomStringConvertible {
        case supervisor
        case configuration
        /// All instances of a worker.
        case worker(String)
        case instance(InstanceID)

        package var description: String {
            switch self {
            case .supervisor: "roostd"
            case .configuration: "configuration"
            case .worker(let name): name
            case .instance(let id): "\(id)"
            }
        }
    }

    /// Ascending, over restarts of roostd and reboots.
    package var id: UInt64
    package var at: WallTime
    package var instant: MonotonicInstant
    package var boot: RecordedBoot
    package var step: Step
    package var subject: Subject
    package var pid: Int32?
    package var cause: Cause
    package var decision: Decision?

    package init(
        id: UInt64,
        at: WallTime,
        instant: MonotonicInstant,
        boot: RecordedBoot,
        _ step: Step,
        _ subject: Subject,
        pid: Int32? = nil,
        because cause: Cause,
        decision: Decision? = nil
    ) {
        self.id = id
        self.at = at
        self.instant = instant
        self.boot = boot
        self.step = step
        self.subject = subject
        self.pid = pid
        self.cause = cause
        self.decision = decision
    }
}
