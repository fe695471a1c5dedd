/// A response's head, checked, as offsets into its bytes (RFC 9112 section 4).
package struct ResponseHead: Sendable {
    package var status: UInt16 = 0
    package var reason = ByteRange.empty
    package var minorVersion: UInt8 = 1
    package var framing = BodyFraming.untilClose
    /// The connection can carry another exchange.
    package var keepsAlive = true
    package var hasDate = false

    /// Whether another head follows on the same request (RFC 9110 section 15.2).
    package var isInterim: Bool { status < 200 }

    /// Reads the head `bytes[start..<end]` that answers a request of `method`, and fills `fields`.
    package init(
        _ bytes: Span<UInt8>,
        from start: Int,
        to end: Int,
        answering method: Method,
        fields: inout FieldTable
    ) throws(HeadError) {
        let firstField = try readStatusLine(bytes, from: start, to: end)
        try FieldParser.parse(bytes, from: firstField, to: end, side: .response, into: &fields)
        try readFields(bytes, &fields, answering: method)
    }

    private mutating func readStatusLine(
        _ bytes: Span<UInt8>,
        from start: Int,
        to end: Int
    ) throws(HeadError) -> Int {
        minorVersion = try HTTPVersion.minor(bytes, at: start, end: end)
        let code = start &+ 9
        guard code &+ 5 <= end, bytes[code &- 1] == Octet.space else { throw .badStatusLine }
        for index in code..<code &+ 3 {
            guard Octet.isDigit(bytes[index]) else { throw .badStatus }
            status = status &* 10 &+ UInt16(bytes[index] &- 0x30)
        }
        guard status >= 100, status <= 599 else { throw .badStatus }
        var index = code &+ 3
        // The blank before an empty reason is often forgotten; the status line is written anew anyway.
        if bytes[index] == Octet.space { index &+= 1 } else if bytes[index] != Octet.carriageReturn { throw .badStatus }
        let lineEnd = try FieldParser.endOfContent(bytes, from: index, to: end)
        reason = ByteRange(index, lineEnd)
        return lineEnd &+ 2
    }

    private mutating func readFields(
        _ bytes: Span<UInt8>,
        _ fields: inout FieldTable,
        answering method: Method
    ) throws(HeadError) {
        var framingFields = FramingFields()
        var options = ConnectionOptions()
        var index = 0
        while index < fields.count {
            switch fields[index].kind {
            case .contentLength, .transferEncoding: try framingFields.add(fields[index], bytes)
            case .connection: try options.add(fields[index], bytes)
            case .date: hasDate = true
            default: break
            }
            index &+= 1
        }
        let declared = try framingFields.framing(bytes, minorVersion: minorVersion)
        if isInterim || status == 204 {
            framing = .none
            // A declared body that must not be there: whatever follows cannot be trusted.
            if let declared, declared != .length(0), status == 204 { keepsAlive = false }
            drop(.contentLength, &fields)
        } else if method == .head || status == 304 {
            framing = .none
        } else {
            framing = declared ?? .untilClose
        }
        if framing == .untilClose { keepsAlive = false }
        if minorVersion > 0 ? options.close : !options.keepAlive || options.close { keepsAlive = false }
        if options.hasNominations { try ConnectionOptions.drop(&fields, bytes, side: .response) }
    }

    private func drop(_ kind: FieldName, _ fields: inout FieldTable) {
        for index in 0..<fields.count where fields[index].kind == kind { fields[index].isDropped = true }
    }
}
