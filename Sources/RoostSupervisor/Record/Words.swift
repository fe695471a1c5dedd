import RoostPolicy

/// Figures in sentences.
package enum Words {
    /// `0.25 s`, `41 s`, `3 min 20 s`, `1 h 2 min`, `3 days`
    package static func duration(_ duration: Duration) -> String {
        let nanoseconds = max(duration.wholeNanoseconds, 0)
        let seconds = nanoseconds / 1_000_000_000
        switch seconds {
        case ..<1: return decimal(nanoseconds / 1_000_000, 1000) + " s"
        case ..<10: return decimal(nanoseconds / 100_000_000, 10) + " s"
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min" + (seconds % 60 == 0 ? "" : " \(seconds % 60) s")
        case ..<172_800: return "\(seconds / 3600) h" + (seconds / 60 % 60 == 0 ? "" : " \(seconds / 60 % 60) min")
        default: return "\(seconds / 86_400) days"
        }
    }

    /// `812 bytes`, `20.5 MiB`
    package static func size(_ size: some BinaryInteger) -> String {
        let bytes = Int64(clamping: size)
        for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] as [(String, Int64)] where bytes >= 1 << shift {
            let (whole, rest) = bytes.quotientAndRemainder(dividingBy: 1 << shift)
            return decimal(whole * 10 + (rest * 10) >> shift, 10) + " \(unit)"
        }
        return "\(bytes) bytes"
    }

    /// A number of parts of one, without zeros at its end.
    private static func decimal(_ parts: Int64, _ one: Int64) -> String {
        let (whole, rest) = parts.quotientAndRemainder(dividingBy: one)
        guard rest != 0 else { return "\(whole)" }
        var digits = String(one + rest).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
