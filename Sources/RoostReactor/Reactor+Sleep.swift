import RoostPolicy

extension Reactor {
    /// Suspends the task for `duration` of this loop's clock, virtual or not.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    package func sleep(for duration: Duration) async throws {
        let sleeper = Sleeper(self)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                onLoop { sleeper.start(for: duration, continuation) }
            }
        } onCancel: {
            onLoop { sleeper.cancel() }
        }
    }

    /// Runs `action` now if already on the loop's thread, otherwise soon.
    package func onLoop(_ action: @escaping @Sendable () -> Void) {
        if isOnLoop { action() } else { post(action) }
    }

    /// Starts asynchronous work on the loop from synchronous code, without touching the global pool.
    @discardableResult
    package func start(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: self) { await operation() }
    }
}

/// A sleeping task. The cancellation may come before the continuation does.
private final class Sleeper: @unchecked Sendable {  // used on the reactor's thread only
    private let reactor: Reactor
    private var timer: TimerToken?
    private var continuation: CheckedContinuation<Void, any Error>?
    private var isCancelled = false

    init(_ reactor: Reactor) { self.reactor = reactor }

    func start(for duration: Duration, _ continuation: CheckedContinuation<Void, any Error>) {
        guard !isCancelled else { return continuation.resume(throwing: CancellationError()) }
        self.continuation = continuation
        timer = reactor.schedule(after: duration) { [self] in
            let continuation = self.continuation
            self.continuation = nil
            continuation?.resume()
        }
    }

    func cancel() {
        isCancelled = true
        guard let continuation else { return }
        self.continuation = nil
        if let timer { reactor.cancel(timer) }
        continuation.resume(throwing: CancellationError())
    }
}
