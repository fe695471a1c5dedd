import RoostProtocol

/// The proxy's figures under their metric names (Prometheus naming; seconds and bytes).
enum ProxyMetrics {
    /// Upper bounds of the latency buckets, in seconds.
    private static let bounds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]

    static func metrics(of snapshot: ProxySnapshot) -> [Metric] {
        var metrics = [
            gauge("roost_proxy_connections", Double(snapshot.connections)),
            gauge("roost_proxy_requests_in_flight", Double(snapshot.inFlight)),
            gauge("roost_proxy_pooled_connections", Double(snapshot.pooledConnections)),
            counter("roost_proxy_connections_total", snapshot.accepted),
            counter("roost_proxy_accept_pauses_total", snapshot.acceptPauses),
        ]
        metrics += traffic(snapshot.refused, prefix: "roost_proxy_refused", labels: [])
        for (rule, figures) in snapshot.rules.sorted(by: { $0.key < $1.key }) {
            metrics += traffic(figures.traffic, prefix: "roost_proxy", labels: [label("rule", rule)])
            for (url, backend) in figures.backends.sorted(by: { $0.key < $1.key }) {
                let labels = [label("rule", rule), label("backend", url)]
                metrics += traffic(backend, prefix: "roost_proxy_backend", labels: labels)
            }
        }
        return metrics
    }

    private static func traffic(_ traffic: TrafficSnapshot, prefix: String, labels: [Label]) -> [Metric] {
        var metrics = [
            counter("\(prefix)_requests_total", traffic.requests, labels),
            counter("\(prefix)_errors_total", traffic.errors, labels),
            counter("\(prefix)_aborted_total", traffic.aborted, labels),
            counter("\(prefix)_retries_total", traffic.retries, labels),
            counter("\(prefix)_received_bytes_total", traffic.bytesReceived, labels),
            counter("\(prefix)_sent_bytes_total", traffic.bytesSent, labels),
        ]
        for (code, count) in traffic.statusCodes.sorted(by: { $0.key < $1.key }) {
            metrics.append(counter("\(prefix)_responses_total", count, labels + [label("code", String(code))]))
        }
        metrics.append(histogram("\(prefix)_request_duration_seconds", traffic, labels))
        return metrics
    }

    private static func histogram(_ name: String, _ traffic: TrafficSnapshot, _ labels: [Label]) -> Metric {
        var metric = metric(name, .histogram, labels)
        metric.bounds = bounds
        metric.buckets = [UInt64](repeating: 0, count: bounds.count + 1)
        for (index, count) in traffic.latency.buckets.enumerated() where count > 0 {
            let seconds = Double(LatencyHistogram.lowerBound(of: index)) / 1e6
            metric.buckets[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += count
        }
        metric.sum = Double(traffic.totalMicroseconds) / 1e6
        return metric
    }

    private static func counter(_ name: String, _ value: UInt64, _ labels: [Label] = []) -> Metric {
        var metric = metric(name, .counter, labels)
        metric.value = Double(value)
        return metric
    }

    private static func gauge(_ name: String, _ value: Double) -> Metric {
        var metric = metric(name, .gauge, [])
        metric.value = value
        return metric
    }

    private static func metric(_ name: String, _ kind: Metric.Kind, _ labels: [Label]) -> Metric {
        var metric = Metric()
        metric.name = name
        metric.kind = kind
        metric.labels = labels
        return metric
    }

    private static func label(_ name: String, _ value: String) -> Label {
        var label = Label()
        label.name = name
        label.value = value
        return label
    }
}
