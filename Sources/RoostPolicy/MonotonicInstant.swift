/// A point of CLOCK_MONOTONIC (clock_gettime(2)): nanoseconds since an arbitrary start, not affected by clock jumps.
///
/// A plain number, so that it can be stored, sent to another process of the same boot, and made up by a test.
package struct MonotonicInstant: InstantProtocol, Sendable, Hashable {
    /// Nanoseconds on the clock.
    package var nanoseconds: Int64

    /// The instant that lies `nanoseconds` after the clock's start.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The instant `duration` later; durations beyond the clock's range end at its edge instead of trapping.
    package func advanced(by duration: Duration) -> MonotonicInstant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        guard overflow else { return MonotonicInstant(nanoseconds: sum) }
        return MonotonicInstant(nanoseconds: duration < .zero ? .min : .max)
    }

    /// How much later `other` is.
    package func duration(to other: MonotonicInstant) -> Duration {
        let (difference, overflow) = other.nanoseconds.subtractingReportingOverflow(nanoseconds)
        return .nanoseconds(overflow ? (other.nanoseconds < nanoseconds ? .min : .max) : difference)
    }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
}

extension Duration {
    /// The duration in nanoseconds, cut to what 64 bits hold (292 years).
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }
}
