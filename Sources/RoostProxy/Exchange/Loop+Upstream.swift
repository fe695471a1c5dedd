import Glibc
import RoostHTTP1

/// The reactor's entry for backends.
let upstreamIsReady: @convention(c) (UnsafeMutableRawPointer, UInt32) -> Void = { context, readiness in
    let upstream = context.assumingMemoryBound(to: Stream.self)
    upstream.pointee.loop.pointee.upstreamIsReady(upstream, readiness)
}

/// What can go wrong with a backend, in the words of the answer that it leads to.
enum UpstreamFailure {
    case refused, connectTimeout, closedWithoutAnswer, responseTimeout, badResponse, truncated, bodyTimeout
}

extension Loop {
    /// Attempts at different backends for one request.
    private static let attemptLimit = 2

    fileprivate mutating func upstreamIsReady(_ upstream: StreamPointer, _ readiness: UInt32) {
        guard !upstream.pointee.isDead else { return }
        tick()
        if readiness & (0x2000 | 0x8 | 0x10) != 0 { upstream.pointee.peerEnded = true }
        if readiness & (0x1 | 0x2000 | 0x8 | 0x10) != 0 { upstream.pointee.canRead = true }
        switch upstream.pointee.phase {
        case .connecting: connectionIsSettled(upstream, readiness)
        case .pooled:
            // Nothing was asked: whatever comes, an end or bytes, makes the connection useless.
            if upstream.pointee.canRead { close(upstream) }
        case .exchanging:
            if readiness & 0x4 != 0, !upstream.pointee.output.isEmpty {
                guard flush(upstream) else { return upstreamIsBroken(upstream) }
                if upstream.pointee.output.isEmpty, let exchange = upstream.pointee.exchange {
                    time(upstream, out: now &+ exchange.pointee.rule.pointee.responseTimeout)
                    relayRequest(exchange)
                    if upstream.pointee.isDead { return }
                }
            }
            if upstream.pointee.canRead { relay(upstream) }
        case .reading, .flushing, .lingering: break  // phases of clients
        }
    }

    /// Chooses a backend and sends the request to it, over a pooled connection or a new one.
    mutating func dispatch(_ exchange: ExchangePointer, _ head: RequestHead, except failed: Int = -1) {
        guard let index = exchange.pointee.rule.pointee.pick(except: failed) else {
            return answer(exchange, .noBackend)
        }
        exchange.pointee.attempts += 1
        enterBackend(exchange, index)
        let endpoint = exchange.pointee.rule.pointee.backends[index].endpoint
        if let pooled = takePooled(endpoint) {
            join(exchange, pooled)
            pooled.pointee.phase = .exchanging
            return sendHead(exchange, head)
        }
        connect(exchange, endpoint)
    }

    private mutating func enterBackend(_ exchange: ExchangePointer, _ index: Int) {
        exchange.pointee.backend = index
        let traffic = exchange.pointee.rule.pointee.backends[index].traffic
        traffic.pointee.requests &+= 1
        traffic.pointee.active &+= 1
    }

    private mutating func join(_ exchange: ExchangePointer, _ upstream: StreamPointer) {
        exchange.pointee.upstream = upstream
        upstream.pointee.exchange = exchange
        exchange.pointee.headSent = false
    }

    private mutating func connect(_ exchange: ExchangePointer, _ endpoint: UnsafeMutablePointer<Endpoint>) {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(endpoint.pointee.address.family, kind, 0)
        guard descriptor >= 0 else { return attemptFailed(exchange, .refused) }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        guard endpoint.pointee.address.connect(descriptor) == 0 || errno == EINPROGRESS else {
            Glibc.close(descriptor)
            return attemptFailed(exchange, .refused)
        }
        guard let upstream = open(descriptor, .upstream, .connecting) else {
            return attemptFailed(exchange, .refused)
        }
        upstream.pointee.endpoint = endpoint
        endpoint.pointee.connections += 1
        join(exchange, upstream)
        time(upstream, out: now &+ exchange.pointee.rule.pointee.connectTimeout)
    }

