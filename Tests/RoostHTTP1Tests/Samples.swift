@testable import RoostHTTP1

/// A request head parsed from text, with what a gateway would send on.
struct ParsedRequest {
    let head: RequestHead
    let forwarded: String

    init(_ text: String) throws(HeadError) { try self.init(Array(text.utf8)) }

    init(_ bytes: [UInt8], fieldLimit: Int = 64, targetLimit: Int = 8192) throws(HeadError) {
        var scanner = HeadScanner()
        var fields = FieldTable(capacity: fieldLimit)
        switch scanner.scan(bytes.span) {
        case .incomplete: throw .badRequestLine
        case .malformed(let error): throw error
        case .complete(let start, let end):
            head = try RequestHead(bytes.span, from: start, to: end, fields: &fields, targetLimit: targetLimit)
            forwarded = Self.forward(head, bytes, fields)
        }
    }

    private static func forward(_ head: RequestHead, _ bytes: [UInt8], _ fields: borrowing FieldTable) -> String {
        let (backend, client, name) = (Array("b:1".utf8), Array("192.0.2.1".utf8), Array("px".utf8))
        return backend.withUnsafeBufferPointer { backend in
            client.withUnsafeBufferPointer { client in
                name.withUnsafeBufferPointer { name in
                    let forwarding = ForwardedRequest(fallbackHost: backend, client: client, pseudonym: name)
                    return written { forwarding.write(head, bytes.span, fields, to: &$0) }
                }
            }
        }
    }
}

/// A response head parsed from text, with what a gateway would send on.
struct ParsedResponse {
    let head: ResponseHead
    let forwarded: String

    init(
        _ text: String,
        to method: RoostHTTP1.Method = .get,
        framing: ForwardedResponse.Framing = .asDeclared
    ) throws(HeadError) {
        let bytes = Array(text.utf8)
        var scanner = HeadScanner()
        var fields = FieldTable(capacity: 64)
        switch scanner.scan(bytes.span) {
        case .incomplete: throw .badStatusLine
        case .malformed(let error): throw error
        case .complete(let start, let end):
            let head = try ResponseHead(bytes.span, from: start, to: end, answering: method, fields: &fields)
            self.head = head
            let date = Array("NOW".utf8)
            var output = ""
            date.withUnsafeBufferPointer { date in
                let forwarding = ForwardedResponse(framing: framing, connection: .absent, date: date)
                output = writtenResponse(forwarding, head, bytes, fields)
            }
            forwarded = output
        }
    }
}

private func writtenResponse(
    _ forwarding: ForwardedResponse,
    _ head: ResponseHead,
    _ bytes: [UInt8],
    _ fields: borrowing FieldTable
) -> String {
    written { forwarding.write(head, bytes.span, fields, to: &$0) }
}

/// What `body` writes, as text.
func written(capacity: Int = 65536, _ body: (inout HeadWriter) -> Void) -> String {
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    defer { memory.deallocate() }
    var writer = HeadWriter(memory, capacity: capacity)
    body(&writer)
    return String(decoding: UnsafeBufferPointer(start: memory, count: writer.count), as: UTF8.self)
}

/// A generator with a fixed seed (SplitMix64), so that a failure can be repeated.
struct Dice: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
