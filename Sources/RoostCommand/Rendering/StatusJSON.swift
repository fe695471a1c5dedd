import RoostJSON
import RoostProtocol

/// `roost status --json`: the contract's keys first, in its order, then ours.
enum StatusJSON {
    static func value(of reply: StatusReply) -> JSONValue {
        [
            "supervisor": supervisor(reply.supervisor ?? SupervisorStatus()),
            "workers": .array(reply.workers.map(worker)),
        ]
    }

    private static func supervisor(_ status: SupervisorStatus) -> JSONValue {
        [
            "pid": .count(status.pid), "version": .string(status.version), "state": .string(status.state.word),
            "uptime_seconds": .seconds(status.uptimeSeconds), "config_generation": .count(status.configGeneration),
            "watchdog": [
                "enabled": .bool(status.watchdog?.enabled ?? false),
                "interval_seconds": .seconds(status.watchdog?.intervalSeconds ?? 0),
            ],
            "rss_bytes": .count(status.rssBytes), "cpu_seconds": .seconds(status.cpuSeconds),
            "open_fds": .count(status.openFds), "wake_ups": .count(status.wakeUps),
            "summary": .string(status.summary), "unit": status.unit.isEmpty ? .null : .string(status.unit),
            "config_problems": .array(status.configProblems.map { .string($0) }),
            "config_drift": .array(status.configDrift.map { .string($0) }),
            "listeners": .array(
                status.listeners.map { listener in
                    [
                        "name": .string(listener.name), "address": .string(listener.address),
                        "inherited": .bool(listener.inherited),
                    ]
                }
            ),
        ]
    }

    private static func worker(_ status: WorkerStatus) -> JSONValue {
        [
            "name": .string(status.name), "instance": .count(status.instance), "state": .string(status.state.word),
            "ready": .bool(status.ready), "pid": status.pid.map { .count($0) } ?? .null,
            "uptime_seconds": .seconds(status.uptimeSeconds), "config_generation": .count(status.configGeneration),
            "restarts": .count(status.restarts), "rss_bytes": .count(status.rssBytes),
            "cpu_seconds": .seconds(status.cpuSeconds), "last_exit": status.lastExit.map(lastExit) ?? .null,
            "open_fds": .count(status.openFds), "threads": .count(status.threads), "reason": .string(status.reason),
            "next_start_seconds": .seconds(status.nextStartSeconds),
            "heartbeat_age_seconds": status.heartbeatAgeSeconds.map { .seconds($0) } ?? .null,
            "plain": .bool(status.plain), "rolling": status.rolling.map(rolling) ?? .null,
        ]
    }

    private static func rolling(_ rolling: Rolling) -> JSONValue {
        [
            "step": .string(rolling.step.word), "pid": rolling.pid.map { .count($0) } ?? .null,
            "uptime_seconds": .seconds(rolling.uptimeSeconds),
        ]
    }

    private static func lastExit(_ exit: LastExit) -> JSONValue {
        var object: JSONObject = ["at": .time(exit.atNs)]
        if let code = exit.code { object["code"] = .count(code) }
        if let signal = exit.signal { object["signal"] = .count(signal) }
        object["reason"] = .string(exit.reason.word)
        return .object(object)
    }
}
