import RoostPolicy

/// Figures as people read them in a narrow column.
enum Figures {
    /// `9s`, `1m12s`, `3h04m`, `2d03h`
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds > 0 else { return "0s" }
        let whole = Int(min(seconds, 1e12))
        return switch whole {
        case ..<60: "\(whole)s"
        case ..<3600: "\(whole / 60)m\(two(whole % 60))s"
        case ..<86_400: "\(whole / 3600)h\(two(whole / 60 % 60))m"
        default: "\(whole / 86_400)d\(two(whole / 3600 % 24))h"
        }
    }

    /// `812B`, `9.8MiB`
    static func bytes(_ count: UInt64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var unit = 0
        var rest = Double(count)
        while rest >= 1024, unit + 1 < units.count {
            rest /= 1024
            unit += 1
        }
        return (unit == 0 ? "\(count)" : decimal(rest, 1)) + units[unit]
    }

    /// `0.4s`, `12.0s`, `3h04m`: processor time.
    static func processorTime(_ seconds: Double) -> String {
        seconds < 60 ? decimal(max(0, seconds), 1) + "s" : duration(seconds)
    }

    /// A number with so many places, at most 3.
    static func decimal(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let scale = [1, 10, 100, 1000][min(max(places, 0), 3)]
        let scaled = Int64((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled != 0 ? "-" : ""
        let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        guard scale > 1 else { return "\(sign)\(whole)" }
        let digits = String(rest)
        return "\(sign)\(whole)." + String(repeating: "0", count: min(max(places, 0), 3) - digits.count) + digits
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
