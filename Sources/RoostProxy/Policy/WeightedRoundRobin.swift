/// Smooth weighted round robin: each pick raises every backend's credit by its weight, takes the highest, and lowers it
/// by the sum. Over a cycle of as many picks as the weights' sum each backend comes exactly `weight` times.
struct WeightedRoundRobin {
    /// The index to take; `credits` is the state, as long as `weights`. Nil if there is no backend with weight.
    @inline(__always)
    static func pick(
        _ count: Int,
        weight: (Int) -> Int32,
        credits: UnsafeMutablePointer<Int32>,
        except excluded: Int = -1
    ) -> Int? {
        var best = -1
        var sum: Int32 = 0
        var index = 0
        while index < count {
            let own = weight(index)
            if own > 0, index != excluded {
                sum &+= own
                credits[index] &+= own
                if best < 0 || credits[index] > credits[best] { best = index }
            }
            index &+= 1
        }
        guard best >= 0 else { return nil }
        credits[best] &-= sum
        return best
    }
}
