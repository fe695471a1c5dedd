/// A request's head, checked, as offsets into its bytes (RFC 9112 section 3).
package struct RequestHead: Sendable {
    package var method = Method.other
    package var methodName = ByteRange.empty
    /// Path and query as they are sent on: origin-form, or `*`.
    package var target = ByteRange.empty
    /// The path without the query.
    package var path = ByteRange.empty
    /// The target was absolute and has no path: a slash goes before `target`.
    package var lacksSlash = false
    /// Host and port that were asked for: of an absolute target, else of the Host field; empty in HTTP/1.0 without one.
    package var authority = ByteRange.empty
    /// 1 for HTTP/1.1 and whatever later 1.x, 0 for HTTP/1.0.
    package var minorVersion: UInt8 = 1
    package var framing = BodyFraming.none
    /// The client can take another answer on this connection.
    package var keepsAlive = true
    package var expectsContinue = false
    /// Of TRACE and OPTIONS; nil if absent.
    package var maxForwards: UInt64?
    package var hasVia = false

    /// Reads the head `bytes[start..<end]`, which `HeadScanner` delimited, and fills `fields`.
    package init(
        _ bytes: Span<UInt8>,
        from start: Int,
        to end: Int,
        fields: inout FieldTable,
        targetLimit: Int = 8192
    ) throws(HeadError) {
        let firstField = try readRequestLine(bytes, from: start, to: end, targetLimit: targetLimit)
        try FieldParser.parse(bytes, from: firstField, to: end, side: .request, into: &fields)
        try readFields(bytes, &fields)
        if method == .connect { throw .connectNotSupported }
        if method == .trace, framing != .none, framing != .length(0) { throw .bodyInTrace }
    }

    private mutating func readRequestLine(
        _ bytes: Span<UInt8>,
        from start: Int,
        to end: Int,
        targetLimit: Int
    ) throws(HeadError) -> Int {
        var index = start
        while index < end, Octet.isToken(bytes[index]) { index &+= 1 }
        guard index > start, index < end, bytes[index] == Octet.space else {
            throw index > start && index < end && bytes[index] >= 0x7F ? .badMethod : .badRequestLine
        }
        methodName = ByteRange(start, index)
        method = Method(bytes, methodName)
        index &+= 1
        let targetStart = index
        while index < end, bytes[index] > Octet.space, bytes[index] < 0x7F {
            if bytes[index] == Octet.hash { throw .fragmentInTarget }
            index &+= 1
        }
        guard index > targetStart, index < end else { throw .badRequestLine }
        guard bytes[index] == Octet.space else {
            throw bytes[index] == Octet.carriageReturn ? .badRequestLine : .badTarget
        }
        guard index &- targetStart <= targetLimit else { throw .targetTooLong }
        minorVersion = try HTTPVersion.minor(bytes, at: index &+ 1, end: end)
        let line = index &+ 9
        guard line &+ 1 < end, bytes[line] == Octet.carriageReturn, bytes[line &+ 1] == Octet.lineFeed else {
            throw .badRequestLine
        }
        try readTarget(bytes, ByteRange(targetStart, index))
        return line &+ 2
    }

    private mutating func readTarget(_ bytes: Span<UInt8>, _ range: ByteRange) throws(HeadError) {
        if method == .connect { return }
        var start = Int(range.start)
        if bytes[start] != Octet.slash {
            if range.count == 1, bytes[start] == 0x2A {
                guard method == .options else { throw .badTarget }
                (target, path) = (range, range)
                return
            }
            guard range.count > 7, bytes.equals("http://", at: start, count: 7) else { throw .badTarget }
            start &+= 7
            let authorityStart = start
            while start < range.end, bytes[start] != Octet.slash, bytes[start] != Octet.question { start &+= 1 }
            authority = ByteRange(authorityStart, start)
            guard Authority.isValid(bytes, authority) else { throw .badTarget }
            lacksSlash = start == range.end || bytes[start] == Octet.question
        }
        target = ByteRange(start, range.end)
        var index = start
        while index < range.end, bytes[index] != Octet.question { index &+= 1 }
        path = ByteRange(start, index)
    }

    private mutating func readFields(_ bytes: Span<UInt8>, _ fields: inout FieldTable) throws(HeadError) {
        var framingFields = FramingFields()
        var options = ConnectionOptions()
        var host: ByteRange?
        var index = 0
        while index < fields.count {
            let field = fields[index]
            switch field.kind {
            case .other, .protected, .date: break
            case .contentLength, .transferEncoding: try framingFields.add(field, bytes)
            case .connection: try options.add(field, bytes)
            case .host:
                guard host == nil else { throw .duplicateHost }
                guard Authority.isValid(bytes, field.value) else { throw .invalidHost }
                host = field.value
            case .expect:
                guard bytes.equals("100-continue", at: Int(field.value.start), count: Int(field.value.count)) else {
                    throw .unknownExpectation
                }
                expectsContinue = minorVersion > 0
                fields[index].isDropped = minorVersion == 0
            case .maxForwards where method == .trace || method == .options:
                do { maxForwards = try FramingFields.number(bytes, field.value) } catch { throw .badMaxForwards }
            case .via: hasVia = true
            case .keepAlive, .proxyConnection, .te, .upgrade, .trailer, .proxyAuthenticate, .proxyAuthorization,
                .maxForwards, .forwarded, .forwardedFor, .forwardedProto, .forwardedHost:
                break
            }
            index &+= 1
        }
        if host == nil, minorVersion > 0 { throw .missingHost }
        if authority.isEmpty, let host { authority = host }
        framing = try framingFields.framing(bytes, minorVersion: minorVersion) ?? .none
        keepsAlive = minorVersion > 0 ? !options.close : options.keepAlive && !options.close
        if options.hasNominations { try ConnectionOptions.drop(&fields, bytes, side: .request) }
    }
}
