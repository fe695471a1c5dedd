import CLinux
import Glibc
import RoostPolicy
import RoostReactor
import RoostSystemd

// All periodic work is done in one round, so that an idle roostd wakes once a second: figures, quarantined workers whose
// executable has changed, strays, the check of our own state, the status line, and last the watchdog, which so says
// "a whole round was completed" and nothing less.
extension Supervisor {
    /// A second, or a third of the watchdog's timeout if that is shorter.
    private var period: Duration { min(.seconds(1), watchdog?.interval ?? .seconds(1)) }

    func armTick() {
        // Rounds lie a little behind the full seconds on which heartbeats are sent: a heartbeat that wakes roostd
        // brings the round forward (`roundIfDue`), and so both cost one wake-up.
        let period = period.wholeNanoseconds
        let next = (reactor.now.nanoseconds / period + 1) * period + period / 5
        nextTick = MonotonicInstant(nanoseconds: next)
        if let tickTimer { reactor.cancel(tickTimer) }
        tickTimer = reactor.schedule(at: nextTick) { [unowned self] in assumeIsolated { $0.round() } }
    }

    /// Roostd is awake anyway: a round that would come soon is done now.
    func roundIfDue() {
        guard reactor.now.duration(to: nextTick) < period / 3 else { return }
        round()
    }

    private func round() {
        tickCount += 1
        for handle in handles.values { handle.assumeIsolated { $0.sample() } }
        if tickCount % 5 == 0 { liftQuarantines() }
        if tickCount % 30 == 0 { strays?.sweep() }
        guard isConsistent else { return fail() }
        tellStatus()
        descriptors.retry()
        armTick()
        if phase != .starting || watchdog != nil { _ = notifier.send(.watchdog) }
    }

    /// A quarantine ends when the executable was replaced.
    private func liftQuarantines() {
        for handle in handles.values where state(of: handle) == .quarantined {
            guard let known = stamps[handle.id], let specification = specification(handle.id.name) else { continue }
            let path = executablePath(of: specification)
            guard let present = ExecutableStamp(path), present != known else { continue }
            let cause = Cause(.upgrade, "\(path) has changed", by: .watch, inputs: [.text("path", path)])
            handle.assumeIsolated { $0.handle(.changed, because: cause) }
        }
    }

    /// What must be so whatever has happened; if it is not, our own memory is not to be trusted.
    private var isConsistent: Bool {
        var pids: Set<Int32> = []
        return handles.values.allSatisfy { handle in
            handle.assumeIsolated { handle in
                guard handle.machine.hasProcess == (handle.pid != nil) else { return false }
                guard (handle.roll?.machine.hasProcess ?? false) == (handle.other != nil) else { return false }
                return [handle.pid, handle.other?.pid].compactMap(\.self).allSatisfy { pids.insert($0).inserted }
            }
        }
    }

    private func fail() {
        say(.critical, "the supervisor's own state is inconsistent: asking systemd for a restart")
        _ = notifier.send(.watchdogTrigger)
        let cause = Cause(.escalation, "its own state is inconsistent", by: .supervisor)
        if notifier.address == nil { stop(exitStatus: 70, because: cause) }
    }
}

// MARK: - The line that systemd shows

extension Supervisor {
    /// Has the line told a moment later, what changes meanwhile included: it is for people to read, and a replacement
    /// shall not wait for the dozen system calls that the message takes.
    func statusMayHaveChanged() {
        guard statusTimer == nil else { return }
        statusTimer = reactor.schedule(after: .milliseconds(10)) { [unowned self] in
            assumeIsolated { $0.tellStatus() }
        }
    }

    /// Tells the line now, if it is another one.
    func tellStatus() {
        if let statusTimer { reactor.cancel(statusTimer) }
        statusTimer = nil
        let line = summary
        guard line != lastStatus else { return }
        lastStatus = line
        _ = notifier.send(.status(line))
    }

    /// `5/6 ready, proxy/0 backoff (crash 2/5)`.
    package var summary: String {
        let wanted = handles.values.filter { handle in handle.assumeIsolated { $0.machine.isWanted } }
        let ready = wanted.count { state(of: $0) == .running }
        let now = reactor.now
        let troubled = instances.compactMap { handle in handle.assumeIsolated { $0.trouble(at: now) } }
        let prefix = phase == .running ? "" : "\(phase.rawValue): "
        return ([prefix + "\(ready)/\(wanted.count) ready"] + troubled).joined(separator: ", ")
    }

    /// Whether something that should run does not.
    package var isDegraded: Bool {
        handles.values.contains { handle in
            handle.assumeIsolated { $0.machine.isWanted && $0.state != .running && $0.state != .parked }
        }
    }
}

extension WorkerHandle {
    /// What the status line says of an instance that should run and does not.
    fileprivate func trouble(at now: MonotonicInstant) -> String? {
        guard machine.isWanted, state != .running else { return nil }
        let failures = machine.policy.failuresInPeriod(at: now)
        let crashes = failures > 0 ? " (crash \(failures)/\(machine.policy.settings.intensity))" : ""
        return "\(id) \(state.rawValue)\(crashes)"
    }
}
