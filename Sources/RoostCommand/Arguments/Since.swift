import ArgumentParser
import RoostConfig
import RoostPolicy

/// A point in time as it is typed: an instant, or how long ago.
enum Since: Equatable {
    case instant(WallTime)
    case ago(Duration)

    @Sendable
    static func parse(_ text: String) throws -> Since {
        if let duration = DurationText.parse(text) { return .ago(duration) }
        if let instant = RFC3339.parse(text) { return .instant(instant) }
        throw ValidationError(
            "'\(text)' is no time: write an instant as 2026-03-01T12:00:00Z, or a duration with its unit as 5m"
        )
    }

    func time(before now: WallTime) -> WallTime {
        switch self {
        case .instant(let time): return time
        case .ago(let duration):
            let (time, overflow) = now.nanoseconds.subtractingReportingOverflow(duration.wholeNanoseconds)
            return WallTime(nanoseconds: overflow ? .min : time)
        }
    }
}
