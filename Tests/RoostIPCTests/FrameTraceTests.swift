import RoostPolicy
import RoostProtocol
import RoostWire
import Testing

@testable import RoostIPC

@Suite struct FrameTraceTests {
    private func note(_ trace: FrameTrace, _ payload: [UInt8], _ number: UInt32) {
        let header = FrameHeader(.event, id: number, method: Method.heartbeat.number)
        trace.note(.received, header, payload.span.bytes, at: MonotonicInstant(nanoseconds: Int64(number)))
    }

    @Test("the last frames are kept in order, and none more than there is room for", arguments: [0, 1, 4, 5, 6, 14])
    func bounds(count: Int) {
        let trace = FrameTrace(capacity: 5)
        for number in 0..<count { note(trace, [UInt8(number)], UInt32(number)) }
        #expect(trace.total == UInt64(count))
        #expect(trace.entries.map(\.id) == (max(0, count - 5)..<count).map { UInt32($0) })
        let isSame = trace.entries.allSatisfy { $0.bytes == [UInt8($0.id)] && $0.method == .heartbeat }
        #expect(isSame)
    }

    @Test("of a payload the first bytes are kept, and its length", arguments: [0, 1, 47, 48, 49, 5000])
    func payloads(length: Int) {
        let trace = FrameTrace(capacity: 2)
        note(trace, Array(repeating: 9, count: 60), 1)
        note(trace, Array(repeating: 8, count: 60), 2)
        note(trace, (0..<length).map { UInt8(truncatingIfNeeded: $0) }, 3)
        let entry = trace.entries.last
        #expect(entry?.length == length)
        #expect(entry?.bytes == (0..<min(length, FrameTrace.kept)).map { UInt8($0) })
        #expect(trace.entries.first?.bytes == Array(repeating: 8, count: FrameTrace.kept))
    }
}
