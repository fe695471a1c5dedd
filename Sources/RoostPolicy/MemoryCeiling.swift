/// Tells from samples of resident memory when an instance has to go.
package struct MemoryCeiling: Sendable, Hashable {
    package enum Verdict: Sendable, Hashable { case within, softExceeded, hardExceeded }

    /// Samples in a row above the soft ceiling before it counts: a short peak is no leak.
    package static let patience = 3

    /// Bytes; nil: no ceiling.
    package var soft: Int?
    /// Bytes; nil: no ceiling. Acts at the first sample.
    package var hard: Int?
    private var above = 0

    package init(soft: Int?, hard: Int?) {
        self.soft = soft
        self.hard = hard
    }

    package mutating func sample(_ bytes: Int) -> Verdict {
        if let hard, bytes > hard { return .hardExceeded }
        guard let soft, bytes > soft else {
            above = 0
            return .within
        }
        above += 1
        guard above >= Self.patience else { return .within }
        above = 0
        return .softExceeded
    }
}
