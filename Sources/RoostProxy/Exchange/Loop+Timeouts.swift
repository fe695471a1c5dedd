import RoostHTTP1
import RoostPolicy
import RoostReactor

extension Loop {
    /// Lets the reactor's one timer fire at `instant`. With nothing in the wheel there is no timer, and an idle process
    /// sleeps.
    mutating func arm(_ instant: Int64) {
        if let timer { reactor.cancel(timer) }
        timerAt = instant
        let loop = address
        timer = reactor.schedule(at: MonotonicInstant(nanoseconds: instant)) { loop.pointee.turnWheel() }
    }

    private mutating func turnWheel() {
        timer = nil
        timerAt = .max
        tick()
        while let stream = wheel.popExpired(now: now) { expire(stream) }
        if let next = wheel.next, next < timerAt { arm(next) }
    }

    private mutating func expire(_ stream: StreamPointer) {
        switch stream.pointee.phase {
        case .reading:
            let isWaitingForHead = stream.pointee.hasPartialHead && stream.pointee.output.isEmpty
            // An idle connection ends without a word; who is in the middle of a head is told.
            guard isWaitingForHead else {
                // A request that has come this instant is about to be read.
                guard isIdle(stream) || !stream.pointee.output.isEmpty else {
                    return time(stream, out: now &+ headerTimeout)
                }
                return close(stream)
            }
            refuse(stream, .headTimeout, answering: .other, keepsAlive: false)
        case .exchanging where stream.pointee.role == .client:
            guard let exchange = stream.pointee.exchange else { return close(stream) }
            guard stream.pointee.output.isEmpty else { return abandon(stream) }
            answer(exchange, .bodyTimeout)
        case .exchanging:
            guard let exchange = stream.pointee.exchange else { return close(stream) }
            attemptFailed(exchange, exchange.pointee.hasResponseHead ? .bodyTimeout : .responseTimeout)
        case .connecting:
            guard let exchange = stream.pointee.exchange else { return close(stream) }
            attemptFailed(exchange, .connectTimeout)
        case .flushing, .lingering, .pooled: close(stream)
        }
    }
}
