/// What is restarted after it ended by itself (OTP design principles, child specification, `restart`).
package enum RestartRule: String, Sendable, CaseIterable {
    /// Always.
    case permanent
    /// After a failure only.
    case transient
    /// Never.
    case temporary
}

/// What happens when failures come faster than the intensity allows.
package enum IntensityExceeded: String, Sendable, CaseIterable {
    /// The worker is left alone until an operator or a change of configuration or executable lifts it.
    case quarantine
    /// The supervisor gives up as a whole (exit status 75), and its own supervisor decides.
    case escalate
}

/// The settings of `RestartPolicy`.
package struct RestartSettings: Sendable, Hashable {
    package var rule = RestartRule.permanent
    /// Failures tolerated within `period`.
    package var intensity = 5
    package var period = Duration.seconds(30)
    package var exceeded = IntensityExceeded.quarantine
    package var backoff = Backoff(base: .milliseconds(100), max: .seconds(10))
    /// How long a worker has to be ready for its next failure to be followed at once, as a first one. The failures
    /// before it go on counting against the intensity, or a worker that crashes a moment later would do so for ever.
    package var healthyAfter = Duration.seconds(2)

    package init() {}
}

/// Decides whether an incarnation that ended by itself is followed by another, and when.
///
/// The first failure after sustained health is followed at once; then pauses grow. A ready worker that dies of a
/// SIGKILL was killed from outside (an operator, the OOM killer): that says nothing about the program, so it is
/// neither delayed nor counted; the spawn budget bounds it. The same holds for a ready worker whose end nobody saw, since
/// its supervisor was dead.
package struct RestartPolicy: Sendable {
    package enum Decision: Sendable, Hashable {
        case restart(after: Duration)
        case finished
        case quarantine
        case escalate
    }

    /// How one incarnation ended.
    package struct Ending: Sendable, Hashable {
        package let status: ExitStatus
        package let reason: ExitReason
        /// How long it was ready; nil if it never was.
        package let readyFor: Duration?

        package init(status: ExitStatus, reason: ExitReason, readyFor: Duration?) {
            self.status = status
            self.reason = reason
            self.readyFor = readyFor
        }

        var isFailure: Bool { !(reason == .exited && status.isSuccess) }
        var isKillFromOutside: Bool {
            readyFor != nil && (status == .unknown || (reason == .signaled && status == .signal(9)))
        }
    }

    /// A decision and what it went by, for the record.
    package struct Ruling: Sendable, Hashable {
        /// What decided.
        package enum Ground: String, Sendable, CaseIterable {
            /// `restart` says that nothing follows this end.
            case rule
            /// A SIGKILL of a ready worker.
            case killedFromOutside = "killed_from_outside"
            /// It was ready for long enough before.
            case health
            /// Nothing has failed before it.
            case first
            /// Others have failed before it, without sustained health between them.
            case streak
            /// More failures than the intensity allows.
            case intensity
        }

        package let decision: Decision
        package let ground: Ground
        package let ending: Ending
        /// Failures in a row before this one.
        package let streak: Int
        /// Failures of the period, this one included.
        package let failures: Int
        package let settings: RestartSettings

        package init(
            decision: Decision,
            ground: Ground,
            ending: Ending,
            streak: Int,
            failures: Int,
            settings: RestartSettings
        ) {
            self.decision = decision
            self.ground = ground
            self.ending = ending
            self.streak = streak
            self.failures = failures
            self.settings = settings
        }
    }

    package var settings: RestartSettings
    /// Failures in a row without sustained health between them.
    package private(set) var streak = 0
    /// The last decision.
    package private(set) var ruling: Ruling?
    /// Of the present period, as far as it was looked at.
    package private(set) var failures: [MonotonicInstant] = []

    package init(settings: RestartSettings) { self.settings = settings }

    /// Goes on from what a supervisor before this one knew.
    package init(settings: RestartSettings, streak: Int, failures: [MonotonicInstant]) {
        self.settings = settings
        self.streak = streak
        self.failures = Array(failures.suffix(max(settings.intensity, 0) + 1))
    }

    /// How many failures of the present period count against the intensity, the figure behind "crash 2/5".
    package func failuresInPeriod(at now: MonotonicInstant) -> Int {
        failures.count { $0.advanced(by: settings.period) >= now }
    }

    /// `random` is uniform over 0..<1. What was decided, and why, is in `ruling` afterwards.
    package mutating func ended(_ ending: Ending, at now: MonotonicInstant, random: Double) -> Decision {
        let (decision, ground) = decide(ending, at: now, random: random)
        let failed = streak
        if case .restart = decision, ground != .killedFromOutside { streak += 1 }
        ruling = Ruling(
            decision: decision,
            ground: ground,
            ending: ending,
            streak: failed,
            failures: failuresInPeriod(at: now),
            settings: settings
        )
        return decision
    }

    private mutating func decide(
        _ ending: Ending,
        at now: MonotonicInstant,
        random: Double
    ) -> (Decision, Ruling.Ground) {
        switch settings.rule {
        case .temporary: return (.finished, .rule)
        case .transient where !ending.isFailure: return (.finished, .rule)
        case .transient, .permanent: break
        }
        if ending.isKillFromOutside { return (.restart(after: .zero), .killedFromOutside) }
        let wasHealthy = ending.readyFor.map { $0 >= settings.healthyAfter } ?? false
        if wasHealthy { streak = 0 }
        failures.removeAll { $0.advanced(by: settings.period) < now }
        failures.append(now)
        if failures.count > settings.intensity {
            return (settings.exceeded == .quarantine ? .quarantine : .escalate, .intensity)
        }
        guard streak > 0 else { return (.restart(after: .zero), wasHealthy ? .health : .first) }
        return (.restart(after: settings.backoff.pause(attempt: streak, random: random)), .streak)
    }

    /// Starts the count anew: an operator or a change has lifted the quarantine.
    package mutating func forget() {
        streak = 0
        failures = []
    }
}
