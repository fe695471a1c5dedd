import CLinux
import Glibc
package import RoostPolicy

/// One thread's epoll(7) loop, which is also a Swift executor: actors whose `unownedExecutor` it is run on its thread,
/// between events, without a lock or a hop.
///
/// Everything but `post`, `stop` and the executor's `enqueue` is for the loop's own thread. In a turn, jobs come first
/// (at most `jobBudget`, so that chatty tasks cannot starve descriptors), then ready descriptors, then due timers: what
/// has arrived is seen before a deadline for it passes.
package final class Reactor: SerialExecutor, TaskExecutor, @unchecked Sendable {  // loop state: its thread only
    package let clock: ReactorClock
    /// How many jobs run before descriptors are looked at again.
    package var jobBudget = 256
    /// How often the loop has come back from waiting; the figure behind "wake-ups per minute".
    package private(set) var wakeUps: UInt64 = 0

    private let epoll: Int32
    private let wakeUp: Int32
    private let inbox = Inbox()
    private let events: UnsafeMutablePointer<epoll_event>
    private static let eventCapacity = 256

    private var owner = pthread_self()
    private var isStopping = false
    private var jobs: [ReactorJob] = []
    private var batch: [ReactorJob] = []
    private var batchPosition = 0  // what lies before it in the batch has run
    private var timers = TimerQueue()
    private var sources = SourceTable()
    private var turnEnders: [() -> Void] = []
    private var beforeWaiting: [() -> Void] = []
    private var beforeWaitingNow: [() -> Void] = []  // empty but while they run; kept for its room
    private var looksLeft = 0
    private var expected: (source: SourceToken, attempt: Attempt)?
    private var attemptsLeft = 0

    /// Creates the loop; the creating thread owns it until `run` is called on another.
    ///
    /// - Throws: `SystemError` when the process has no descriptors left.
    package init(clock: ReactorClock = .monotonic) throws(SystemError) {
        self.clock = clock
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemError("epoll_create1", code: errno) }
        wakeUp = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard wakeUp >= 0 else {
            let code = errno
            close(epoll)
            throw SystemError("eventfd", code: code)
        }
        events = .allocate(capacity: Self.eventCapacity)
        try register(wakeUp, for: .readable) { [unowned self] _ in
            var count: UInt64 = 0
            read(wakeUp, &count, 8)
            takeInbox()
        }
    }

    deinit {
        close(wakeUp)
        close(epoll)
        events.deallocate()
    }

    /// The present instant of this loop's clock.
    package var now: MonotonicInstant { clock.now }
    /// Whether the caller is on the loop's thread.
    @inline(__always)
    package var isOnLoop: Bool { pthread_equal(pthread_self(), owner) != 0 }

    // MARK: Descriptors

    /// Watches a descriptor, level-triggered unless asked otherwise. The caller keeps it open until `unregister`.
    @discardableResult
    package func register(
        _ descriptor: Int32,
        for interest: Readiness,
        handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> SourceToken {
        try add(descriptor, interest, .closure(handler))
    }

    /// The form for hot paths: no closure, no reference count. `context` stays valid until `unregister`.
    package func register(
        _ descriptor: Int32,
        for interest: Readiness,
        context: UnsafeMutableRawPointer,
        handler: @escaping RawHandler
    ) throws(SystemError) -> SourceToken {
        try add(descriptor, interest, .raw(handler, context))
    }

    private func add(
        _ descriptor: Int32,
        _ interest: Readiness,
        _ target: SourceTable.Target
    ) throws(SystemError) -> SourceToken {
        guard descriptor >= 0 else { throw SystemError("epoll_ctl", "fd \(descriptor)", code: EBADF) }
        let token = sources.insert(descriptor, target)
        var event = epoll_event()
        roost_epoll_event_set(&event, interest.rawValue, token.word)
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
            let code = errno
            _ = sources.remove(token)
            throw SystemError("epoll_ctl", "fd \(descriptor)", code: code)
        }
        return token
    }

    /// Changes what a descriptor is watched for. A stale token does nothing.
    package func modify(_ token: SourceToken, for interest: Readiness) {
        guard let slot = sources.find(token) else { return }
        var event = epoll_event()
        roost_epoll_event_set(&event, interest.rawValue, token.word)
        epoll_ctl(epoll, EPOLL_CTL_MOD, slot.descriptor, &event)
    }

    /// Stops watching; no event that is already under way reaches the handler. A stale token does nothing.
    package func unregister(_ token: SourceToken) {
        guard let descriptor = sources.remove(token) else { return }
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
    }

    /// How many descriptors are watched, the loop's own wake-up not counted.
    package var sourceCount: Int { sources.count - 1 }

    // MARK: Timers

    /// Calls `fire` once, at or after `deadline`.
    @discardableResult
    package func schedule(at deadline: MonotonicInstant, _ fire: @escaping () -> Void) -> TimerToken {
        timers.insert(at: deadline, fire)
    }

    /// Calls `fire` once, `delay` from now.
    @discardableResult
    package func schedule(after delay: Duration, _ fire: @escaping () -> Void) -> TimerToken {
        timers.insert(at: now.advanced(by: delay), fire)
    }

    /// Takes a timer back. A stale token does nothing.
    package func cancel(_ token: TimerToken) { timers.cancel(token) }

    /// How many timers are pending.
    package var timerCount: Int { timers.count }

    /// Calls `action` at the end of every turn, when no event of the turn is outstanding: the place to free what a
    /// handler closed. Stays for the life of the loop.
    package func atEndOfTurn(_ action: @escaping () -> Void) { turnEnders.append(action) }

    /// Calls `action` once, when the jobs at hand have run and before the loop waits for descriptors: the place to
    /// write out in one go what callbacks and tasks have gathered.
    package func beforeWait(_ action: @escaping () -> Void) { beforeWaiting.append(action) }

    /// Says that something is likely to come within microseconds: before the loop sleeps, it gives way to other
    /// processes and looks again, a bounded number of times. That spares a wake-up, which takes longer.
    ///
    /// - Parameter source: Where it is expected; registered in the raw form.
    /// - Parameter attempt: Called with the context of `source` instead of asking epoll first, which spares a system
    ///   call; says whether something had come.
    package func expectSoon(on source: SourceToken, _ attempt: @escaping Attempt) {
        // Of two, neither is likelier: epoll knows.
        expected = looksLeft == 0 || expected?.source == source ? (source, attempt) : nil
        looksLeft = Self.mostLooks
    }

    /// About 20 µs when nobody else wants the processor.
    private static let mostLooks = 32
    /// How many attempts there are from one look at all descriptors to the next: the others wait that much longer.
    private static let mostAttempts = 15

    // MARK: Other threads

    /// Calls `action` on the loop's thread. From any thread.
    package func post(_ action: @escaping @Sendable () -> Void) {
        if inbox.put({ $0.calls.append(action) }) { wake() }
    }

    /// Makes `run` return, or the next one if none is under way. From any thread.
    package func stop() {
        if isOnLoop { isStopping = true } else { post { [self] in isStopping = true } }
    }

    private func wake() {
        var one: UInt64 = 1
        write(wakeUp, &one, 8)
    }

    private func takeInbox() {
        let content = inbox.take()
        jobs.append(contentsOf: content.jobs)
        for call in content.calls { call() }
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) { enqueue(.own(UnownedJob(job))) }

    func enqueue(_ job: ReactorJob) {
        if isOnLoop {
            jobs.append(job)
        } else if inbox.put({ $0.jobs.append(job) }) {
            wake()
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    package func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
    package func isSameExclusiveExecutionContext(other: Reactor) -> Bool { self === other }
    package func checkIsolated() { precondition(isOnLoop, "not on the reactor's thread") }
    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

    // MARK: The loop

    /// Runs turns until `stop`. The calling thread becomes the loop's.
    package func run() {
        owner = pthread_self()
        takeInbox()
        while !isStopping { turn(mayWait: true) }
        isStopping = false
    }

    /// Runs turns that do not wait, until one finds nothing to do: the form for tests with a virtual clock.
    package func runUntilIdle() {
        owner = pthread_self()
        takeInbox()
        while !isStopping, turn(mayWait: false) {}
        isStopping = false
    }

    @discardableResult
    private func turn(mayWait: Bool) -> Bool {
        var didWork = runJobs()
        guard !isStopping else { return true }
        didWork = runBeforeWaiting() || didWork
        if looksLeft > 0, mayWait, !hasJobs, look() {
            didWork = true
        } else {
            didWork = takeEvents(timeout: timeout(mayWait: mayWait)) || didWork
            wakeUps &+= 1
        }
        didWork = fireTimers() || didWork
        if !turnEnders.isEmpty { for end in turnEnders { end() } }
        return didWork || hasJobs || !beforeWaiting.isEmpty
    }

    /// Waits for events and hands them out; false if none came.
    private func takeEvents(timeout: Int64) -> Bool {
        let count = roost_epoll_wait(epoll, events, Int32(Self.eventCapacity), timeout)
        // With more than one thing going on, epoll is asked every time: it gives each its turn.
        attemptsLeft = count > 1 ? 0 : Self.mostAttempts
        guard count > 0 else { return false }
        for index in 0..<Int(count) {
            dispatch(SourceToken(word: roost_epoll_event_data(events + index)), events[index].events)
        }
        return true
    }

    /// Looks for what `expectSoon` announced without sleeping, a bounded number of times; false if nothing came.
    private func look() -> Bool {
        let looks = looksLeft
        let expected = expected
        looksLeft = 0  // what comes may announce the next
        for _ in 0..<looks {
            sched_yield()
            if attemptsLeft > 0, let expected {
                attemptsLeft -= 1
                if attempt(expected.attempt, on: expected.source) { return true }
            } else if takeEvents(timeout: 0) {
                return true
            }
        }
        return false
    }

    private func attempt(_ attempt: Attempt, on source: SourceToken) -> Bool {
        guard let slot = sources.find(source), case .raw(_, let context) = slot.target else { return false }
        return attempt(context)
    }

    private func timeout(mayWait: Bool) -> Int64 {
        guard mayWait, !hasJobs, beforeWaiting.isEmpty else { return 0 }
        guard let earliest = timers.earliest else { return -1 }
        return max(0, now.duration(to: earliest).wholeNanoseconds)
    }

    @inline(__always)
    private func dispatch(_ token: SourceToken, _ readiness: UInt32) {
        guard let slot = sources.find(token) else { return }
        switch slot.target {
        case .none: break
        case .closure(let handler): handler(Readiness(rawValue: readiness))
        case .raw(let handler, let context): handler(context, readiness)
        }
    }

    private func fireTimers() -> Bool {
        guard timers.count > 0 else { return false }
        let now = now
        var fired = false
        for token in timers.due(at: now) where !isStopping {
            guard let fire = timers.take(token) else { continue }  // cancelled by one before it
            fired = true
            fire()
        }
        return fired
    }

    private func runBeforeWaiting() -> Bool {
        guard !beforeWaiting.isEmpty else { return false }
        swap(&beforeWaiting, &beforeWaitingNow)
        for action in beforeWaitingNow { action() }
        beforeWaitingNow.removeAll(keepingCapacity: true)
        return true
    }

    private var hasJobs: Bool { !jobs.isEmpty || batchPosition < batch.count }

    private func runJobs() -> Bool {
        guard hasJobs else { return false }
        let serial = asUnownedSerialExecutor()
        let task = asUnownedTaskExecutor()
        for _ in 0..<jobBudget {
            if batchPosition == batch.count {
                batch.removeAll(keepingCapacity: true)
                batchPosition = 0
                guard !jobs.isEmpty else { break }
                swap(&batch, &jobs)
            }
            let job = batch[batchPosition]
            batchPosition += 1
            switch job {
            case .own(let job): job.runSynchronously(isolatedTo: serial, taskExecutor: task)
            case .serial(let job, let executor): job.runSynchronously(on: executor)
            case .task(let job, let executor): job.runSynchronously(on: executor)
            }
        }
        return true
    }
}
