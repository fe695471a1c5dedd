import RoostJSON
import RoostPolicy
import RoostProtocol

/// The workers' figures as one table, or as JSON.
enum MetricsText {
    static func text(_ reply: MetricsReply, colors: Bool) -> String {
        var table = TextTable([("WORKER", .left), ("METRIC", .left), ("LABELS", .left), ("VALUE", .left)])
        for process in reply.processes {
            for metric in process.snapshot?.metrics ?? [] {
                table.append([
                    .init("\(process.name)/\(process.instance)"), .init(metric.name), .init(labels(metric)),
                    .init(value(metric)),
                ])
            }
        }
        return table.isEmpty ? "no worker has handed over figures\n" : table.text(colors: colors)
    }

    private static func labels(_ metric: Metric) -> String {
        FieldText.of(JSONObject(metric.labels.map { .init(key: $0.name, value: .string($0.value)) }))
    }

    private static func value(_ metric: Metric) -> String {
        guard metric.kind == .histogram else { return number(metric.value) }
        let histogram = Histogram(metric)
        guard histogram.count > 0 else { return "none" }
        let quantiles = [0.5, 0.95, 0.99].map { "p\(Int($0 * 100)) \(number(histogram.quantile($0)))" }
        return "\(histogram.count), mean \(number(metric.sum / Double(histogram.count))), "
            + quantiles.joined(separator: ", ")
    }

    /// Whole numbers without a point, others with three places, small ones as they are.
    private static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        if value == value.rounded() { return "\(Int64(value))" }
        return abs(value) < 0.001 ? "\(value)" : Figures.decimal(value, 3)
    }

    static func json(_ reply: MetricsReply) -> JSONValue {
        ["processes": .array(reply.processes.map(process))]
    }

    private static func process(_ process: ProcessMetrics) -> JSONValue {
        [
            "name": .string(process.name), "instance": .count(process.instance),
            "taken_at": .time(process.snapshot?.takenAtNs ?? 0),
            "metrics": .array((process.snapshot?.metrics ?? []).map(metric)),
        ]
    }

    private static func metric(_ metric: Metric) -> JSONValue {
        let labels = JSONObject(metric.labels.map { .init(key: $0.name, value: .string($0.value)) })
        var object: JSONObject = ["name": .string(metric.name), "labels": .object(labels)]
        switch metric.kind {
        case .histogram:
            object["kind"] = "histogram"
            object["count"] = .count(Histogram(metric).count)
            object["sum"] = .number(metric.sum)
            object["bounds"] = .array(metric.bounds.map { .number($0) })
            object["buckets"] = .array(metric.buckets.map { .count($0) })
        case .counter, .gauge, .unspecified, .unrecognized:
            object["kind"] = metric.kind == .counter ? "counter" : "gauge"
            object["value"] =
                metric.value == metric.value.rounded() && abs(metric.value) < 1e15
                ? .integer(Int64(metric.value)) : .number(metric.value)
        }
        return .object(object)
    }
}

/// Observations by buckets, from another process: any numbers.
struct Histogram {
    private let bounds: [Double]
    private let buckets: [UInt64]
    let count: UInt64

    init(_ metric: Metric) {
        bounds = metric.bounds
        buckets = metric.buckets
        count = metric.buckets.reduce(0) { sum, bucket in
            let (total, overflow) = sum.addingReportingOverflow(bucket)
            return overflow ? .max : total
        }
    }

    /// The value that such a share of the observations does not exceed, interpolated in its bucket; the last bound for
    /// what lies beyond it.
    func quantile(_ share: Double) -> Double {
        let rank = Double(count) * share
        var below = 0.0
        for (index, bucket) in buckets.enumerated() where bucket > 0 {
            let next = below + Double(bucket)
            if next >= rank {
                guard bounds.indices.contains(index) else { return bounds.last ?? .nan }
                let lower = index == 0 ? 0 : bounds[index - 1]
                return lower + (bounds[index] - lower) * max(0, rank - below) / Double(bucket)
            }
            below = next
        }
        return bounds.last ?? .nan
    }
}