    private mutating func connectionIsSettled(_ upstream: StreamPointer, _ readiness: UInt32) {
        guard let exchange = upstream.pointee.exchange else { return close(upstream) }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(upstream.pointee.descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        guard code == 0, readiness & 0x4 != 0 else {
            if code == 0 { return }  // not yet
            return attemptFailed(exchange, .refused)
        }
        upstream.pointee.phase = .exchanging
        guard let head = reparse(exchange) else { return attemptFailed(exchange, .refused) }
        sendHead(exchange, head)
    }

    /// Reads the saved head again, for an attempt that does not follow its parsing at once.
    private mutating func reparse(_ exchange: ExchangePointer) -> RequestHead? {
        let text = UnsafeBufferPointer(exchange.pointee.savedHead.bytes)
        // It was accepted before, by the same code with the same limits or with ones that a reload has lowered since.
        return try? RequestHead(text.span, from: 0, to: text.count, fields: &fields, targetLimit: Int.max)
    }

    /// Sends the head as the backend gets it.
    private mutating func sendHead(_ exchange: ExchangePointer, _ parsed: RequestHead) {
        guard let upstream = exchange.pointee.upstream else { return }
        let rule = exchange.pointee.rule
        let backend = rule.pointee.backends[exchange.pointee.backend]
        var forwarded = ForwardedRequest(
            host: rule.pointee.sendsBackendHost ? backend.authority.bytes : nil,
            fallbackHost: backend.authority.bytes,
            client: exchange.pointee.client.addressText,
            pseudonym: pseudonym.bytes
        )
        let text = UnsafeBufferPointer(exchange.pointee.savedHead.bytes)
        if parsed.hasVia, forwarded.hasPassedHere(text.span, fields) { return answer(exchange, .loop) }
        if let prefix = rule.pointee.stripPrefix {
            // The rewrite works on the bytes that were sent: a path that only matches in its normal form is ambiguous.
            guard prefix.isPrefix(of: UnsafeBufferPointer(rebasing: text[parsed.path.bounds])) else {
                return answer(exchange, .pathNotNormal)
            }
            forwarded.strippedPrefix = prefix.count
        }
        forwarded.addedPrefix = rule.pointee.addPrefix?.bytes
        var writer = HeadWriter(head, capacity: Self.headWriteSize)
        forwarded.write(parsed, text.span, fields, to: &writer)
        guard !writer.isOverflowed else { return answer(exchange, .headTooLarge) }
        guard transmit(upstream, head, writer.count) else { return upstreamIsBroken(upstream) }
        exchange.pointee.headSent = true
        time(upstream, out: now &+ rule.pointee.responseTimeout)
        if !exchange.pointee.request.isFinished { relayRequest(exchange) }
    }

    // MARK: Failures

    /// A write failed or the connection ended: before any byte of an answer, or in its middle.
    mutating func upstreamIsBroken(_ upstream: StreamPointer) {
        guard let exchange = upstream.pointee.exchange else { return close(upstream) }
        // An answer may have come before the connection broke, to a request whose body was refused for instance.
        if upstream.pointee.canRead, exchange.pointee.headSent {
            exchange.pointee.keepsAlive = false
            return relay(upstream)
        }
        attemptFailed(exchange, .closedWithoutAnswer)
    }

    /// Tries again where that is safe, else answers or aborts.
    mutating func attemptFailed(_ exchange: ExchangePointer, _ failure: UpstreamFailure) {
        let wasReused = exchange.pointee.upstream?.pointee.isReused ?? false
        let hadBytes = !(exchange.pointee.upstream?.pointee.input.isEmpty ?? true)
        if let upstream = exchange.pointee.upstream {
            exchange.pointee.upstream = nil
            upstream.pointee.exchange = nil
            close(upstream)
        }
        if exchange.pointee.hasResponseHead { return abort(exchange) }
        let failed = exchange.pointee.backend
        switch failure {
        case .refused, .connectTimeout:
            exchange.pointee.rule.pointee.traffic.pointee.connectFailures &+= 1
            exchange.pointee.rule.pointee.backends[failed].traffic.pointee.connectFailures &+= 1
            let others = exchange.pointee.rule.pointee.backends.count > 1
            if others, exchange.pointee.attempts < Self.attemptLimit, let head = reparse(exchange) {
                countRetry(exchange, 502)
                return dispatch(exchange, head, except: failed)
            }
        case .closedWithoutAnswer
        where wasReused && !hadBytes && !exchange.pointee.hasAnswered
            && exchange.pointee.isReplayable:
            // The backend closed the idle connection just as it was taken: the same again, over a fresh one.
            countRetry(exchange, 0)
            enterBackend(exchange, failed)
            return connect(exchange, exchange.pointee.rule.pointee.backends[failed].endpoint)
        case .closedWithoutAnswer, .responseTimeout, .badResponse, .truncated, .bodyTimeout: break
        }
        answer(exchange, .upstream(failure))
    }

    private mutating func countRetry(_ exchange: ExchangePointer, _ status: UInt16) {
        exchange.pointee.rule.pointee.traffic.pointee.retries &+= 1
        exchange.pointee.rule.pointee.backends[exchange.pointee.backend].traffic.pointee.retries &+= 1
        leaveBackend(exchange, status, UInt64(max(0, now &- exchange.pointee.started)) / 1000, status == 0)
    }

    // MARK: The pool

    @inline(__always)
    private mutating func takePooled(_ endpoint: UnsafeMutablePointer<Endpoint>) -> StreamPointer? {
        guard let upstream = endpoint.pointee.pool else { return nil }
        unpool(upstream, endpoint)
        upstream.pointee.isReused = true
        return upstream
    }

    private mutating func unpool(_ upstream: StreamPointer, _ endpoint: UnsafeMutablePointer<Endpoint>) {
        let (previous, next) = (upstream.pointee.previous, upstream.pointee.next)
        next?.pointee.previous = previous
        if let previous { previous.pointee.next = next } else { endpoint.pointee.pool = next }
        upstream.pointee.previous = nil
        upstream.pointee.next = nil
        endpoint.pointee.pooled -= 1
    }

    /// Puts a connection back whose exchange has ended cleanly.
    mutating func pool(_ upstream: StreamPointer) {
        guard let endpoint = upstream.pointee.endpoint, endpoint.pointee.pooled < limits.pooledPerBackend,
            endpoint.pointee.tables > 0, !drain.hasBegun || clientCount > 0
        else { return close(upstream) }
        upstream.pointee.exchange = nil
        upstream.pointee.phase = .pooled
        upstream.pointee.scanner = HeadScanner()
        upstream.pointee.next = endpoint.pointee.pool
        endpoint.pointee.pool?.pointee.previous = upstream
        endpoint.pointee.pool = upstream
        endpoint.pointee.pooled += 1
        time(upstream, out: now &+ pooledTimeout)
    }

    /// Takes an ended connection out of its backend's figures.
    mutating func removeUpstream(_ upstream: StreamPointer) {
        guard let endpoint = upstream.pointee.endpoint else { return }
        if upstream.pointee.phase == .pooled { unpool(upstream, endpoint) }
        endpoint.pointee.connections -= 1
        upstream.pointee.endpoint = nil
        forget(endpoint)
    }
}
