/// What the proxy is told beside its rules: the section `proxy`. Sizes are bytes.
package struct ProxySettings: Sendable, Equatable {
    package struct Limits: Sendable, Equatable {
        /// Client connections per instance.
        package var connections: Int
        /// Request line and fields together.
        package var head: Int
        /// Fields of a head.
        package var fields: Int
        /// Nil: any size.
        package var body: Int?
        /// Path and query.
        package var target: Int

        package init(connections: Int, head: Int, fields: Int, body: Int? = nil, target: Int) {
            self.connections = connections
            self.head = head
            self.fields = fields
            self.body = body
            self.target = target
        }
    }

    package struct Timeouts: Sendable, Equatable {
        package var head: Duration
        /// Without progress.
        package var body: Duration
        package var idle: Duration

        package init(head: Duration, body: Duration, idle: Duration) {
            self.head = head
            self.body = body
            self.idle = idle
        }
    }

    /// Per backend and instance.
    package struct Upstream: Sendable, Equatable {
        package var idleConnections: Int
        package var idleTimeout: Duration

        package init(idleConnections: Int, idleTimeout: Duration) {
            self.idleConnections = idleConnections
            self.idleTimeout = idleTimeout
        }
    }

    package var limits: Limits
    package var timeouts: Timeouts
    package var upstream: Upstream

    package init(limits: Limits, timeouts: Timeouts, upstream: Upstream) {
        self.limits = limits
        self.timeouts = timeouts
        self.upstream = upstream
    }
}
