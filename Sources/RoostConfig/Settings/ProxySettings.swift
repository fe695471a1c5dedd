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
    }

    package struct Timeouts: Sendable, Equatable {
        package var head: Duration
        /// Without progress.
        package var body: Duration
        package var idle: Duration
    }

    /// Per backend and instance.
    package struct Upstream: Sendable, Equatable {
        package var idleConnections: Int
        package var idleTimeout: Duration
    }

    package var limits: Limits
    package var timeouts: Timeouts
    package var upstream: Upstream
}
