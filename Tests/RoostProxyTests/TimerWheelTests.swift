import Testing

@testable import RoostProxy

@Suite("TimerWheel")
struct TimerWheelTests {
    private static let second: Int64 = 1_000_000_000

    /// Streams that are never opened: the wheel touches their nodes only.
    private static func withStreams(_ count: Int, _ body: ([StreamPointer]) -> Void) {
        let loop = UnsafeMutablePointer<Loop>.allocate(capacity: 1)
        defer { loop.deallocate() }
        let streams = (0..<count).map { _ in
            let stream = StreamPointer.allocate(capacity: 1)
            stream.initialize(to: Stream(loop: loop, descriptor: -1, role: .client, phase: .reading))
            return stream
        }
        body(streams)
        for stream in streams { stream.deallocate() }
    }

    @Test("streams come out when their time has come, not before, and at most a tick later")
    func order() {
        var wheel = TimerWheel(now: 0)
        defer { wheel.deallocate() }
        Self.withStreams(4) { streams in
            let deadlines = [1, 3, 200, 2].map { $0 * Self.second }
            for (stream, deadline) in zip(streams, deadlines) { _ = wheel.set(stream, to: deadline, now: 0) }
            var fired: [Int64: Int] = [:]
            var now: Int64 = 0
            while let next = wheel.next {
                #expect(next > now)
                now = next
                while let stream = wheel.popExpired(now: now) {
                    let index = streams.firstIndex(of: stream) ?? -1
                    #expect(now >= deadlines[index] && now - deadlines[index] < Self.second / 5)
                    fired[deadlines[index], default: 0] += 1
                }
            }
            #expect(fired.count == 4)
            #expect(wheel.isEmpty)
        }
    }

    @Test("a deadline that moves to later costs no new slot, and one that moves to earlier does")
    func moves() {
        var wheel = TimerWheel(now: 0)
        defer { wheel.deallocate() }
        Self.withStreams(1) { streams in
            let stream = streams[0]
            let first = wheel.set(stream, to: 10 * Self.second, now: 0)
            #expect(first != nil)
            let later = wheel.set(stream, to: 20 * Self.second, now: 0)
            #expect(later == nil)
            let none = wheel.popExpired(now: 15 * Self.second)
            #expect(none == nil)
            let earlier = wheel.set(stream, to: 16 * Self.second, now: 15 * Self.second)
            #expect(earlier != nil)
            let due = wheel.popExpired(now: 17 * Self.second)
            #expect(due == stream)
            #expect(wheel.isEmpty)
        }
    }

    @Test("a stream that is to wait for ever, or is taken out, never comes")
    func never() {
        var wheel = TimerWheel(now: 0)
        defer { wheel.deallocate() }
        Self.withStreams(2) { streams in
            for stream in streams { _ = wheel.set(stream, to: Self.second, now: 0) }
            _ = wheel.set(streams[0], to: .max, now: 0)
            wheel.remove(streams[1])
            let due = wheel.popExpired(now: 100 * Self.second)
            #expect(due == nil)
            #expect(wheel.isEmpty)
        }
    }
}
