import Glibc
package import RoostReactor

/// A reactor on a thread of its own.
package final class LoopThread: Sendable {
    package let reactor: Reactor
    private let thread: pthread_t

    package init() throws {
        reactor = try Reactor()
        var thread = pthread_t()
        let context = Unmanaged.passRetained(reactor)
        let result = pthread_create(
            &thread,
            nil,
            { context in
                if let context { Unmanaged<Reactor>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            },
            context.toOpaque()
        )
        guard result == 0 else {
            context.release()
            throw TestFailure("no thread could be started")
        }
        self.thread = thread
    }

    /// Returns when the loop runs: who registers before it does would do so from the wrong thread.
    package func isRunning() async {
        await withCheckedContinuation { continuation in reactor.post { continuation.resume() } }
    }

    package func end() {
        reactor.stop()
        pthread_join(thread, nil)
    }
}
