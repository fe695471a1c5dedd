/// Tells from heartbeats whether an incarnation makes progress.
///
/// The deadline counts only time in which the process could have run: what it spent waiting for a CPU (schedstat of
/// proc(5), second field) does not count, so a starved process gets up to `starvationFactor` times longer, while a
/// stopped, deadlocked or endlessly looping one gets the deadline and no more.
package struct HealthStateMachine: Sendable {
    /// What one source of work of a worker said of itself in a heartbeat.
    package struct Progress: Sendable, Hashable {
        package var name: String
        /// Items done since the start; grows.
        package var completed: UInt64
        /// Items begun or queued and not done.
        package var pending: UInt64
        /// How long work may be pending while nothing completes; nil: for ever.
        package var stallAfter: Duration?

        package init(name: String, completed: UInt64, pending: UInt64, stallAfter: Duration?) {
            self.name = name
            self.completed = completed
            self.pending = pending
            self.stallAfter = stallAfter
        }
    }

    package enum Verdict: Sendable, Hashable {
        case alive
        case hung(Reason)
    }

    package enum Reason: Sendable, Hashable {
        /// No heartbeat for the duration.
        case silent(Duration)
        /// The source has had work and completed none of it for the duration.
        case stalled(source: String, Duration)
    }

    private struct Source: Sendable {
        var completed: UInt64
        var since: MonotonicInstant  // when `completed` last grew, or work arrived at an idle source
        var isPending: Bool
    }

    package static let starvationFactor = 5
    /// More sources than this in a heartbeat are not looked at.
    package static let maximumSources = 64
    /// A slow phase longer than this is cut to it.
    package static let longestSlowPhase = Duration.seconds(3600)

    package let deadline: Duration
    private var lastHeartbeat: MonotonicInstant
    private var waitAtLastHeartbeat: Duration
    private var isSlow = false
    private var sources: [String: Source] = [:]
    /// When `check` is due.
    package private(set) var nextCheck: MonotonicInstant

    /// `runQueueWait`: the process's total time of waiting for a CPU, now.
    package init(deadline: Duration, at now: MonotonicInstant, runQueueWait: Duration) {
        self.deadline = deadline
        lastHeartbeat = now
        waitAtLastHeartbeat = runQueueWait
        nextCheck = now.advanced(by: deadline)
    }

    /// A heartbeat has arrived. Ends a slow phase.
    package mutating func heartbeat(
        _ progress: [Progress],
        at now: MonotonicInstant,
        runQueueWait: Duration
    ) -> Verdict {
        lastHeartbeat = now
        waitAtLastHeartbeat = runQueueWait
        isSlow = false
        nextCheck = now.advanced(by: deadline)
        return judge(progress.prefix(Self.maximumSources), at: now)
    }

    /// The worker is about to be silent for a known reason, for at most `duration`; the deadline counts from then.
    package mutating func slowPhase(_ duration: Duration, at now: MonotonicInstant) {
        isSlow = true
        nextCheck = now.advanced(by: min(max(duration, .zero), Self.longestSlowPhase))
    }

    /// `nextCheck` has come.
    package mutating func check(at now: MonotonicInstant, runQueueWait: Duration) -> Verdict {
        guard nextCheck <= now else { return .alive }
        if isSlow {  // it is over: from here on as after a heartbeat
            lastHeartbeat = now
            waitAtLastHeartbeat = runQueueWait
            isSlow = false
            nextCheck = now.advanced(by: deadline)
            return .alive
        }
        let silent = lastHeartbeat.duration(to: now)
        let starved = min(max(runQueueWait - waitAtLastHeartbeat, .zero), silent)
        let missing = deadline - (silent - starved)
        if missing <= .zero || silent >= deadline * Self.starvationFactor { return .hung(.silent(silent)) }
        let end = lastHeartbeat.advanced(by: deadline * Self.starvationFactor)
        nextCheck = min(now.advanced(by: max(missing, .milliseconds(1))), end)
        return .alive
    }

    private mutating func judge(_ progress: ArraySlice<Progress>, at now: MonotonicInstant) -> Verdict {
        var verdict = Verdict.alive
        var seen: [String: Source] = [:]
        for item in progress {
            var source = sources[item.name] ?? Source(completed: item.completed, since: now, isPending: false)
            if item.completed != source.completed || !source.isPending { source.since = now }
            source.completed = item.completed
            source.isPending = item.pending > 0
            seen[item.name] = source
            let stalled = source.since.duration(to: now)
            if source.isPending, let limit = item.stallAfter, stalled > limit {
                verdict = .hung(.stalled(source: item.name, stalled))
            }
        }
        sources = seen
        return verdict
    }
}
