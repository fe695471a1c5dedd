/// The values of a checked configuration on their way to and from the binary. Reading checks what later code relies
/// on, so that a damaged binary cannot make a setting that the schema would have refused.
enum CheckedValue {
    /// Whole nanoseconds.
    static func encode(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? 0 : UInt64(Int64.max) }
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? UInt64(Int64.max) : UInt64(clamping: sum)
    }

    static func encode(_ number: Int) -> UInt32 { UInt32(clamping: number) }
    static func encodeSize(_ bytes: Int) -> UInt64 { UInt64(clamping: bytes) }

    /// At most the schema's longest duration, a day.
    static func duration(
        _ nanoseconds: UInt64,
        _ name: String,
        from least: Duration = .nanoseconds(1)
    ) throws(BundleError) -> Duration {
        guard let signed = Int64(exactly: nanoseconds) else { throw .invalid(name) }
        let duration = Duration.nanoseconds(signed)
        guard duration >= least, duration <= .seconds(86_400) else { throw .invalid(name) }
        return duration
    }

    static func count(
        _ number: UInt32,
        _ name: String,
        _ range: ClosedRange<Int> = 1...1_000_000
    ) throws(BundleError) -> Int {
        guard range.contains(Int(number)) else { throw .invalid(name) }
        return Int(number)
    }

    static func size(_ bytes: UInt64, _ name: String, from least: Int = 1) throws(BundleError) -> Int {
        guard let size = Int(exactly: bytes), size >= least, size <= 1 << 40 else { throw .invalid(name) }
        return size
    }

    static func number(_ value: Int64, _ name: String, _ range: ClosedRange<Int>) throws(BundleError) -> Int {
        guard let number = Int(exactly: value), range.contains(number) else { throw .invalid(name) }
        return number
    }

    static func word<Word: RawRepresentable>(_ text: String, _ name: String) throws(BundleError) -> Word
    where Word.RawValue == String {
        guard let word = Word(rawValue: text) else { throw .invalid(name) }
        return word
    }

    static func text(_ text: String, _ name: String, _ form: TextForm) throws(BundleError) -> String {
        guard form.fault(in: text) == nil else { throw .invalid(name) }
        return text
    }

    static func present<Value>(_ value: Value?, _ name: String) throws(BundleError) -> Value {
        guard let value else { throw .missing(name) }
        return value
    }
}
