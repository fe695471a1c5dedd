import Glibc

/// What other threads hand to the reactor. A pthread mutex, because ThreadSanitizer does not see the standard
/// library's `Mutex` on Linux.
final class Inbox: @unchecked Sendable {  // everything below is behind the mutex
    struct Content {
        var jobs: [ReactorJob] = []
        var calls: [@Sendable () -> Void] = []
        var isSignalled = false
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var content = Content()

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func withLock<Result>(_ body: (inout Content) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&content)
    }

    /// Adds something; true if the reactor has to be woken for it.
    func put(_ change: (inout Content) -> Void) -> Bool {
        withLock { content in
            change(&content)
            defer { content.isSignalled = true }
            return !content.isSignalled
        }
    }

    func take() -> Content {
        withLock { content in
            defer { content = Content() }
            return content
        }
    }
}

/// A job and the executor in whose name it runs.
enum ReactorJob {
    case own(UnownedJob)
    case serial(UnownedJob, UnownedSerialExecutor)
    case task(UnownedJob, UnownedTaskExecutor)
}
