import RoostHTTP1

extension Loop {
    private static let pieceBudget = 16

    /// Moves the answer on, as far as both sides allow.
    mutating func relay(_ upstream: StreamPointer) {
        var budget = Self.pieceBudget
        while !upstream.pointee.isDead, let exchange = upstream.pointee.exchange {
            let client = exchange.pointee.client
            guard client.pointee.output.isEmpty else {
                // The client is slow: nothing more is read, and the backend is not to blame.
                time(upstream, out: .max)
                time(client, out: now &+ bodyTimeout)
                return
            }
            guard budget > 0 else { return postpone(upstream) }
            budget -= 1
            let goesOn = exchange.pointee.hasResponseHead ? relayBody(exchange, upstream) : readHead(exchange, upstream)
            guard goesOn else { break }
        }
    }

    /// Reads until a head is whole and sends it on. False when there is nothing more to do now.
    private mutating func readHead(_ exchange: ExchangePointer, _ upstream: StreamPointer) -> Bool {
        if upstream.pointee.input.isEmpty {
            guard upstream.pointee.canRead else { return false }
            switch receive(upstream, into: landing, Self.receiveSize / 2) {
            case .bytes(let count): return scan(exchange, upstream, landing, count, fromInput: false)
            case .nothingYet: return false
            case .end, .broken:
                attemptFailed(exchange, .closedWithoutAnswer)
                return false
            }
        }
        if upstream.pointee.scanner.scanned >= upstream.pointee.input.count {
            guard upstream.pointee.canRead else { return false }
            let room = limits.headBytes - upstream.pointee.input.count
            guard room > 0, buffers.reserve(room, in: &upstream.pointee.input), let tail = upstream.pointee.input.tail
            else {
                attemptFailed(exchange, .badResponse)
                return false
            }
            switch receive(upstream, into: tail, room) {
            case .bytes(let count): upstream.pointee.input.commit(count)
            case .nothingYet: return false
            case .end, .broken:
                attemptFailed(exchange, .badResponse)
                return false
            }
        }
        let waiting = upstream.pointee.input.bytes
        guard let base = waiting.baseAddress else { return false }
        return scan(exchange, upstream, base, waiting.count, fromInput: true)
    }

    private mutating func scan(
        _ exchange: ExchangePointer,
        _ upstream: StreamPointer,
        _ bytes: UnsafeMutablePointer<UInt8>,
        _ count: Int,
        fromInput: Bool
    ) -> Bool {
        let text = UnsafeBufferPointer(start: bytes, count: count)
        switch upstream.pointee.scanner.scan(text.span) {
        case .incomplete:
            if !fromInput, !buffers.append(bytes, count, to: &upstream.pointee.input) || count >= limits.headBytes {
                attemptFailed(exchange, .badResponse)
                return false
            }
            return upstream.pointee.canRead
        case .complete(0, let end) where end <= limits.headBytes:
            upstream.pointee.scanner = HeadScanner()
            guard
                let parsed = try? ResponseHead(
                    text.span,
                    from: 0,
                    to: end,
                    answering: exchange.pointee.method,
                    fields: &fields
                ), parsed.status != 101  // Upgrade is never sent on, so nobody asked for it
            else { break }
            if parsed.isInterim { return forwardInterim(exchange, upstream, parsed, text, end, fromInput) }
            return forwardHead(exchange, upstream, parsed, text, end, fromInput)
        case .complete, .malformed: break
        }
        attemptFailed(exchange, .badResponse)
        return false
    }

    /// Sends a 1xx head on; the final one follows on the same connection.
    private mutating func forwardInterim(
        _ exchange: ExchangePointer,
        _ upstream: StreamPointer,
        _ parsed: ResponseHead,
        _ text: UnsafeBufferPointer<UInt8>,
        _ end: Int,
        _ fromInput: Bool
    ) -> Bool {
        exchange.pointee.interimResponses += 1
        guard exchange.pointee.interimResponses <= limits.interimResponses else {
            attemptFailed(exchange, .badResponse)
            return false
        }
        var writer = HeadWriter(head, capacity: Self.headWriteSize)
        ForwardedResponse(framing: .asDeclared, connection: .absent, date: date).write(
            parsed,
            text.span,
            fields,
            to: &writer
        )
        if fromInput {
            buffers.consume(end, from: &upstream.pointee.input)
        } else if let base = text.baseAddress, text.count > end {
            guard buffers.append(base + end, text.count - end, to: &upstream.pointee.input) else { return false }
        }
        // HTTP/1.0 has no interim responses.
        guard exchange.pointee.minorVersion > 0, !writer.isOverflowed else { return true }
        exchange.pointee.hasAnswered = true
        guard transmit(exchange.pointee.client, head, writer.count) else {
            abandon(exchange.pointee.client)
            return false
        }
        return true
    }

