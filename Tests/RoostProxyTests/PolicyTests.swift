import Testing

@testable import RoostProxy

@Suite("Counters")
struct CounterTests {
    @Test("each duration lies in its bucket, and buckets are a sixteenth wide at most")
    func buckets() {
        for value: UInt64 in [0, 1, 15, 16, 17, 31, 32, 33, 1000, 4095, 4096, 1_000_000, 60_000_000] {
            let index = LatencyHistogram.index(microseconds: value)
            #expect(LatencyHistogram.lowerBound(of: index) <= value)
            #expect(LatencyHistogram.lowerBound(of: index + 1) > value)
            let width = LatencyHistogram.lowerBound(of: index + 1) - LatencyHistogram.lowerBound(of: index)
            #expect(width <= max(1, value / 16 + 1))
        }
        #expect(LatencyHistogram.index(microseconds: .max) == LatencyHistogram.bucketCount - 1)
    }

    @Test("quantiles are within a bucket of the true ones")
    func quantiles() throws {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for value in 1...10_000 { histogram.record(microseconds: UInt64(value)) }
        for (fraction, expected) in [(0.5, 5000.0), (0.95, 9500), (0.99, 9900)] {
            let found = Double(try #require(histogram.quantile(fraction)))
            #expect(abs(found - expected) / expected < 0.07)
        }
    }

    @Test("statuses are counted by code and class, errors are 5xx and aborts")
    func statuses() {
        var counters = TrafficCounters()
        defer { counters.deallocate() }
        for status: UInt16 in [200, 200, 404, 502] {
            counters.active += 1
            counters.finish(status: status, microseconds: 10, isAborted: false)
        }
        counters.active += 1
        counters.finish(status: 200, microseconds: 30, isAborted: true)
        let snapshot = counters.snapshot
        #expect(snapshot.statusCodes == [200: 3, 404: 1, 502: 1])
        #expect(snapshot.statusClasses == [0, 3, 0, 1, 1])
        #expect(snapshot.errors == 2)
        #expect(snapshot.aborted == 1)
        #expect(snapshot.active == 0)
        #expect(snapshot.leastMicroseconds == 10 && snapshot.mostMicroseconds == 30)
        for status in 300..<340 { counters.finish(status: UInt16(status), microseconds: 1, isAborted: false) }
        #expect(counters.snapshot.statusClasses[2] == 40)
        #expect(counters.snapshot.statusCodes.count == TrafficCounters.statusSlots)
    }
}

@Suite("ByteBuffer")
struct ByteBufferTests {
    @Test("bytes come out as they went in, over growth and partial use, up to the largest size")
    func appendAndConsume() {
        var pool = BufferPool()
        defer { pool.deallocate() }
        var buffer = ByteBuffer()
        var expected: [UInt8] = []
        for round in 0..<200 {
            let bytes = [UInt8](repeating: UInt8(round), count: 1500)
            let fits = pool.append(bytes, bytes.count, to: &buffer)
            #expect(fits)
            expected += bytes
            pool.consume(700, from: &buffer)
            expected.removeFirst(700)
        }
        #expect(Array(buffer.bytes) == expected)
        let tooMuch = pool.reserve(BufferPool.sizes.large, in: &buffer)
        #expect(!tooMuch)
        pool.consume(buffer.count, from: &buffer)
        #expect(buffer.base == nil)
    }
}
