import RoostHTTP1

extension Loop {
    /// How many pieces one event moves, so that one fast pair of peers cannot starve the rest.
    private static let pieceBudget = 16

    /// Moves the request's body on, as far as both sides allow.
    mutating func relayRequest(_ exchange: ExchangePointer) {
        var budget = Self.pieceBudget
        let client = exchange.pointee.client
        while exchange.pointee.headSent, !exchange.pointee.request.isFinished, !client.pointee.isDead {
            guard let upstream = exchange.pointee.upstream, upstream.pointee.output.isEmpty else { return }
            guard budget > 0 else { return postpone(client) }
            budget -= 1
            guard let count = takeBody(exchange, client) else { return }
            guard forwardBody(exchange, upstream, count) else { return }
        }
    }

    /// Brings bytes of the body to the landing place: what waited first, then from the socket. Nil when none can come now.
    private mutating func takeBody(_ exchange: ExchangePointer, _ client: StreamPointer) -> Int? {
        if !client.pointee.input.isEmpty {
            let waiting = client.pointee.input.bytes
            let count = min(waiting.count, Self.receiveSize)
            if let base = waiting.baseAddress { landing.update(from: base, count: count) }
            return count
        }
        guard client.pointee.canRead else { return nil }
        var size = Self.receiveSize
        if let missing = exchange.pointee.request.missing { size = Int(min(UInt64(size), missing)) }
        switch receive(client, into: landing, size) {
        case .bytes(let count):
            time(client, out: now &+ bodyTimeout)
            return count
        case .nothingYet: return nil
        case .end, .broken:
            // The rest of the body will not come: there is nobody to answer either.
            abandon(client)
            return nil
        }
    }

    /// Sends the landed bytes in the framing of the backend. False when the exchange cannot go on.
    private mutating func forwardBody(_ exchange: ExchangePointer, _ upstream: StreamPointer, _ landed: Int) -> Bool {
        let client = exchange.pointee.client
        let isChunked = exchange.pointee.request.isChunked
        let body = gather(&exchange.pointee.request, landed)
        guard let body else {
            answer(exchange, .badChunk)
            return false
        }
        exchange.pointee.requestBytes &+= UInt64(body.count)
        exchange.pointee.rule.pointee.traffic.pointee.bytesReceived &+= UInt64(body.count)
        guard exchange.pointee.requestBytes <= limits.requestBodyBytes else {
            answer(exchange, .bodyTooLarge)
            return false
        }
        // What came behind the body waits for its turn.
        if client.pointee.input.isEmpty {
            if body.used < landed {
                _ = buffers.append(landing + body.used, landed - body.used, to: &client.pointee.input)
            }
        } else {
            buffers.consume(body.used, from: &client.pointee.input)
        }
        let isLast = exchange.pointee.request.isFinished
        if isLast { time(client, out: .max) }
        let frame = frame(headCount: 0, bodyCount: body.count, isChunked: isChunked, isLast: isLast)
        guard frame.count == 0 || transmit(upstream, frame.start, frame.count) else {
            upstreamIsBroken(upstream)
            return false
        }
        time(upstream, out: now &+ exchange.pointee.rule.pointee.responseTimeout)
        return true
    }

    /// What is left of landed bytes when their framing is taken off.
    struct Gathered {
        /// Bytes of the body, now at the landing place without gaps.
        var count: Int
        /// How many of the landed bytes were taken; the rest belongs to what follows the body.
        var used: Int
    }

    /// Takes the framing off the landed bytes, in place. Nil if it is malformed.
    @inline(__always)
    mutating func gather(_ reader: inout BodyReader, _ landed: Int) -> Gathered? {
        let bytes = UnsafeBufferPointer(start: landing, count: landed)
        var position = 0
        var count = 0
        while true {
            switch reader.next(bytes.span, &position) {
            case .body(let range):
                if Int(range.start) != count {
                    (landing + count).update(from: landing + Int(range.start), count: Int(range.count))
                }
                count &+= Int(range.count)
            case .needsMore, .finished: return Gathered(count: count, used: position)
            case .malformed: return nil
            }
        }
    }

    /// Puts the head that was written to `head` and a chunk's framing around the landed body, so that one send takes all.
    @inline(__always)
    mutating func frame(
        headCount: Int,
        bodyCount: Int,
        isChunked: Bool,
        isLast: Bool
    ) -> (start: UnsafeMutablePointer<UInt8>, count: Int) {
        var start = landing
        var end = landing + bodyCount
        if isChunked {
            if bodyCount > 0 {
                let digits = max(1, (UInt64(bodyCount).bitWidth - UInt64(bodyCount).leadingZeroBitCount + 3) / 4)
                start -= digits + 2
                var writer = HeadWriter(start, capacity: digits + 2)
                writer.append(hexadecimal: UInt64(bodyCount))
                writer.append("\r\n")
                var tail = HeadWriter(end, capacity: Self.tailroom)
                tail.append("\r\n")
                end += 2
            }
            if isLast {
                var tail = HeadWriter(end, capacity: Self.tailroom - 2)
                tail.append("0\r\n\r\n")
                end += 5
            }
        }
        if headCount > 0 {
            start -= headCount
            start.update(from: head, count: headCount)
        }
        return (start, end - start)
    }
}
