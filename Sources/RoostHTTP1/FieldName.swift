/// The fields that a proxy looks at; every other name is `other` and passes through.
package enum FieldName: UInt8, Sendable {
    case other
    case connection, keepAlive, proxyConnection, te, transferEncoding, upgrade, trailer
    case proxyAuthenticate, proxyAuthorization
    case contentLength, host, expect, via, maxForwards, date
    case forwarded, forwardedFor, forwardedProto, forwardedHost
    /// End-to-end fields that a Connection field must not be able to strip.
    case protected

    /// Recognises a name without regard to case: by length first, so that most names cost one comparison at most.
    static func recognize(_ bytes: Span<UInt8>, at start: Int, count: Int) -> FieldName {
        @inline(__always) func named(_ text: StaticString, _ name: FieldName) -> FieldName? {
            bytes.equals(text, at: start, count: count) ? name : nil
        }
        switch count {
        case 2: return named("te", .te) ?? .other
        case 3: return named("via", .via) ?? .other
        case 4: return named("host", .host) ?? named("date", .date) ?? .other
        case 5: return named("range", .protected) ?? .other
        case 6:
            return named("expect", .expect) ?? named("cookie", .protected) ?? named("origin", .protected) ?? .other
        case 7: return named("upgrade", .upgrade) ?? named("trailer", .trailer) ?? .other
        case 9: return named("forwarded", .forwarded) ?? .other
        case 10:
            return named("connection", .connection) ?? named("keep-alive", .keepAlive)
                ?? named("set-cookie", .protected) ?? .other
        case 12: return named("max-forwards", .maxForwards) ?? named("content-type", .protected) ?? .other
        case 13:
            return named("authorization", .protected) ?? named("cache-control", .protected)
                ?? named("content-range", .protected) ?? .other
        case 14: return named("content-length", .contentLength) ?? .other
        case 15: return named("x-forwarded-for", .forwardedFor) ?? .other
        case 16:
            return named("proxy-connection", .proxyConnection) ?? named("x-forwarded-host", .forwardedHost)
                ?? named("content-encoding", .protected) ?? .other
        case 17:
            return named("transfer-encoding", .transferEncoding) ?? named("x-forwarded-proto", .forwardedProto)
                ?? .other
        case 18: return named("proxy-authenticate", .proxyAuthenticate) ?? .other
        case 19: return named("proxy-authorization", .proxyAuthorization) ?? .other
        default: return .other
        }
    }

    /// Whether the field is about one connection and never passes (RFC 9110 section 7.6.1).
    var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .transferEncoding, .upgrade, .trailer,
            .proxyAuthenticate, .proxyAuthorization:
            true
        default: false
        }
    }

    /// Whether naming the field in Connection is an attack on what the other side relies on.
    var resistsNomination: Bool {
        switch self {
        case .contentLength, .host, .expect, .via, .maxForwards, .date, .protected: true
        default: false
        }
    }
}
