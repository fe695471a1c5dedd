/// What a gateway changes in a request (RFC 9110 section 7.6): where it goes, and what it says about where it came from.
package struct ForwardedRequest {
    /// Replaces the host that was asked for; nil: the client's.
    package var host: UnsafeBufferPointer<UInt8>?
    /// Stands in where the client named no host at all (HTTP/1.0).
    package var fallbackHost: UnsafeBufferPointer<UInt8>
    /// How many bytes of the path are taken away, and what is put before the rest.
    package var strippedPrefix = 0
    package var addedPrefix: UnsafeBufferPointer<UInt8>?
    /// The address of the client's end of the connection, as text.
    package var client: UnsafeBufferPointer<UInt8>
    /// Our own name in Via.
    package var pseudonym: UnsafeBufferPointer<UInt8>

    package init(
        host: UnsafeBufferPointer<UInt8>? = nil,
        fallbackHost: UnsafeBufferPointer<UInt8>,
        client: UnsafeBufferPointer<UInt8>,
        pseudonym: UnsafeBufferPointer<UInt8>
    ) {
        self.host = host
        self.fallbackHost = fallbackHost
        self.client = client
        self.pseudonym = pseudonym
    }

    /// Writes the head of the request as it goes to the backend.
    package func write(
        _ head: RequestHead,
        _ bytes: Span<UInt8>,
        _ fields: borrowing FieldTable,
        to writer: inout HeadWriter
    ) {
        writer.append(bytes, head.methodName)
        writer.append(byte: Octet.space)
        writeTarget(head, bytes, &writer)
        writer.append(" HTTP/1.1\r\nHost: ")
        if let host {
            writer.append(host)
        } else if head.authority.isEmpty {
            writer.append(fallbackHost)
        } else {
            writer.append(bytes, head.authority)
        }
        writer.append("\r\n")
        writeFields(head, bytes, fields, &writer)
        if head.framing == .chunked { writer.append("Transfer-Encoding: chunked\r\n") }
        writer.append(head.minorVersion > 0 ? "Via: 1.1 " : "Via: 1.0 ")
        writer.append(pseudonym)
        // Untrusted values were dropped: what a client says about itself is not passed on as fact.
        writer.append("\r\nX-Forwarded-For: ")
        writer.append(client)
        writer.append("\r\nX-Forwarded-Proto: http\r\n")
        if !head.authority.isEmpty {
            writer.append("X-Forwarded-Host: ")
            writer.append(bytes, head.authority)
            writer.append("\r\n")
        }
        writer.append("\r\n")
    }

    private func writeTarget(_ head: RequestHead, _ bytes: Span<UInt8>, _ writer: inout HeadWriter) {
        if let addedPrefix { writer.append(addedPrefix) }
        if head.lacksSlash {
            writer.append(byte: Octet.slash)
            writer.append(bytes, head.target)
            return
        }
        let start = min(Int(head.target.start) &+ strippedPrefix, head.target.end)
        let startsWithSlash = start < head.path.end && bytes[start] == Octet.slash
        // Nothing is left of the path: a request target is never empty.
        if !startsWithSlash, strippedPrefix > 0, addedPrefix == nil { writer.append(byte: Octet.slash) }
        writer.append(bytes, start, head.target.end)
    }

    @inline(__always)
    private func writeFields(
        _ head: RequestHead,
        _ bytes: Span<UInt8>,
        _ fields: borrowing FieldTable,
        _ writer: inout HeadWriter
    ) {
        // Kept lines that follow each other are copied as one run.
        var runStart = 0
        var runEnd = 0
        var index = 0
        while index < fields.count {
            let field = fields[index]
            let passes = !field.isDropped && !field.kind.isHopByHop && !field.kind.isRewrittenInRequest
            let isCounted = field.kind == .maxForwards && head.maxForwards != nil
            if passes, !isCounted {
                if runEnd == 0 { runStart = Int(field.name.start) }
                runEnd = Int(field.lineEnd)
            } else {
                writer.append(bytes, runStart, runEnd)
                (runStart, runEnd) = (0, 0)
                if passes, let left = head.maxForwards, left > 0 {
                    writer.append("Max-Forwards: ")
                    writer.append(decimal: left &- 1)
                    writer.append("\r\n")
                }
            }
            index &+= 1
        }
        writer.append(bytes, runStart, runEnd)
    }

    /// Whether our own name stands in a Via field already: the request has come round in a loop.
    package func hasPassedHere(_ bytes: Span<UInt8>, _ fields: borrowing FieldTable) -> Bool {
        for index in 0..<fields.count where fields[index].kind == .via {
            var list = ListReader(fields[index].value)
            while let item = list.next(bytes) {
                var start = Int(item.start)
                while start < item.end, !Octet.isBlank(bytes[start]) { start &+= 1 }
                while start < item.end, Octet.isBlank(bytes[start]) { start &+= 1 }
                var end = start
                while end < item.end, !Octet.isBlank(bytes[end]) { end &+= 1 }
                if isPseudonym(bytes, start, end) { return true }
            }
        }
        return false
    }

    private func isPseudonym(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard end &- start == pseudonym.count else { return false }
        for offset in 0..<pseudonym.count where bytes[start &+ offset] != pseudonym[offset] { return false }
        return true
    }
}

extension FieldName {
    /// Whether the gateway writes the field itself.
    @inline(__always)
    var isRewrittenInRequest: Bool {
        switch self {
        case .host, .forwarded, .forwardedFor, .forwardedProto, .forwardedHost: true
        default: false
        }
    }
}
