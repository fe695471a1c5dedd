import RoostPolicy
import Testing

@Suite("MonotonicInstant") struct MonotonicInstantTests {
    @Test(
        "an instant beyond the clock's range is its edge",
        arguments: [
            (Int64.max, Duration.nanoseconds(1), Int64.max),
            (.max - 1, .nanoseconds(1), .max),
            (.min, .nanoseconds(-1), .min),
            (0, .seconds(Int64.max), .max),
            (0, .seconds(Int64.min), .min),
            (5, .seconds(Int64.max), .max),
            (-5, .seconds(Int64.min), .min),
            (7, .zero, 7),
        ]
    )
    func advanced(_ start: Int64, by duration: Duration, gives expected: Int64) {
        #expect(MonotonicInstant(nanoseconds: start).advanced(by: duration).nanoseconds == expected)
    }

    @Test(
        "the distance of two instants is cut to what 64 bits of nanoseconds hold",
        arguments: [
            (Int64.min, Int64.max, Duration.nanoseconds(Int64.max)),
            (.max, .min, .nanoseconds(Int64.min)),
            (0, .min, .nanoseconds(Int64.min)),
            (-1, .max, .nanoseconds(Int64.max)),
            (10, 4, .nanoseconds(-6)),
            (4, 10, .nanoseconds(6)),
        ]
    )
    func distance(from start: Int64, to end: Int64, is expected: Duration) {
        let (start, end) = (MonotonicInstant(nanoseconds: start), MonotonicInstant(nanoseconds: end))
        #expect(start.duration(to: end) == expected)
    }

    @Test(
        "a duration counts its whole nanoseconds and no more than there are",
        arguments: [
            (Duration.seconds(Int64.max), Int64.max),
            (.seconds(Int64.min), .min),
            (.nanoseconds(Int64.max), .max),
            (beyond(Int64.max), .max),
            (.nanoseconds(Int64.min), .min),
            (beyond(Int64.min), .min),
            (Duration(secondsComponent: 1, attosecondsComponent: 999_999_999), 1_000_000_000),
            (.milliseconds(-1500), -1_500_000_000),
        ] as [(Duration, Int64)]
    )
    func wholeNanoseconds(of duration: Duration, are expected: Int64) {
        #expect(duration.wholeNanoseconds == expected)
    }

    @Test("instants are ordered as their nanoseconds")
    func order() {
        #expect(MonotonicInstant(nanoseconds: .min) < MonotonicInstant(nanoseconds: .max))
        #expect(!(MonotonicInstant(nanoseconds: 3) < MonotonicInstant(nanoseconds: 3)))
    }
}

/// One nanosecond outside of what 64 bits hold.
private func beyond(_ nanoseconds: Int64) -> Duration { .nanoseconds(nanoseconds) + .nanoseconds(nanoseconds.signum()) }
