/// The figures of a rule or a backend at one moment; all but `active` only grow.
package struct TrafficSnapshot: Sendable, Equatable {
    package var requests: UInt64
    package var errors: UInt64
    package var aborted: UInt64
    package var retries: UInt64
    package var connectFailures: UInt64
    package var active: UInt64
    package var bytesReceived: UInt64
    package var bytesSent: UInt64
    package var totalMicroseconds: UInt64
    package var leastMicroseconds: UInt64
    package var mostMicroseconds: UInt64
    /// 1xx, 2xx, 3xx, 4xx, 5xx.
    package var statusClasses: [UInt64]
    package var statusCodes: [UInt16: UInt64]
    package var latency: LatencyHistogram
}

/// All figures of a data plane at one moment.
package struct ProxySnapshot: Sendable, Equatable {
    package struct Rule: Sendable, Equatable {
        package var traffic: TrafficSnapshot
        /// By URL.
        package var backends: [String: TrafficSnapshot]
    }

    package var generation: UInt64
    /// Requests answered, refused or aborted since the start.
    package var completed: UInt64
    package var inFlight: Int
    package var connections: Int
    package var accepted: UInt64
    package var pooledConnections: Int
    /// Memory in which bytes wait on connections, now and at most since the start.
    package var bufferBytes: Int
    package var mostBufferBytes: Int
    /// How often accepting was paused: connection limit reached, or no descriptors left.
    package var acceptPauses: UInt64
    /// Refused before a rule was chosen, by status.
    package var refused: TrafficSnapshot
    package var rules: [String: Rule]
}
