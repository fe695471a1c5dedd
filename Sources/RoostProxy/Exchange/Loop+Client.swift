import RoostHTTP1

/// The reactor's entry for clients.
let clientIsReady: @convention(c) (UnsafeMutableRawPointer, UInt32) -> Void = { context, readiness in
    let client = context.assumingMemoryBound(to: Stream.self)
    client.pointee.loop.pointee.clientIsReady(client, readiness)
}

extension Loop {
    /// How many heads one event takes from one client.
    private static let headBudget = 32
    private static let brokenMask: UInt32 = 0x8 | 0x10  // EPOLLERR, EPOLLHUP: both directions are gone
    private static let endedMask: UInt32 = 0x2000 | 0x8 | 0x10  // and EPOLLRDHUP

    fileprivate mutating func clientIsReady(_ client: StreamPointer, _ readiness: UInt32) {
        guard !client.pointee.isDead else { return }
        tick()
        if readiness & Self.endedMask != 0 { client.pointee.peerEnded = true }
        if readiness & (0x1 | Self.endedMask) != 0 { client.pointee.canRead = true }
        if readiness & Self.brokenMask != 0 {
            abandon(client)
            return
        }
        if readiness & 0x4 != 0 {
            client.pointee.canWrite = true
            guard resumeWriting(client) else { return }
        }
        serve(client)
    }

    /// Takes every step that is possible for a client now.
    mutating func serve(_ client: StreamPointer) {
        var budget = Self.headBudget
        while !client.pointee.isDead {
            switch client.pointee.phase {
            case .reading:
                guard client.pointee.output.isEmpty, client.hasSomethingToRead else { return }
                guard budget > 0 else { return postpone(client) }
                budget -= 1
                guard readHead(client) else { return }
            case .exchanging:
                if let exchange = client.pointee.exchange { relayRequest(exchange) }
                return
            case .lingering: return discard(client)
            case .flushing, .connecting, .pooled: return
            }
        }
    }

    /// Sends what waits for a client, then lets go on what waited for that. False if nothing more is to be done now.
    private mutating func resumeWriting(_ client: StreamPointer) -> Bool {
        guard !client.pointee.output.isEmpty else { return true }
        guard flush(client) else {
            abandon(client)
            return false
        }
        guard client.pointee.output.isEmpty else {
            time(client, out: now &+ bodyTimeout)
            return false
        }
        switch client.pointee.phase {
        case .reading: time(client, out: now &+ keepAliveTimeout)
        case .exchanging:
            time(client, out: .max)
            if let upstream = client.pointee.exchange?.pointee.upstream, upstream.pointee.phase == .exchanging {
                relay(upstream)
            }
        case .flushing: end(client)
        case .lingering, .connecting, .pooled: break
        }
        return !client.pointee.isDead
    }

    /// Reads until a head is whole and begins its exchange. False when more has to come first.
    private mutating func readHead(_ client: StreamPointer) -> Bool {
        let fromInput = !client.pointee.input.isEmpty
        if !fromInput {
            switch receive(client, into: landing, Self.headReadSize) {
            case .bytes(let count): return scan(client, UnsafeMutableBufferPointer(start: landing, count: count), false)
            case .nothingYet: return false
            case .end, .broken:
                close(client)
                return false
            }
        }
        if client.pointee.scanner.scanned >= client.pointee.input.count {
            guard client.pointee.canRead else { return false }
            let room = limits.headBytes - client.pointee.input.count
            guard buffers.reserve(room, in: &client.pointee.input), let tail = client.pointee.input.tail else {
                refuse(client, .headTooLarge)
                return true
            }
            switch receive(client, into: tail, room) {
            case .bytes(let count): client.pointee.input.commit(count)
            case .nothingYet: return false
            case .end, .broken:
                close(client)
                return false
            }
        }
        return scan(client, client.pointee.input.bytes, true)
    }

    private mutating func scan(
        _ client: StreamPointer,
        _ bytes: UnsafeMutableBufferPointer<UInt8>,
        _ fromInput: Bool
    ) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        switch client.pointee.scanner.scan(UnsafeBufferPointer(bytes).span) {
        case .complete(let start, let end):
            client.pointee.scanner = HeadScanner()
            client.pointee.hasPartialHead = false
            guard end <= limits.headBytes else {
                refuse(client, .headTooLarge)
                return true
            }
            begin(client, base, from: start, to: end, of: bytes.count, fromInput: fromInput)
            return true
        case .malformed(let error):
            refuse(client, error)
            return true
        case .incomplete:
            guard bytes.count < limits.headBytes else {
                refuse(client, client.pointee.scanner.hasFirstLine ? .headTooLarge : .targetTooLong)
                return true
            }
            if !client.pointee.hasPartialHead {
                client.pointee.hasPartialHead = true
                time(client, out: now &+ headerTimeout)
            }
            if !fromInput, !buffers.append(base, bytes.count, to: &client.pointee.input) {
                refuse(client, .headTooLarge)
                return true
            }
            return client.pointee.canRead
        }
    }

    /// After an answer: on to the next request, or the end.
    mutating func finish(_ client: StreamPointer, keepsAlive: Bool, mayHaveUnread: Bool) {
        guard !client.pointee.isDead else { return }
        client.pointee.exchange = nil
        if keepsAlive {
            client.pointee.phase = .reading
            time(client, out: now &+ (client.pointee.output.isEmpty ? keepAliveTimeout : bodyTimeout))
            return
        }
        client.pointee.mayHaveUnread = mayHaveUnread
        client.pointee.phase = .flushing
        time(client, out: now &+ bodyTimeout)
        if client.pointee.output.isEmpty { end(client) }
    }
}
