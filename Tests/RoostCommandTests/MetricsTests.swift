import RoostJSON
import RoostProtocol
import Testing

@testable import RoostCommand

@Suite struct MetricsTests {
    private var reply: MetricsReply {
        var counter = Metric()
        counter.name = "requests_total"
        counter.kind = .counter
        counter.value = 120
        var label = Label()
        label.name = "rule"
        label.value = "api"
        counter.labels = [label]
        var histogram = Metric()
        histogram.name = "seconds"
        histogram.kind = .histogram
        histogram.bounds = [1, 2, 4]
        histogram.buckets = [50, 40, 9, 1]
        histogram.sum = 130
        var snapshot = MetricsSnapshot()
        snapshot.takenAtNs = Samples.at
        snapshot.metrics = [counter, histogram]
        var process = ProcessMetrics()
        process.name = "proxy"
        process.snapshot = snapshot
        var reply = MetricsReply()
        reply.processes = [process]
        return reply
    }

    @Test("one table for all figures, histograms by their quantiles")
    func text() {
        #expect(
            MetricsText.text(reply, colors: false) == """
                WORKER   METRIC          LABELS    VALUE
                proxy/0  requests_total  rule=api  120
                proxy/0  seconds                   100, mean 1.300, p50 1, p95 3.111, p99 4

                """
        )
        #expect(MetricsText.text(MetricsReply(), colors: false) == "no worker has handed over figures\n")
    }

    @Test("JSON has labels as an object, and buckets as they came")
    func json() {
        let metrics = MetricsText.json(reply)["processes"]?[0]?["metrics"]
        #expect(
            metrics?[0] == ["name": "requests_total", "labels": ["rule": "api"], "kind": "counter", "value": 120]
        )
        #expect(metrics?[1]?["count"] == 100)
        #expect(metrics?[1]?["buckets"] == [50, 40, 9, 1])
    }

    @Test("a histogram of any numbers has quantiles")
    func strange() {
        var metric = Metric()
        metric.buckets = [.max, .max]
        #expect(Histogram(metric).count == .max)
        #expect(Histogram(metric).quantile(0.5).isNaN)
        metric.bounds = [1]
        metric.buckets = [0, 5]
        #expect(Histogram(metric).quantile(0.99) == 1)
    }
}
