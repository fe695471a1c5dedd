package import RoostPolicy

/// What the guard decides: whether the supervisor is gone for good, and what is done then. No I/O, no clock.
///
/// The guard is the lease of programs that have none: it watches a supervisor, and when that one has ended without saying
/// goodbye it waits for a successor, for as long as workers do.
package struct GuardStateMachine {
    package enum Event: Sendable, Hashable {
        /// The supervisor has stopped everything and goes.
        case goodbye
        /// The process that is watched has ended; how long workers go on without it.
        case supervisorEnded(lease: Duration)
        /// Another supervisor holds the directory: it is the one that is watched from now on.
        case successorFound
        /// The runtime directory was taken away or replaced: nobody will adopt what it speaks of.
        case directoryLost
        /// The directory's lock was asked for.
        case lock(isTaken: Bool)
        /// The instant that was waited for has come.
        case woke
    }

    package enum Action: Sendable, Hashable {
        /// Nothing before an event; nil: before anything happens.
        case wait(until: MonotonicInstant?)
        case takeLock
        /// End every process, those that keep a lease by themselves included if `atOnce`, and kill what is left at the
        /// instant.
        case endProcesses(atOnce: Bool, killingAt: MonotonicInstant)
        /// End what the supervisor could not see: it is no longer the parent of what its predecessor's workers started.
        case endStrays(killingAt: MonotonicInstant)
        case exit
    }

    private enum Phase: Sendable, Hashable {
        case watching
        case alone(leaseEnd: MonotonicInstant, next: MonotonicInstant)
        case over
    }

    /// How often the guard looks for a successor.
    static let period = Duration.milliseconds(200)
    /// From the end of the lease, or the loss of the directory, to SIGKILL. Two seconds after the lease nothing is left;
    /// what is killed takes a moment to go.
    static let grace = Duration.milliseconds(1500)

    /// From SIGTERM to SIGKILL after a goodbye.
    static let strayGrace = Duration.milliseconds(500)

    private var phase = Phase.watching

    package init() {}

    /// Whether the supervisor is gone and its successor has not come.
    package var isAlone: Bool {
        if case .alone = phase { true } else { false }
    }

    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> Action {
        switch (phase, event) {
        case (.over, _): return .exit
        case (_, .goodbye):
            phase = .over
            return .endStrays(killingAt: now.advanced(by: Self.strayGrace))
        case (.watching, .supervisorEnded(let lease)): return wait(for: now.advanced(by: lease), at: now)
        case (.watching, _), (.alone, .successorFound):
            phase = .watching
            return .wait(until: nil)
        case (.alone, .directoryLost):
            phase = .over
            return .endProcesses(atOnce: true, killingAt: now.advanced(by: Self.grace))
        case (.alone(let leaseEnd, _), .lock(isTaken: true)):
            phase = .over
            return .endProcesses(atOnce: false, killingAt: max(now, leaseEnd).advanced(by: Self.grace))
        case (.alone(let leaseEnd, _), .lock(isTaken: false)):
            // Somebody has come in this moment and has not written its number yet.
            return wait(for: max(leaseEnd, now.advanced(by: Self.period / 4)), at: now)
        case (.alone(let leaseEnd, let next), _):
            guard now >= next else { return .wait(until: next) }
            guard now < leaseEnd else { return .takeLock }
            return wait(for: leaseEnd, at: now)
        }
    }

    private mutating func wait(for leaseEnd: MonotonicInstant, at now: MonotonicInstant) -> Action {
        let next = min(leaseEnd, now.advanced(by: Self.period))
        phase = .alone(leaseEnd: leaseEnd, next: next)
        return .wait(until: next)
    }
}
