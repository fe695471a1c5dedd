import RoostPolicy
import RoostProtocol
import RoostReactor

// The watch over a worker's heartbeats: feeds `HealthStateMachine` and tells when it finds a hang.
extension Incarnation {
    /// Begins, or begins anew, with a whole deadline ahead.
    func beginWatch() {
        let wait = ProcessFigures.runQueueWait(pid: pid)
        atHeartbeat = (reactor.now, ProcessFigures.running(pid: pid).time, wait)
        health = HealthStateMachine(deadline: heartbeatDeadline, at: reactor.now, runQueueWait: wait)
        armHealth()
    }

    func endWatch() {
        if let healthTimer { reactor.cancel(healthTimer) }
        (healthTimer, health, lastHeartbeat) = (nil, nil, nil)
    }

    func heartbeat(_ heartbeat: Heartbeat) {
        lastHeartbeat = reactor.now
        flight.heartbeat = (reactor.now, .nanoseconds(Int64(clamping: heartbeat.loopLagNs)))
        guard health != nil else { return }
        let progress = heartbeat.progress.map {
            HealthStateMachine.Progress(
                name: $0.name,
                completed: $0.completed,
                pending: $0.pending,
                stallAfter: stallAfter($0.stallAfterMs)
            )
        }
        let wait = ProcessFigures.runQueueWait(pid: pid)
        atHeartbeat = (reactor.now, ProcessFigures.running(pid: pid).time, wait)
        act(on: health?.heartbeat(progress, at: reactor.now, runQueueWait: wait))
        armHealth()
    }

    private func stallAfter(_ milliseconds: UInt32) -> Duration? {
        switch milliseconds {
        case 0: heartbeatDeadline
        case .max: nil
        default: .milliseconds(milliseconds)
        }
    }

    /// It has announced that no heartbeat will come for so long.
    func slowPhase(_ duration: Duration) {
        health?.slowPhase(duration, at: reactor.now)
        armHealth()
    }

    /// The kernel counts a wait for a CPU when it is over: what a process that waits at this moment has neither run nor
    /// waited for by its books is the wait under way.
    private func wholeWait() -> Duration {
        let wait = ProcessFigures.runQueueWait(pid: pid)
        let running = ProcessFigures.running(pid: pid)
        // The kernel's books are in real time.
        guard running.isRunnable, let start = atHeartbeat, case .monotonic = reactor.clock else { return wait }
        let accounted = (running.time - start.run) + (wait - start.wait)
        return wait + max(start.instant.duration(to: reactor.now) - accounted, .zero)
    }

    private func armHealth() {
        if let healthTimer { reactor.cancel(healthTimer) }
        healthTimer = health.map { health in
            reactor.schedule(at: health.nextCheck) { [unowned self] in checkHealth() }
        }
    }

    private func checkHealth() {
        guard let due = health?.nextCheck else { return }
        // Roostd itself has not run: stopped, or frozen together with its workers. What they have said meanwhile may
        // still be on its way.
        guard due.duration(to: reactor.now) <= heartbeatDeadline / 2 else { return beginWatch() }
        act(on: health?.check(at: reactor.now, runQueueWait: wholeWait()))
        armHealth()
    }

    private func act(on verdict: HealthStateMachine.Verdict?) {
        guard case .hung(let why) = verdict else { return }
        endWatch()  // it is told once, and its end follows
        tell(.hung(why))
    }
}
