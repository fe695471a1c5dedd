import RoostHTTP1

extension Loop {
    /// Begins the exchange of the head `bytes[start..<end]`; what follows up to `count` is body or the next request.
    mutating func begin(
        _ client: StreamPointer,
        _ bytes: UnsafeMutablePointer<UInt8>,
        from start: Int,
        to end: Int,
        of count: Int,
        fromInput: Bool
    ) {
        let text = UnsafeBufferPointer(start: bytes + start, count: end - start)
        let parsed: RequestHead
        do {
            parsed = try RequestHead(
                text.span,
                from: 0,
                to: text.count,
                fields: &fields,
                targetLimit: limits.targetBytes
            )
        } catch {
            return refuse(client, error)
        }
        if parsed.method == .options, parsed.target.count == 1, text[Int(parsed.target.start)] == 0x2A {
            let hasBody = !BodyReader(parsed.framing).isFinished
            take(client, bytes, end, count, fromInput)
            return answerForServer(client, minorVersion: parsed.minorVersion, keepsAlive: parsed.keepsAlive && !hasBody)
        }
        let rule: UnsafeMutablePointer<CompiledRule>
        switch match(parsed, text) {
        case .rule(let index): rule = table.pointee.rules.baseAddress.unsafelyUnwrapped + index
        case .none:
            let hasBody = !BodyReader(parsed.framing).isFinished
            take(client, bytes, end, count, fromInput)
            return refuse(client, .noRule, answering: parsed.method, keepsAlive: parsed.keepsAlive && !hasBody)
        case .badPath: return refuse(client, .badTarget)
        }
        let exchange = makeExchange(client, rule, parsed)
        _ = buffers.append(bytes + start, end - start, to: &exchange.pointee.savedHead)
        take(client, bytes, end, count, fromInput)
        handle(exchange, parsed)
    }

    /// Keeps what came behind a head.
    private mutating func take(
        _ client: StreamPointer,
        _ bytes: UnsafeMutablePointer<UInt8>,
        _ end: Int,
        _ count: Int,
        _ fromInput: Bool
    ) {
        if fromInput {
            buffers.consume(end, from: &client.pointee.input)
        } else if count > end {
            _ = buffers.append(bytes + end, count - end, to: &client.pointee.input)  // at most headReadSize: fits
        }
    }

    private enum Match {
        case rule(Int)
        case none
        case badPath
    }

    @inline(__always)
    private mutating func match(_ head: RequestHead, _ text: UnsafeBufferPointer<UInt8>) -> Match {
        let host = Authority.host(text.span, head.authority)
        let hostCount = Int(host.count)  // at most 261, checked by Authority
        for offset in 0..<hostCount {
            let byte = text[Int(host.start) &+ offset]
            hostText[offset] = byte &- 0x41 < 26 ? byte | 0x20 : byte
        }
        var path = UnsafeBufferPointer(rebasing: text[head.path.bounds])
        if head.lacksSlash {
            pathText[0] = 0x2F
            path = UnsafeBufferPointer(start: pathText, count: 1)
        } else {
            switch NormalPath.normalize(text.span, head.path, to: pathText) {
            case .unchanged: break
            case .written(let count): path = UnsafeBufferPointer(start: pathText, count: count)
            case .invalid: return .badPath
            }
        }
        let subject = MatchSubject(
            host: UnsafeBufferPointer(start: hostText, count: hostCount),
            path: path,
            method: head.method,
            methodName: UnsafeBufferPointer(rebasing: text[head.methodName.bounds])
        )
        return table.pointee.matcher.match(subject).map { .rule($0) } ?? .none
    }

    private mutating func makeExchange(
        _ client: StreamPointer,
        _ rule: UnsafeMutablePointer<CompiledRule>,
        _ head: RequestHead
    ) -> ExchangePointer {
        let exchange = exchanges.take(
            Exchange(
                client: client,
                table: table,
                rule: rule,
                head: head,
                started: now,
                identifier: exchanges.generation &+ 1
            )
        )
        exchange.pointee.previous = newest
        if let newest { newest.pointee.next = exchange } else { oldest = exchange }
        newest = exchange
        table.pointee.users += 1
        rule.pointee.traffic.pointee.requests &+= 1
        rule.pointee.traffic.pointee.active &+= 1
        client.pointee.exchange = exchange
        client.pointee.phase = .exchanging
        time(client, out: exchange.pointee.request.isFinished ? .max : now &+ bodyTimeout)
        return exchange
    }

    /// Does what the rule says.
    private mutating func handle(_ exchange: ExchangePointer, _ head: RequestHead) {
        if case .length(let length) = head.framing, length > limits.requestBodyBytes {
            return answer(exchange, .bodyTooLarge)
        }
        if let forwards = head.maxForwards, forwards == 0 {
            return head.method == .options ? answerOptions(exchange) : answer(exchange, .lastHop)
        }
        switch exchange.pointee.rule.pointee.action {
        case .welcome: answerWelcome(exchange)
        case .forward: dispatch(exchange, head)
        }
    }

    /// Ends the bookkeeping of an exchange; its streams are the caller's.
    mutating func conclude(_ exchange: ExchangePointer, isAborted: Bool) {
        let microseconds = UInt64(max(0, now &- exchange.pointee.started)) / 1000
        let status = exchange.pointee.status
        exchange.pointee.rule.pointee.traffic.pointee.finish(
            status: status,
            microseconds: microseconds,
            isAborted: isAborted
        )
        leaveBackend(exchange, status, microseconds, isAborted)
        let (previous, next) = (exchange.pointee.previous, exchange.pointee.next)
        if let previous { previous.pointee.next = next } else { oldest = next }
        if let next { next.pointee.previous = previous } else { newest = previous }
        exchange.pointee.client.pointee.exchange = nil
        exchange.pointee.upstream?.pointee.exchange = nil
        buffers.release(&exchange.pointee.savedHead)
        completed &+= 1
        let table = exchange.pointee.table
        exchanges.give(exchange)
        table.pointee.users -= 1
        if table.pointee.isRetired, table.pointee.users == 0 { destroy(table) }
    }

    /// The attempt at the present backend is over.
    mutating func leaveBackend(_ exchange: ExchangePointer, _ status: UInt16, _ microseconds: UInt64, _ isAborted: Bool)
    {
        guard exchange.pointee.backend >= 0 else { return }
        let backend = exchange.pointee.rule.pointee.backends[exchange.pointee.backend]
        backend.traffic.pointee.finish(status: status, microseconds: microseconds, isAborted: isAborted)
        exchange.pointee.backend = -1
    }
}
