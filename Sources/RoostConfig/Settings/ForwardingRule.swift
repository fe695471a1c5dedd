/// One file of `rules.d/`: which requests, and who answers them.
package struct ForwardingRule: Sendable, Equatable {
    /// Which requests. What is nil or empty matches every one.
    package struct Match: Sendable, Equatable {
        package enum Path: Sendable, Hashable {
            /// Whole segments: `/v1/` and `/v1` both match `/v1` and `/v1/x`, and not `/v10`.
            case prefix(String)
            case exact(String)
        }

        package var hosts: [HostPattern]
        package var path: Path?
        package var methods: [String]
    }

    package enum Answer: Sendable, Equatable {
        /// At least one backend, none twice.
        case forward([BackendURL], balance: Balance)
        case content(ContentSource)
    }

    package enum Balance: String, Sendable { case roundRobin = "round_robin" }

    /// Where content comes from that no backend gives.
    package enum ContentSource: String, Sendable, CaseIterable {
        /// The built-in page of a fresh installation.
        case welcome
    }

    package struct Timeouts: Sendable, Equatable {
        package var connect: Duration
        /// From the end of the request to the head of the answer.
        package var response: Duration
        /// Without progress of a body.
        package var idle: Duration
    }

    package var name: String
    package var priority: Int
    package var match: Match
    package var answer: Answer
    package var timeouts: Timeouts
}

extension ForwardingRule {
    /// The order in which rules are tried: priority, then how much the match says, then the name.
    package static func isTriedBefore(_ left: ForwardingRule, _ right: ForwardingRule) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        let (mine, other) = (left.match.specificity, right.match.specificity)
        if mine != other { return other.lexicographicallyPrecedes(mine) }
        return left.name < right.name
    }
}

extension ForwardingRule.Match {
    /// Larger is more specific, element by element: an exact path before a prefix before none, the longer prefix, a full
    /// host before a pattern before none, the longer host, methods before none. Of several hosts the vaguest counts.
    fileprivate var specificity: [Int] {
        let pathRank =
            switch path {
            case .exact(let text): [2, text.utf8.count]
            case .prefix(let text): [1, text.utf8.count]
            case nil: [0, 0]
            }
        let hostRank = hosts.map { [$0.matchesSubdomains ? 1 : 2, $0.name.utf8.count] }
        let vaguest = hostRank.min { $0.lexicographicallyPrecedes($1) } ?? [0, 0]
        return pathRank + vaguest + [methods.isEmpty ? 0 : 1]
    }
}
