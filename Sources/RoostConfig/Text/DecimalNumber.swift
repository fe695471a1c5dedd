/// A non-negative decimal number as text has it: `12`, `1.5`. Exact, because sizes and durations are.
struct DecimalNumber {
    private var digits: Int64 = 0
    private var fraction: Int64 = 1

    /// Nil for anything but digits with at most one point between them, or for more digits than 18.
    init?(_ text: Substring) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), text.utf8.count <= 19, parts.allSatisfy({ !$0.isEmpty }) else {
            return nil
        }
        for part in parts {
            for character in part.utf8 {
                guard (48...57).contains(character) else { return nil }
                let (scaled, overflow) = digits.multipliedReportingOverflow(by: 10)
                let (sum, carried) = scaled.addingReportingOverflow(Int64(character - 48))
                guard !overflow, !carried else { return nil }
                digits = sum
            }
        }
        if parts.count == 2 {
            guard parts[1].utf8.count <= 9 else { return nil }
            for _ in parts[1].utf8 { fraction *= 10 }
        }
    }

    /// The number times `unit`, or nil where that is no whole number or does not fit.
    func scaled(by unit: Int64) -> Int64? {
        let (product, overflow) = digits.multipliedReportingOverflow(by: unit)
        guard !overflow, product % fraction == 0 else { return nil }
        return product / fraction
    }
}
