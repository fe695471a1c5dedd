import RoostHTTP1

extension Loop {
    /// Answers an exchange itself: a problem document (RFC 9457) that names rule and backend.
    mutating func answer(_ exchange: ExchangePointer, _ problem: Problem) {
        guard !exchange.pointee.hasResponseHead else { return abort(exchange) }
        exchange.pointee.status = problem.status
        let rule = exchange.pointee.rule
        var backend: ByteText?
        if case .upstream = problem, exchange.pointee.backend >= 0 {
            backend = rule.pointee.backends[exchange.pointee.backend].authority
        }
        let keepsAlive = exchange.pointee.keepsAlive && exchange.pointee.request.isFinished && problem.keepsConnection
        let body = writeProblem(problem, rule: rule.pointee.name, backend: backend, exchange.pointee.identifier)
        let type: StaticString = "application/problem+json"
        respond(exchange, body, type, keepsAlive: keepsAlive && !drain.hasBegun)
    }

    /// Answers with the built-in page.
    mutating func answerWelcome(_ exchange: ExchangePointer) {
        let isRead = exchange.pointee.method == .get || exchange.pointee.method == .head
        guard isRead else { return answer(exchange, .lastHop) }
        exchange.pointee.status = 200
        var writer = HeadWriter(landing, capacity: Self.receiveSize)
        writer.append(WelcomePage.html)
        let keepsAlive = exchange.pointee.keepsAlive && exchange.pointee.request.isFinished && !drain.hasBegun
        respond(exchange, writer.count, "text/html; charset=utf-8", keepsAlive: keepsAlive)
    }

    /// Answers an OPTIONS request that may go no further (RFC 9110 section 7.6.2): it works, and there is nothing to tell.
    mutating func answerOptions(_ exchange: ExchangePointer) {
        exchange.pointee.status = 200
        let keepsAlive = exchange.pointee.keepsAlive && exchange.pointee.request.isFinished && !drain.hasBegun
        respond(exchange, 0, "text/plain", keepsAlive: keepsAlive)
    }

    /// Answers `OPTIONS *`, which asks about the server itself (RFC 9110 section 9.3.7): it works. No rule has a part in it,
    /// and none counts it.
    mutating func answerForServer(_ client: StreamPointer, minorVersion: UInt8, keepsAlive: Bool) {
        completed &+= 1
        let goesOn = keepsAlive && !drain.hasBegun
        let count = writeHead(200, "text/plain", 0, .options, minorVersion: minorVersion, goesOn)
        send(client, headCount: count, bodyCount: 0)
        finish(client, keepsAlive: goesOn, mayHaveUnread: !keepsAlive)
    }

    /// Answers a head that leads to no exchange, and ends the connection unless told otherwise.
    mutating func refuse(_ client: StreamPointer, _ error: HeadError) {
        refuse(client, .head(error), answering: .other, keepsAlive: false)
    }

    mutating func refuse(_ client: StreamPointer, _ problem: Problem, answering method: Method, keepsAlive: Bool) {
        refused.requests &+= 1
        refused.active &+= 1
        refused.finish(status: problem.status, microseconds: 0, isAborted: false)
        completed &+= 1
        let keepsAlive = keepsAlive && !drain.hasBegun
        let body = writeProblem(problem, rule: nil, backend: nil, exchanges.generation)
        let count = writeHead(problem.status, "application/problem+json", body, method, minorVersion: 1, keepsAlive)
        send(client, headCount: count, bodyCount: method == .head ? 0 : body)
        finish(client, keepsAlive: keepsAlive, mayHaveUnread: !keepsAlive)
    }

