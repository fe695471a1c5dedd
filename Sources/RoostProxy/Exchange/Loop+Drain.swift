import RoostPolicy
import RoostReactor

/// Where a drain stands.
struct DrainState {
    var hasBegun = false
    var timer: TimerToken?
    var completion: (() -> Void)?
    var isReported = false
}

extension Loop {
    /// Takes no more connections. What is in flight is answered with `Connection: close`; an idle connection stays for one
    /// more answer, or until the deadline, which ends whatever is left.
    mutating func beginDrain(deadline: MonotonicInstant, completion: @escaping () -> Void) {
        guard !drain.hasBegun else { return }
        drain.hasBegun = true
        drain.completion = completion
        stopAccepting()
        let loop = address
        drain.timer = reactor.schedule(at: deadline) { loop.pointee.endDrain() }
        if clientCount == 0 {
            // Reported from a turn of its own, never from inside the caller.
            reactor.schedule(after: .zero) { loop.pointee.reportDrained() }
        }
    }

    private mutating func endDrain() {
        drain.timer = nil
        tick()
        while let client = clients { abandon(client) }
        reportDrained()
    }

    /// Whether a drain has begun and no connection is left.
    var isDrained: Bool { drain.hasBegun && clientCount == 0 }

    mutating func reportDrained() {
        guard isDrained, !drain.isReported else { return }
        drain.isReported = true
        if let timer = drain.timer { reactor.cancel(timer) }
        drain.timer = nil
        for endpoint in endpoints.values {
            while let pooled = endpoint.pointee.pool { close(pooled) }
        }
        // Told in a turn of its own: whoever is told may call back into this loop.
        if let completion = drain.completion { reactor.schedule(after: .zero, completion) }
        drain.completion = nil
    }
}
