import Glibc
import RoostPolicy
import RoostReactor

/// Where a drain stands.
struct DrainState {
    var hasBegun = false
    var timer: TimerToken?
    var idleTimer: TimerToken?
    var completion: (() -> Void)?
    var isReported = false
}

extension Loop {
    /// Takes no more connections. What is in flight is answered with `Connection: close`; an idle connection stays for one
    /// more answer, or until its own deadline; `deadline` ends whatever is left.
    mutating func beginDrain(
        deadline: MonotonicInstant,
        idleDeadline: MonotonicInstant,
        completion: @escaping () -> Void
    ) {
        guard !drain.hasBegun else { return }
        drain.hasBegun = true
        drain.completion = completion
        tick()
        stopAccepting()
        acceptLast()
        let loop = address
        drain.timer = reactor.schedule(at: deadline) { loop.pointee.endDrain() }
        if idleDeadline < deadline {
            drain.idleTimer = reactor.schedule(at: idleDeadline) { loop.pointee.endIdle() }
        }
        if clientCount == 0 {
            // Reported from a turn of its own, never from inside the caller.
            reactor.schedule(after: .zero) { loop.pointee.reportDrained() }
        }
    }

    /// Closes the connections on which nothing of a request has come.
    private mutating func endIdle() {
        drain.idleTimer = nil
        tick()
        var next = clients
        while let client = next {
            next = client.pointee.next
            if isIdle(client) { close(client) }
        }
        reportDrained()
    }

    /// Whether nothing of a request has come: not even to the socket, from which the loop may not have heard yet. Closing
    /// it with bytes unread would reset the connection under a request that could be answered.
    func isIdle(_ client: StreamPointer) -> Bool {
        guard client.pointee.phase == .reading, client.pointee.input.isEmpty, !client.pointee.canRead else {
            return false
        }
        var byte: UInt8 = 0
        return recv(client.pointee.descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) <= 0
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
        if let timer = drain.idleTimer { reactor.cancel(timer) }
        drain.idleTimer = nil
        for endpoint in endpoints.values {
            while let pooled = endpoint.pointee.pool { close(pooled) }
        }
        // Told in a turn of its own: whoever is told may call back into this loop.
        if let completion = drain.completion { reactor.schedule(after: .zero, completion) }
        drain.completion = nil
    }
}
