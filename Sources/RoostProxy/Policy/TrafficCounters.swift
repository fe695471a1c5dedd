/// What is counted for a rule, or for a backend of a rule. Plain integers of the loop that owns them, outside reference
/// counting; they outlive the configuration generation that made them.
struct TrafficCounters {
    static let statusSlots = 16

    var requests: UInt64 = 0
    /// 5xx answers and exchanges that were cut off.
    var errors: UInt64 = 0
    var aborted: UInt64 = 0
    var retries: UInt64 = 0
    var connectFailures: UInt64 = 0
    var active: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var totalMicroseconds: UInt64 = 0
    var leastMicroseconds: UInt64 = .max
    var mostMicroseconds: UInt64 = 0
    /// By status class, 1xx to 5xx.
    private var classes: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
    /// Code and count in pairs, in the order of their first coming; further codes are counted by class only.
    private let statuses: UnsafeMutablePointer<UInt64>
    private let histogram: UnsafeMutablePointer<UInt64>

    init() {
        statuses = .allocate(capacity: 2 * Self.statusSlots)
        statuses.initialize(repeating: 0, count: 2 * Self.statusSlots)
        histogram = .allocate(capacity: LatencyHistogram.bucketCount)
        histogram.initialize(repeating: 0, count: LatencyHistogram.bucketCount)
    }

    func deallocate() {
        statuses.deallocate()
        histogram.deallocate()
    }

    /// Counts an exchange that has ended; `status` 0 where no answer was begun.
    mutating func finish(status: UInt16, microseconds: UInt64, isAborted: Bool) {
        active &-= 1
        if isAborted { aborted &+= 1 }
        if isAborted || status >= 500 { errors &+= 1 }
        totalMicroseconds &+= microseconds
        leastMicroseconds = min(leastMicroseconds, microseconds)
        mostMicroseconds = max(mostMicroseconds, microseconds)
        histogram[LatencyHistogram.index(microseconds: microseconds)] &+= 1
        guard status > 0 else { return }
        switch status / 100 {
        case 1: classes.0 &+= 1
        case 2: classes.1 &+= 1
        case 3: classes.2 &+= 1
        case 4: classes.3 &+= 1
        default: classes.4 &+= 1
        }
        var slot = 0
        while slot < Self.statusSlots {
            if statuses[2 &* slot] == 0 { statuses[2 &* slot] = UInt64(status) }
            if statuses[2 &* slot] == UInt64(status) {
                statuses[2 &* slot &+ 1] &+= 1
                return
            }
            slot &+= 1
        }
    }

    /// A copy that other layers can keep.
    var snapshot: TrafficSnapshot {
        var codes: [UInt16: UInt64] = [:]
        for slot in 0..<Self.statusSlots where statuses[2 * slot] != 0 {
            codes[UInt16(truncatingIfNeeded: statuses[2 * slot])] = statuses[2 * slot + 1]
        }
        return TrafficSnapshot(
            requests: requests,
            errors: errors,
            aborted: aborted,
            retries: retries,
            connectFailures: connectFailures,
            active: active,
            bytesReceived: bytesReceived,
            bytesSent: bytesSent,
            totalMicroseconds: totalMicroseconds,
            leastMicroseconds: leastMicroseconds == .max ? 0 : leastMicroseconds,
            mostMicroseconds: mostMicroseconds,
            statusClasses: [classes.0, classes.1, classes.2, classes.3, classes.4],
            statusCodes: codes,
            latency: LatencyHistogram(copying: histogram)
        )
    }
}
