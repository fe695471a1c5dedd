/// Durations as they are written: one or more numbers with a unit each (`250ms`, `2s`, `1m`, `1m30s`, `1.5s`).
package enum DurationText {
    /// Units with their length in nanoseconds, longest first.
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
    ]

    /// The duration that `text` says, or nil: no unit, an unknown unit, or beyond 292 years.
    package static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCIIDigit || $0 == "." }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !$0.isASCIIDigit && $0 != "." }
            rest = rest.dropFirst(unit.count)
            guard let scale = units.first(where: { $0.name == unit })?.nanoseconds,
                let part = DecimalNumber(number)?.scaled(by: scale)
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return .nanoseconds(total)
    }

    /// The shortest exact way to write `duration`: `90s` is `1m30s`, zero is `0s`.
    package static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        var rest = attoseconds / 1_000_000_000
        guard seconds > 0 || rest > 0 else { return "0s" }
        var text = ""
        var wholeSeconds = seconds
        for (name, nanoseconds) in units where nanoseconds >= 1_000_000_000 {
            let length = nanoseconds / 1_000_000_000
            if wholeSeconds / length > 0 { text += "\(wholeSeconds / length)\(name)" }
            wholeSeconds %= length
        }
        for (name, nanoseconds) in units where nanoseconds < 1_000_000_000 {
            if rest / nanoseconds > 0 { text += "\(rest / nanoseconds)\(name)" }
            rest %= nanoseconds
        }
        return text
    }
}

extension Character {
    var isASCIIDigit: Bool { isASCII && isWholeNumber }
}
