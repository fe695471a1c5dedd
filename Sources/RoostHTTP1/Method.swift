/// The methods that a proxy treats differently (RFC 9110 section 9, RFC 5789); any other token is `other`.
package enum Method: UInt8, Sendable, CaseIterable {
    case get, head, post, put, delete, options, patch, trace, connect, other

    /// A repeated request has the effect of one (RFC 9110 section 9.2.2).
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }

    /// Recognises a method; methods are case-sensitive.
    package init(_ bytes: Span<UInt8>, _ range: ByteRange) {
        let (start, count) = (Int(range.start), Int(range.count))
        @inline(__always) func named(_ text: StaticString) -> Bool {
            guard count == text.utf8CodeUnitCount, range.end <= bytes.count else { return false }
            var index = 0
            while index < count {
                guard bytes[start &+ index] == text.utf8Start[index] else { return false }
                index &+= 1
            }
            return true
        }
        switch count {
        case 3: self = named("GET") ? .get : named("PUT") ? .put : .other
        case 4: self = named("HEAD") ? .head : named("POST") ? .post : .other
        case 5: self = named("PATCH") ? .patch : named("TRACE") ? .trace : .other
        case 6: self = named("DELETE") ? .delete : .other
        case 7: self = named("OPTIONS") ? .options : named("CONNECT") ? .connect : .other
        default: self = .other
        }
    }
}
