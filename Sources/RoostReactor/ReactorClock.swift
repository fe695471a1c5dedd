import CLinux
package import RoostPolicy

/// Where a reactor's time comes from.
package enum ReactorClock: Sendable {
    /// CLOCK_MONOTONIC (clock_gettime(2)).
    case monotonic
    /// A test's own time, which stands still until the test moves it.
    case virtual(VirtualClock)

    /// The present instant.
    package var now: MonotonicInstant {
        switch self {
        case .monotonic: MonotonicInstant(nanoseconds: roost_monotonic_now())
        case .virtual(let clock): clock.now
        }
    }
}

/// Time that a test moves. Used on the thread of the reactor that it drives, and on no other.
package final class VirtualClock: @unchecked Sendable {  // protected by being used on one thread only
    package private(set) var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    package init() {}

    /// Moves time on. The reactor fires what has become due in its next turn.
    package func advance(by duration: Duration) { now = now.advanced(by: duration) }
}
