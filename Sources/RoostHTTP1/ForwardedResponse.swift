/// What a gateway changes in a response: the hop-by-hop fields are its own, and so is the framing.
package struct ForwardedResponse {
    /// How the body is sent to this client.
    package enum Framing: Equatable, Sendable {
        /// As the fields of the head say: a Content-Length, or no body.
        case asDeclared
        case chunked
        case untilClose
    }

    package var framing: Framing
    /// What is said about the connection: nothing where the version's default is meant.
    package var connection: ConnectionField
    /// Added where the backend gave none (RFC 9110 section 6.6.1).
    package var date: UnsafeBufferPointer<UInt8>

    package enum ConnectionField: Equatable, Sendable { case absent, close, keepAlive }

    package init(framing: Framing, connection: ConnectionField, date: UnsafeBufferPointer<UInt8>) {
        self.framing = framing
        self.connection = connection
        self.date = date
    }

    /// Writes the head of the response as it goes to the client.
    package func write(
        _ head: ResponseHead,
        _ bytes: Span<UInt8>,
        _ fields: borrowing FieldTable,
        to writer: inout HeadWriter
    ) {
        writer.append("HTTP/1.1 ")
        writer.append(decimal: UInt64(head.status))
        writer.append(byte: Octet.space)
        writer.append(bytes, head.reason)
        writer.append("\r\n")
        writeFields(bytes, fields, &writer)
        if framing == .chunked { writer.append("Transfer-Encoding: chunked\r\n") }
        switch connection {
        case .absent: break
        case .close: writer.append("Connection: close\r\n")
        case .keepAlive: writer.append("Connection: keep-alive\r\n")
        }
        if !head.hasDate, !head.isInterim {
            writer.append("Date: ")
            writer.append(date)
            writer.append("\r\n")
        }
        writer.append("\r\n")
    }

    @inline(__always)
    private func writeFields(_ bytes: Span<UInt8>, _ fields: borrowing FieldTable, _ writer: inout HeadWriter) {
        var runStart = 0
        var runEnd = 0
        var index = 0
        while index < fields.count {
            let field = fields[index]
            let passes = !field.isDropped && !field.kind.isHopByHop
            if passes, !field.isRespelled {
                if runEnd == 0 { runStart = Int(field.name.start) }
                runEnd = Int(field.lineEnd)
            } else {
                writer.append(bytes, runStart, runEnd)
                (runStart, runEnd) = (0, 0)
                if passes {
                    writer.append(bytes, field.name)
                    writer.append(": ")
                    writer.append(bytes, field.value)
                    writer.append("\r\n")
                }
            }
            index &+= 1
        }
        writer.append(bytes, runStart, runEnd)
    }
}
