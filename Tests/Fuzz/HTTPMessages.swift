// Sources: RoostHTTP1
// A request or a response of any bytes: no trap, no offset outside the bytes, and the same answer however they are cut.

private func scan(_ bytes: [UInt8], step: Int) -> HeadScanner.Outcome {
    var scanner = HeadScanner()
    var count = 0
    while true {
        count = min(count + step, bytes.count)
        let outcome = scanner.scan(bytes.span.extracting(0..<count))
        if outcome != .incomplete || count == bytes.count { return outcome }
    }
}

/// The body's bytes, and whether and how its framing ended.
private func read(_ bytes: [UInt8], from start: Int, _ framing: BodyFraming, step: Int) -> ([UInt8], BodyReader.Step) {
    var reader = BodyReader(framing)
    var (position, end) = (start, start)
    var body: [UInt8] = []
    while true {
        let next = reader.next(bytes.span.extracting(0..<end), &position)
        precondition(position >= start && position <= end)
        switch next {
        case .body(let range):
            for index in Int(range.start)..<range.end { body.append(bytes[index]) }
        case .needsMore where end < bytes.count: end = min(end + step, bytes.count)
        case .needsMore, .finished, .malformed: return (body, next)
        }
    }
}

private func check(_ bytes: [UInt8], isRequest: Bool) {
    let outcome = scan(bytes, step: bytes.count)
    precondition(outcome == scan(bytes, step: 1), "cut and whole differ")
    guard case .complete(let start, let end) = outcome else { return }
    precondition(start >= 0 && start < end && end <= bytes.count)
    var fields = FieldTable(capacity: 32)
    let framing: BodyFraming
    if isRequest {
        guard let head = try? RequestHead(bytes.span, from: start, to: end, fields: &fields) else { return }
        precondition(head.target.end <= end && head.path.end <= end && head.authority.end <= end)
        if !head.path.isEmpty, bytes[Int(head.path.start)] == Octet.slash {
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(head.path.count)) {
                if case .written(let count) = NormalPath.normalize(bytes.span, head.path, to: $0.baseAddress!) {
                    precondition(count <= head.path.count)
                }
            }
        }
        framing = head.framing
    } else {
        guard let head = try? ResponseHead(bytes.span, from: start, to: end, answering: .get, fields: &fields)
        else { return }
        framing = head.framing
    }
    let whole = read(bytes, from: end, framing, step: bytes.count)
    let cut = read(bytes, from: end, framing, step: 3)
    precondition(whole == cut, "cut and whole differ")
}

/// The first byte of the input says whether the rest is a request or a response.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first else { return 0 }
    check(Array(input.dropFirst()), isRequest: first & 1 == 0)
    return 0
}
