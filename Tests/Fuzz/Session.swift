// Sources: RoostWire RoostProtocol RoostPolicy/MonotonicInstant.swift RoostIPC/SessionStateMachine.swift RoostIPC/SessionLimits.swift RoostIPC/RequestFailure.swift
/// Frames out of arbitrary bytes, the session's rules on them, and payloads as messages: nothing traps.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var decoder = FrameDecoder(limit: 4096, readSize: 256)
    var session = SessionStateMachine(.acceptor)
    decoder.append(bytes.span.bytes)
    while let header = try? decoder.next() {
        if case .admit = session.receive(header, now: { MonotonicInstant(nanoseconds: 0) }) { session.admit() }
        decode(decoder.payload)
    }
    decode(bytes)
    return 0
}

private func decode(_ payload: [UInt8]) {
    _ = try? Hello(decoding: payload)
    _ = try? StatusReply(decoding: payload)
    _ = try? MetricsSnapshot(decoding: payload)
}
