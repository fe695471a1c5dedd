/// Decides who may spawn now: dependencies ready, a bounded number of simultaneous starts, and a budget of spawns
/// (token bucket) that all workers share, so that crash loops cannot starve the others or the machine.
///
/// Who has failed least comes first, then who has waited longest; and those that have failed leave one start slot to
/// those that have not. So five workers that crash, or hang in their start, never delay a sixth by more than the refill
/// of one token.
package struct AdmissionQueue<ID: Hashable & Sendable>: Sendable {
    package struct Settings: Sendable, Hashable {
        /// Instances that may be starting at once.
        package var concurrency = 4
        /// Spawns per second, in the long run.
        package var rate = 10.0
        /// Spawns that may come at once after quiet.
        package var burst = 20

        package init() {}
    }

    private struct Request: Sendable {
        let id: ID
        let streak: Int
        let arrival: UInt64
    }

    package var settings: Settings
    private var requests: [Request] = []
    private var starting: [ID: Int] = [:]  // to their streaks
    private var tokens: Double
    private var refilled: MonotonicInstant
    private var arrivals: UInt64 = 0

    package init(settings: Settings, at now: MonotonicInstant) {
        self.settings = settings
        tokens = Double(settings.burst)
        refilled = now
    }

    /// How many wait.
    package var waiting: Int { requests.count }

    /// Asks for a start; `streak` is the number of failures in a row. A second request of one id replaces the first.
    package mutating func request(_ id: ID, streak: Int) {
        withdraw(id)
        arrivals += 1
        requests.append(Request(id: id, streak: streak, arrival: arrivals))
    }

    package mutating func withdraw(_ id: ID) { requests.removeAll { $0.id == id } }

    /// The instance is ready, or its process is gone: its start slot is free.
    package mutating func startEnded(_ id: ID) { starting[id] = nil }

    /// Who may spawn now, in order. `isBlocked` tells whose dependencies are not ready.
    package mutating func admit(at now: MonotonicInstant, isBlocked: (ID) -> Bool) -> [ID] {
        refill(at: now)
        var admitted: [ID] = []
        let order = requests.sorted { ($0.streak, $0.arrival) < ($1.streak, $1.arrival) }
        for request in order where tokens >= 1 && starting.count < settings.concurrency {
            guard hasSlot(streak: request.streak), !isBlocked(request.id) else { continue }
            tokens -= 1
            starting[request.id] = request.streak
            admitted.append(request.id)
        }
        requests.removeAll { admitted.contains($0.id) }
        return admitted
    }

    private func hasSlot(streak: Int) -> Bool {
        guard streak > 0, settings.concurrency > 1 else { return true }
        return starting.values.count { $0 > 0 } < settings.concurrency - 1
    }

    /// When it is worth asking again although nothing has happened: the next token. Nil if time alone changes nothing.
    package func nextToken(at now: MonotonicInstant) -> MonotonicInstant? {
        guard !requests.isEmpty, tokens < 1, settings.rate > 0 else { return nil }
        let seconds = min((1 - tokens) / settings.rate, 86_400)  // a rate of almost nothing must not trap
        return max(now, refilled.advanced(by: .seconds(seconds) + .nanoseconds(1)))
    }

    private mutating func refill(at now: MonotonicInstant) {
        let elapsed = Double(max(refilled.duration(to: now), .zero).wholeNanoseconds) / 1e9
        tokens = min(Double(settings.burst), tokens + elapsed * settings.rate)
        refilled = now
    }
}
