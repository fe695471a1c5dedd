/// A point of civil time, for people and records; durations are measured with `MonotonicInstant`.
package struct WallTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    /// RFC 3339 in UTC with milliseconds: `2026-03-01T12:00:00.250Z`.
    package var description: String {
        let (year, month, day) = date
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T\(timeOfDay)Z"
    }

    /// `12:00:00.250`, UTC.
    package var timeOfDay: String {
        let milliseconds = Int(floorModulo(nanoseconds, 86_400_000_000_000) / 1_000_000)
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        return "\(pad(seconds / 3600, 2)):\(pad(seconds / 60 % 60, 2)):\(pad(seconds % 60, 2)).\(pad(rest, 3))"
    }

    /// Days to civil date in the proleptic Gregorian calendar: eras of 400 years, years that begin in March.
    private var date: (year: Int, month: Int, day: Int) {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 86_400_000_000_000)
        let days = Int(rest < 0 ? whole - 1 : whole) + 719_468
        let era = days / 146_097  // days is positive for every 64-bit nanosecond count (1677...2262)
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

private func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
    let remainder = value % divisor
    return remainder < 0 ? remainder + divisor : remainder
}

private func pad(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