    /// Sends the landed body as the answer of an exchange, and ends it.
    private mutating func respond(
        _ exchange: ExchangePointer,
        _ body: Int,
        _ type: StaticString,
        keepsAlive: Bool
    ) {
        let client = exchange.pointee.client
        let method = exchange.pointee.method
        let hasUnread = !exchange.pointee.request.isFinished
        if let upstream = exchange.pointee.upstream {
            exchange.pointee.upstream = nil
            upstream.pointee.exchange = nil
            close(upstream)
        }
        let count = writeHead(
            exchange.pointee.status,
            type,
            body,
            method,
            minorVersion: exchange.pointee.minorVersion,
            keepsAlive
        )
        exchange.pointee.rule.pointee.traffic.pointee.bytesSent &+= UInt64(method == .head ? 0 : body)
        conclude(exchange, isAborted: false)
        send(client, headCount: count, bodyCount: method == .head ? 0 : body)
        finish(client, keepsAlive: keepsAlive, mayHaveUnread: hasUnread)
        if !client.pointee.isDead, keepsAlive, client.hasSomethingToRead { postpone(client) }
    }

    private mutating func send(_ client: StreamPointer, headCount: Int, bodyCount: Int) {
        let frame = frame(headCount: headCount, bodyCount: bodyCount, isChunked: false, isLast: true)
        if !transmit(client, frame.start, frame.count) { close(client) }
    }

    private mutating func writeHead(
        _ status: UInt16,
        _ type: StaticString,
        _ body: Int,
        _ method: Method,
        minorVersion: UInt8,
        _ keepsAlive: Bool
    ) -> Int {
        var writer = HeadWriter(head, capacity: Self.headWriteSize)
        writer.append("HTTP/1.1 ")
        writer.append(decimal: UInt64(status))
        writer.append(" ")
        writer.append(StatusText.reason(status))
        writer.append("\r\nContent-Type: ")
        writer.append(type)
        writer.append("\r\nContent-Length: ")
        writer.append(decimal: UInt64(body))
        writer.append("\r\nCache-Control: no-store\r\nDate: ")
        writer.append(date)
        if status == 405 { writer.append("\r\nAllow: GET, HEAD") }
        if !keepsAlive {
            writer.append("\r\nConnection: close")
        } else if minorVersion == 0 {
            writer.append("\r\nConnection: keep-alive")
        }
        writer.append("\r\n\r\n")
        return writer.count
    }

    /// Writes the document to the landing place and returns its length.
    private mutating func writeProblem(
        _ problem: Problem,
        rule: ByteText?,
        backend: ByteText?,
        _ request: UInt64
    ) -> Int {
        var writer = HeadWriter(landing, capacity: Self.receiveSize)
        writer.append("{\"type\":\"urn:roost:problem:")
        writer.append(problem.name)
        writer.append("\",\"title\":\"")
        writer.append(StatusText.reason(problem.status))
        writer.append("\",\"status\":")
        writer.append(decimal: UInt64(problem.status))
        writer.append(",\"detail\":\"")
        writer.append(problem.detail)
        writer.append("\"")
        if let rule {
            writer.append(",\"rule\":\"")
            writer.append(escaping: rule.bytes)
            writer.append("\"")
        }
        if let backend {
            writer.append(",\"backend\":\"http://")
            writer.append(escaping: backend.bytes)
            writer.append("\"")
        }
        writer.append(",\"instance\":\"urn:roost:request:")
        writer.append(pseudonym.bytes)
        writer.append("-")
        writer.append(hexadecimal: request)
        writer.append("\"}\n")
        return writer.count
    }
}

extension HeadWriter {
    /// The bytes as the inside of a JSON string (RFC 8259 section 7).
    fileprivate mutating func append(escaping bytes: UnsafeBufferPointer<UInt8>) {
        for byte in bytes {
            if byte < 0x20 {
                append("\\u00")
                append(byte: 0x30 &+ (byte >> 4))
                append(byte: (byte & 15) < 10 ? 0x30 &+ (byte & 15) : 0x57 &+ (byte & 15))
            } else {
                if byte == 0x22 || byte == 0x5C { append(byte: 0x5C) }
                append(byte: byte)
            }
        }
    }
}