    /// Sends the final head on, with what came of the body behind it.
    private mutating func forwardHead(
        _ exchange: ExchangePointer,
        _ upstream: StreamPointer,
        _ parsed: ResponseHead,
        _ text: UnsafeBufferPointer<UInt8>,
        _ end: Int,
        _ fromInput: Bool
    ) -> Bool {
        decideFraming(exchange, parsed)
        var connection = ForwardedResponse.ConnectionField.absent
        if !exchange.pointee.keepsAlive {
            connection = .close
        } else if exchange.pointee.minorVersion == 0 {
            connection = .keepAlive
        }
        var writer = HeadWriter(head, capacity: Self.headWriteSize)
        ForwardedResponse(framing: exchange.pointee.framing, connection: connection, date: date)
            .write(parsed, text.span, fields, to: &writer)
        guard !writer.isOverflowed else {
            attemptFailed(exchange, .badResponse)
            return false
        }
        // The body moves to the landing place, where there is room around it.
        let count = text.count - end
        if count > 0, let base = text.baseAddress { landing.update(from: base + end, count: count) }
        buffers.release(&upstream.pointee.input)
        return deliver(exchange, upstream, headCount: writer.count, landed: count)
    }

    @inline(__always)
    private mutating func decideFraming(_ exchange: ExchangePointer, _ parsed: ResponseHead) {
        let isBounded = parsed.framing != .chunked && parsed.framing != .untilClose
        if isBounded {
            exchange.pointee.framing = .asDeclared
        } else {
            exchange.pointee.framing = exchange.pointee.minorVersion > 0 ? .chunked : .untilClose
        }
        if exchange.pointee.framing == .untilClose { exchange.pointee.keepsAlive = false }
        // An answer before the end of the request's body: the rest of it is not read, so nothing can follow it.
        if drain.hasBegun || !exchange.pointee.request.isFinished { exchange.pointee.keepsAlive = false }
        exchange.pointee.response = BodyReader(parsed.framing)
        exchange.pointee.upstreamKeepsAlive = parsed.keepsAlive && exchange.pointee.request.isFinished
        exchange.pointee.status = parsed.status
    }

    private mutating func relayBody(_ exchange: ExchangePointer, _ upstream: StreamPointer) -> Bool {
        guard upstream.pointee.canRead else {
            time(upstream, out: now &+ exchange.pointee.rule.pointee.idleTimeout)
            return false
        }
        var size = Self.receiveSize
        // One byte more than is missing: a short read then says that the socket is empty, and a full one that the backend
        // sent more than it promised.
        if let missing = exchange.pointee.response.missing, missing < UInt64(size) { size = Int(missing) + 1 }
        switch receive(upstream, into: landing, size) {
        case .bytes(let count): return deliver(exchange, upstream, headCount: 0, landed: count)
        case .nothingYet:
            time(upstream, out: now &+ exchange.pointee.rule.pointee.idleTimeout)
            return false
        case .end where exchange.pointee.response.endsWithConnection:
            let isChunked = exchange.pointee.framing == .chunked
            let frame = frame(headCount: 0, bodyCount: 0, isChunked: isChunked, isLast: true)
            if frame.count > 0, !transmit(exchange.pointee.client, frame.start, frame.count) {
                abandon(exchange.pointee.client)
                return false
            }
            exchange.pointee.upstreamKeepsAlive = false
            complete(exchange, upstream)
            return false
        case .end, .broken:
            attemptFailed(exchange, .truncated)
            return false
        }
    }

    /// Sends the landed bytes, behind a head if there is one, in the framing of this client. False at the end.
    @inline(__always)
    private mutating func deliver(
        _ exchange: ExchangePointer,
        _ upstream: StreamPointer,
        headCount: Int,
        landed: Int
    ) -> Bool {
        guard let body = gather(&exchange.pointee.response, landed) else {
            attemptFailed(exchange, .badResponse)
            return false
        }
        exchange.pointee.hasResponseHead = true
        exchange.pointee.hasAnswered = true
        buffers.release(&exchange.pointee.savedHead)
        let isLast = exchange.pointee.response.isFinished
        let frame = frame(
            headCount: headCount,
            bodyCount: body.count,
            isChunked: exchange.pointee.framing == .chunked,
            isLast: isLast
        )
        exchange.pointee.rule.pointee.traffic.pointee.bytesSent &+= UInt64(body.count)
        if exchange.pointee.backend >= 0 {
            exchange.pointee.rule.pointee.backends[exchange.pointee.backend].traffic.pointee.bytesSent &+= UInt64(
                body.count
            )
        }
        let client = exchange.pointee.client
        guard frame.count == 0 || transmit(client, frame.start, frame.count) else {
            abandon(client)
            return false
        }
        guard isLast else {
            time(upstream, out: now &+ exchange.pointee.rule.pointee.idleTimeout)
            return true
        }
        // Bytes behind the answer, which nobody asked for: the connection cannot be trusted any more.
        if body.used < landed { exchange.pointee.upstreamKeepsAlive = false }
        complete(exchange, upstream)
        return false
    }

    /// The answer has been handed over whole: both connections go on, or end.
    private mutating func complete(_ exchange: ExchangePointer, _ upstream: StreamPointer) {
        let client = exchange.pointee.client
        let keepsAlive = exchange.pointee.keepsAlive
        let hasUnread = !exchange.pointee.request.isFinished
        let isReusable =
            exchange.pointee.upstreamKeepsAlive && !upstream.pointee.canRead
            && upstream.pointee.output.isEmpty
        exchange.pointee.upstream = nil
        upstream.pointee.exchange = nil
        conclude(exchange, isAborted: false)
        if isReusable { pool(upstream) } else { close(upstream) }
        finish(client, keepsAlive: keepsAlive, mayHaveUnread: hasUnread)
        serve(client)
    }
}
