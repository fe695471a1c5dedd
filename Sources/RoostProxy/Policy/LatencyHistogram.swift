/// Counts durations in buckets whose width is a sixteenth of their size: percentiles are within 6.3 %.
///
/// Bucket `16 * e + m` holds values of `e` further binary places than 16 microseconds, with `m` the four bits after the
/// first. Values from 0 to 15 microseconds have a bucket each; the last bucket takes everything above about 19 hours.
package struct LatencyHistogram: Sendable, Equatable {
    static let bucketCount = 16 * 33

    package private(set) var buckets = [UInt64](repeating: 0, count: bucketCount)

    package init() {}

    init(copying counts: UnsafePointer<UInt64>) {
        buckets = Array(UnsafeBufferPointer(start: counts, count: Self.bucketCount))
    }

    /// The bucket of a duration in microseconds.
    @inline(__always)
    static func index(microseconds: UInt64) -> Int {
        guard microseconds >= 16 else { return Int(microseconds) }
        let exponent = 63 &- microseconds.leadingZeroBitCount
        let mantissa = Int(microseconds >> UInt64(exponent &- 4)) & 15
        return min((exponent &- 3) &* 16 &+ mantissa, bucketCount &- 1)
    }

    /// The least duration in microseconds that falls into a bucket.
    static func lowerBound(of index: Int) -> UInt64 {
        guard index >= 16 else { return UInt64(index) }
        return (16 + UInt64(index % 16)) << UInt64(index / 16 - 1)
    }

    package mutating func record(microseconds: UInt64) { buckets[Self.index(microseconds: microseconds)] &+= 1 }

    package mutating func add(_ other: LatencyHistogram) {
        for index in buckets.indices { buckets[index] &+= other.buckets[index] }
    }

    /// The upper edge, in microseconds, of the bucket that holds the `fraction`-quantile; nil if nothing was recorded.
    package func quantile(_ fraction: Double) -> UInt64? {
        let total = buckets.reduce(0, &+)
        guard total > 0 else { return nil }
        let rank = max(1, UInt64((Double(total) * fraction).rounded(.up)))
        var seen: UInt64 = 0
        for index in buckets.indices {
            seen &+= buckets[index]
            if seen >= rank { return Self.lowerBound(of: min(index + 1, Self.bucketCount - 1)) }
        }
        return nil
    }
}
