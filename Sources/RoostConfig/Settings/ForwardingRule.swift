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

        package init(hosts: [HostPattern], path: Path? = nil, methods: [String]) {
            self.hosts = hosts
            self.path = path
            self.methods = methods
        }
    }

    package enum Answer: Sendable, Equatable {
        /// At least one backend, none twice.
        case forward([Backend], balance: Balance)
        case content(ContentSource)
    }

    package struct Backend: Sendable, Equatable {
        package var url: BackendURL
        /// Share of the requests, 1 to 1000.
        package var weight: Int

        package init(url: BackendURL, weight: Int = 1) {
            self.url = url
            self.weight = weight
        }
    }

    /// What a backend gets to see instead of what the client sent.
    package struct Rewrite: Sendable, Equatable {
        package enum Host: String, Sendable { case client, backend }

        package var stripPrefix: String?
        package var addPrefix: String?
        package var host: Host

        package init(stripPrefix: String? = nil, addPrefix: String? = nil, host: Host) {
            self.stripPrefix = stripPrefix
            self.addPrefix = addPrefix
            self.host = host
        }
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

        package init(connect: Duration, response: Duration, idle: Duration) {
            self.connect = connect
            self.response = response
            self.idle = idle
        }
    }

    package var name: String
    package var priority: Int
    package var match: Match
    package var answer: Answer
    package var rewrite: Rewrite
    package var timeouts: Timeouts

    package init(name: String, priority: Int, match: Match, answer: Answer, rewrite: Rewrite, timeouts: Timeouts) {
        self.name = name
        self.priority = priority
        self.match = match
        self.answer = answer
        self.rewrite = rewrite
        self.timeouts = timeouts
    }
}
