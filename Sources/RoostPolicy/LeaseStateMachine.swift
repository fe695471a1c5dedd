/// How long a worker goes on without its supervisor: it serves, tries to reach a new one, and ends when the lease is
/// over, so that a supervisor that is gone for good leaves nothing running.
package struct LeaseStateMachine: Sendable {
    package enum Action: Sendable, Hashable {
        /// Try to reach a supervisor now, and report the outcome.
        case dial
        /// Nothing before the instant.
        case wait(until: MonotonicInstant)
        /// The lease is over: drain and end.
        case expire
    }

    private enum Phase: Sendable {
        case attached
        case detached(since: MonotonicInstant, attempt: Int)
        case expired
    }

    /// From the loss of the supervisor to the end.
    package var duration: Duration
    private let pause: Backoff
    private var phase = Phase.attached

    /// A worker starts attached: its supervisor has just started it.
    package init(duration: Duration, pause: Backoff = Backoff(base: .milliseconds(20), max: .milliseconds(100))) {
        self.duration = duration
        self.pause = pause
    }

    package var isAttached: Bool {
        if case .attached = phase { true } else { false }
    }

    /// A supervisor has answered.
    package mutating func attached() { phase = .attached }

    /// The connection to the supervisor has ended.
    package mutating func lost(at now: MonotonicInstant) -> Action {
        switch phase {
        case .attached:
            phase = .detached(since: now, attempt: 0)
            return .dial
        case .detached(let since, _): return .wait(until: since.advanced(by: duration))
        case .expired: return .expire
        }
    }

    /// The dial has failed, or the pause is over. Harmless when a supervisor has answered meanwhile.
    package mutating func proceed(dialFailed: Bool, at now: MonotonicInstant, random: Double) -> Action {
        let (since, attempt): (MonotonicInstant, Int)
        switch phase {
        case .attached: return .wait(until: now.advanced(by: duration))
        case .detached(let start, let count): (since, attempt) = (start, count)
        case .expired: return .expire
        }
        let end = since.advanced(by: duration)
        guard now < end else {
            phase = .expired
            return .expire
        }
        guard dialFailed else { return .dial }
        phase = .detached(since: since, attempt: attempt + 1)
        let next = now.advanced(by: max(pause.pause(attempt: attempt + 1, random: random), .milliseconds(5)))
        return .wait(until: min(next, end))
    }
}
