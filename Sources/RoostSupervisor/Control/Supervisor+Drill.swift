import Glibc
import RoostIPC
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor

// Faults that are done on purpose. The supervisor does them and records for whom; whether everything holds that is
// promised is seen by whoever has asked, from outside.
extension Supervisor {
    /// Between the reply to a drill of the supervisor itself and its death: for the reply to go out.
    private static let farewell = Duration.milliseconds(50)

    func drill(_ request: DrillRequest, by initiator: Initiator) throws -> DrillReply {
        guard phase == .running else {
            throw RequestFailure(.unavailable, "roostd is \(phase.rawValue): drill it when it runs")
        }
        switch request.fault {
        case .supervisorKill: return try drillSelf(request, by: initiator)
        case .kill: return try drillInstance(request, SIGKILL, "--kill", by: initiator)
        case .hang: return try drillInstance(request, SIGSTOP, "--hang", by: initiator)
        // A runtime's own handlers for crashes (SIGABRT, SIGSEGV, …) return to the program when nothing in it has crashed.
        case .crash: return try drillInstance(request, SIGSYS, "--crash-loop", by: initiator)
        case .unspecified, .unrecognized:
            throw RequestFailure(
                .invalidArgument,
                "this roostd knows no such fault: drill with a `roost` of its version"
            )
        }
    }

    private func drillInstance(
        _ request: DrillRequest,
        _ signal: Int32,
        _ option: String,
        by initiator: Initiator
    ) throws -> DrillReply {
        guard !request.name.isEmpty else { throw RequestFailure(.invalidArgument, "name the worker to drill") }
        let handle = try target(of: request)
        if let objection = objection(to: request.fault, on: handle) {
            throw RequestFailure(.conflict, "\(handle.id) \(objection)")
        }
        var reply = promises(of: handle)
        guard reply.pid > 0, request.pid == 0 || request.pid == reply.pid else {
            throw RequestFailure(
                .conflict,
                "\(handle.id) has another process than pid \(request.pid) by now; try again"
            )
        }
        guard !request.rehearse else { return reply }
        log("drill \(option)", ["\(handle.id)"], by: initiator, ["pid": .integer(Int64(reply.pid))])
        reply.record = handle.assumeIsolated { $0.drill(signal, by: initiator) }
        return reply
    }

    /// The first instance that runs, of those that the name stands for.
    private func target(of request: DrillRequest) throws -> WorkerHandle {
        let handles = try targets([request.name])
        guard let handle = handles.first(where: { state(of: $0) == .running }) ?? handles.first else {
            throw RequestFailure(
                .conflict,
                "\(request.name) has no instances; `roost scale \(request.name) 1` gives it one"
            )
        }
        return handle
    }

    /// Why the fault would not show what it is meant to show, or would do harm; nil: it may be done.
    private func objection(to fault: DrillFault, on handle: WorkerHandle) -> String? {
        let (state, isRolling, isPlain, settings) = handle.assumeIsolated {
            ($0.state, $0.roll != nil, $0.isPlain, $0.settings.lifecycle.restart)
        }
        guard state == .running else { return "is \(state.rawValue): only a running worker can be drilled" }
        guard !isRolling else { return "is in the middle of a rolling restart: drill it afterwards" }
        guard settings.rule != .temporary else { return "is temporary: nothing is promised to come after it" }
        if fault == .hang, isPlain {
            return "is a plain program without heartbeats, so a hang of it is not noticed: drill it with --kill"
        }
        if fault == .crash, settings.exceeded == .escalate {
            return "escalates (intensity.then), so a crash loop would stop roostd and everything with it"
        }
        return nil
    }

    private func promises(of handle: WorkerHandle) -> DrillReply {
        var reply = DrillReply()
        (reply.name, reply.instance) = (handle.id.name, UInt32(clamping: handle.id.instance))
        let (pid, isPlain, settings) = handle.assumeIsolated { ($0.pid, $0.isPlain, $0.settings) }
        let restart = settings.lifecycle.restart
        reply.pid = pid ?? 0
        reply.startTimeoutMs = settings.lifecycle.startTimeout.milliseconds
        reply.heartbeatDeadlineMs = isPlain ? 0 : settings.heartbeatDeadline.milliseconds
        reply.intensity = UInt32(clamping: restart.intensity)
        reply.periodMs = restart.period.milliseconds
        reply.backoffMs = restart.backoff.max.milliseconds
        reply.companions = companions(of: handle.id.name)
        return reply
    }

    // MARK: The supervisor itself

    private func drillSelf(_ request: DrillRequest, by initiator: Initiator) throws -> DrillReply {
        guard let unit = Initiator.unit else {
            throw RequestFailure(
                .conflict,
                "nobody would start roostd again: it is not run by systemd; drill it where roost.service runs it"
            )
        }
        guard request.pid == 0 || request.pid == getpid() else {
            throw RequestFailure(.conflict, "roostd is another process than pid \(request.pid) by now; try again")
        }
        var reply = DrillReply()
        (reply.name, reply.pid) = ("roostd", getpid())
        guard !request.rehearse else { return reply }
        log("drill --kill", ["roostd"], by: initiator, ["unit": .string(unit)])
        let cause = Cause.drill(SIGKILL, by: initiator)
        let entry = record.note(.drilled, .supervisor, pid: getpid(), because: cause)
        record.expectDeath(entry)
        reply.record = entry
        reactor.schedule(after: Self.farewell) { kill(getpid(), SIGKILL) }
        return reply
    }
}

extension WorkerHandle {
    /// Sends its process a signal as a fault; what comes of it follows from the entry whose id is returned.
    fileprivate func drill(_ signal: Int32, by initiator: Initiator) -> UInt64 {
        let cause = Cause.drill(signal, by: initiator)
        let entry = note(.drilled, because: cause, pid: pid)
        trail.drilled(with: signal, because: cause.following(entry))
        current?.signal(signal)
        return entry
    }
}

extension Cause {
    /// A fault that somebody has asked for.
    package static func drill(_ signal: Int32, by initiator: Initiator) -> Cause {
        let name = SignalName.of(signal)
        return Cause(
            .operator,
            "a drill of \(initiator) sent it \(name)",
            by: initiator,
            inputs: [.text("drill", name)]
        )
    }
}
