// The one file that uses the standard library's executor factory, which is SPI. With it `Task.sleep`, task groups,
// plain actors and the main actor all run on the reactor, and a process of ours has one thread; a test counts it, so a
// toolchain that changes the SPI shows at once. ARCHITECTURE.md names the fallback.
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

extension Reactor {
    /// Makes this loop the process's only executor. Called once, first thing in `main`, before any task.
    package func becomeProcessExecutor() {
        ProcessExecutors.reactor = self
        _createExecutors(factory: ProcessExecutors.self)
    }
}

private struct ProcessExecutors: ExecutorFactory {
    // Written once, by `becomeProcessExecutor`, before the runtime reads the two executors below.
    nonisolated(unsafe) static var reactor: Reactor?

    static var mainExecutor: any MainExecutor { ReactorMainExecutor(installed) }
    static var defaultExecutor: any TaskExecutor { ReactorTaskExecutor(installed) }

    private static var installed: Reactor {
        guard let reactor else { preconditionFailure("becomeProcessExecutor has not run") }
        return reactor
    }
}

private final class ReactorMainExecutor: MainExecutor, Sendable {
    private let reactor: Reactor
    init(_ reactor: Reactor) { self.reactor = reactor }

    func run() throws { reactor.run() }
    func stop() { reactor.stop() }
    func enqueue(_ job: consuming ExecutorJob) {
        reactor.enqueue(.serial(UnownedJob(job), asUnownedSerialExecutor()))
    }
    func checkIsolated() { reactor.checkIsolated() }
    func isIsolatingCurrentContext() -> Bool? { reactor.isOnLoop }
    var isMainExecutor: Bool { true }
}

private final class ReactorTaskExecutor: TaskExecutor, SchedulingExecutor, Sendable {
    private let reactor: Reactor
    init(_ reactor: Reactor) { self.reactor = reactor }

    func enqueue(_ job: consuming ExecutorJob) { reactor.enqueue(.task(UnownedJob(job), asUnownedTaskExecutor())) }

    func enqueue<C: Clock>(
        _ job: consuming ExecutorJob,
        after delay: C.Duration,
        tolerance: C.Duration?,
        clock: C
    ) {
        // Every clock of the standard library counts in Swift.Duration; another clock's task runs at once.
        let delay = delay as? Swift.Duration ?? .zero
        let job = UnownedJob(job)
        let arm: @Sendable () -> Void = { [self] in
            reactor.schedule(after: delay) { [self] in reactor.enqueue(.task(job, asUnownedTaskExecutor())) }
        }
        if reactor.isOnLoop { arm() } else { reactor.post(arm) }
    }
}
