/// Exponential backoff with full jitter: the n-th pause is uniform over `0 ... min(max, base * 2^(n-1))`.
///
/// Full jitter spreads workers that failed together best (AWS Architecture Blog, "Exponential Backoff And Jitter").
package struct Backoff: Sendable, Hashable {
    /// Upper end of the first pause.
    package let base: Duration
    /// Upper end of every pause.
    package let max: Duration

    package init(base: Duration, max: Duration) {
        self.base = base
        self.max = max
    }

    /// The pause before attempt `attempt` (1 is the first); `random` is uniform over 0..<1.
    package func pause(attempt: Int, random: Double) -> Duration {
        let ceiling = ceiling(attempt: attempt)
        guard random < 1 else { return ceiling }  // not a number, too
        return .nanoseconds(Int64(Double(ceiling.wholeNanoseconds) * Swift.max(random, 0)))
    }

    /// The longest that `pause(attempt:random:)` gives.
    package func ceiling(attempt: Int) -> Duration {
        let doublings = Swift.min(Swift.max(attempt, 1) - 1, 62)
        let (scaled, overflow) = base.wholeNanoseconds.multipliedReportingOverflow(by: 1 << doublings)
        return overflow ? max : Swift.min(max, .nanoseconds(scaled))
    }
}
