import RoostPolicy
import RoostReactor

// Waiting for the outcome of what was asked of an instance.
extension WorkerHandle {
    /// What somebody who waits looks at.
    package struct Glimpse: Sendable {
        package let state: WorkerState
        package let pid: Int32?
    }

    package var glimpse: Glimpse { Glimpse(state: machine.state, pid: pid) }

    /// Suspends until the condition holds, or `limit` has passed; says how things are then.
    package func wait(
        within limit: Duration,
        until isDone: @escaping @Sendable (Glimpse) -> Bool
    ) async -> Glimpse {
        if isDone(glimpse) { return glimpse }
        return await withCheckedContinuation { continuation in
            nextWaiter += 1
            let token = nextWaiter
            let timer = reactor.schedule(after: limit) { [unowned self] in
                assumeIsolated { $0.finishWaiting(token) }
            }
            waiters[token] = Waiter(isDone: isDone, timer: timer, continuation: continuation)
        }
    }

    private func finishWaiting(_ token: UInt64) {
        guard let waiter = waiters.removeValue(forKey: token) else { return }
        reactor.cancel(waiter.timer)
        waiter.continuation.resume(returning: glimpse)
    }

    func tellWaiters() {
        for (token, waiter) in waiters where waiter.isDone(glimpse) { finishWaiting(token) }
    }

    struct Waiter {
        let isDone: @Sendable (Glimpse) -> Bool
        let timer: TimerToken
        let continuation: CheckedContinuation<Glimpse, Never>
    }
}
