import RoostProtocol

/// Messages as a supervisor would send them.
enum Samples {
    static let at: Int64 = 1_772_366_400_250_000_000  // 2026-03-01T12:00:00.250Z

    static var supervisor: SupervisorStatus {
        var status = SupervisorStatus()
        status.pid = 1
        status.version = "0.1.0"
        status.state = .running
        status.uptimeSeconds = 12.5
        status.configGeneration = 3
        var watchdog = Watchdog()
        watchdog.enabled = true
        watchdog.intervalSeconds = 10
        status.watchdog = watchdog
        status.rssBytes = 7_759_462
        status.cpuSeconds = 0.4
        status.summary = "1/1 ready"
        return status
    }

    static var worker: WorkerStatus {
        var status = WorkerStatus()
        status.name = "proxy"
        status.state = .running
        status.ready = true
        status.pid = 2
        status.uptimeSeconds = 11.9
        status.configGeneration = 3
        status.rssBytes = 21_000_000
        status.cpuSeconds = 0.4
        return status
    }

    static var status: StatusReply {
        var reply = StatusReply()
        reply.supervisor = supervisor
        reply.workers = [worker]
        return reply
    }

    static func exit(_ reason: ExitReason, code: Int32? = nil, signal: Int32? = nil) -> LastExit {
        var exit = LastExit()
        exit.atNs = at
        exit.reason = reason
        exit.code = code
        exit.signal = signal
        return exit
    }

    static func outcome(
        _ before: Int32?,
        _ after: Int32?,
        succeeded: Bool = true,
        _ message: String = ""
    ) -> InstanceOutcome {
        var outcome = InstanceOutcome()
        outcome.name = "proxy"
        outcome.succeeded = succeeded
        outcome.state = after == nil ? .stopped : .running
        outcome.pidBefore = before
        outcome.pidAfter = after
        outcome.message = message
        return outcome
    }

    static func change(_ outcomes: InstanceOutcome...) -> ChangeReply {
        var reply = ChangeReply()
        reply.outcomes = outcomes
        return reply
    }

    static func line(_ message: String, fields: String = "") -> LogLine {
        var line = LogLine()
        line.id = 7
        line.atNs = at
        line.source = "proxy"
        line.pid = 81
        line.level = .warning
        line.message = message
        line.fieldsJson = fields
        return line
    }
}
