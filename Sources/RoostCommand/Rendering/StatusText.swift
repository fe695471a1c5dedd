import CLinux
import RoostPolicy
import RoostProtocol

/// `roost status` for people: a line about the supervisor, what it wants to be known, and a table of the workers.
enum StatusText {
    static func text(of reply: StatusReply, colors: Bool) -> String {
        let supervisor = reply.supervisor ?? SupervisorStatus()
        var text = headline(supervisor, reply.workers, colors: colors) + "\n"
        for listener in supervisor.listeners {
            text +=
                "listening on \(PlainText.of(listener.address)) (\(PlainText.of(listener.name))"
                + (listener.inherited ? ", given by systemd)\n" : ")\n")
        }
        if !supervisor.configProblems.isEmpty {
            let title = "the last change of the configuration was rejected:"
            text += (colors ? TextTable.colored(title, .red) : title) + "\n"
            for problem in supervisor.configProblems { text += "  \(PlainText.of(problem))\n" }
        }
        if !supervisor.configDrift.isEmpty {
            let files = supervisor.configDrift.map { PlainText.of($0) }.joined(separator: ", ")
            let title = "changed on disk and not in force:"
            text += (colors ? TextTable.colored(title, .yellow) : title) + " \(files); see `roost plan`\n"
        }
        return text + (reply.workers.isEmpty ? "no workers\n" : table(reply.workers).text(colors: colors))
    }

    /// `roostd 0.1.0 running: 1/1 ready, pid 81, up 1m12s, configuration 3, watchdog 10s, 7.4MiB, 0.4s CPU`
    private static func headline(_ status: SupervisorStatus, _ workers: [WorkerStatus], colors: Bool) -> String {
        let color: TextTable.Color =
            switch status.state {
            case .running: .green
            case .degraded: .red
            case .starting, .reloading, .stopping, .unspecified, .unrecognized: .yellow
            }
        let state = colors ? TextTable.colored(status.state.word, color) : status.state.word
        let watchdog = status.watchdog.flatMap { $0.enabled ? Figures.duration($0.intervalSeconds) : nil }
        let facts = [
            "\(workers.filter(\.ready).count)/\(workers.filter { $0.state != .stopped }.count) ready",
            "pid \(status.pid)",
            "up \(Figures.duration(status.uptimeSeconds))", "configuration \(status.configGeneration)",
            "watchdog \(watchdog ?? "off")", Figures.bytes(status.rssBytes),
            "\(Figures.processorTime(status.cpuSeconds)) CPU",
        ]
        return "roostd \(PlainText.of(status.version)) \(state): \(facts.joined(separator: ", "))"
    }

    private static func table(_ workers: [WorkerStatus]) -> TextTable {
        var table = TextTable([
            ("WORKER", .left), ("STATE", .left), ("READY", .left), ("PID", .right), ("UPTIME", .right),
            ("RESTARTS", .right), ("MEMORY", .right), ("CPU", .right), ("LAST EXIT", .left), ("REASON", .left),
        ])
        for worker in workers {
            let lives = worker.pid != nil
            table.append([
                .init("\(worker.name)/\(worker.instance)"), .init(worker.state.word, color(of: worker.state)),
                worker.ready ? "yes" : "no", .init(worker.pid.map { "\($0)" } ?? "-"),
                .init(lives ? Figures.duration(worker.uptimeSeconds) : "-"), .init("\(worker.restarts)"),
                .init(lives ? Figures.bytes(worker.rssBytes) : "-"),
                .init(lives ? Figures.processorTime(worker.cpuSeconds) : "-"),
                .init(worker.lastExit.map(lastExit) ?? "-"), .init(reason(of: worker)),
            ])
        }
        return table
    }

    /// What the process beside the serving one does.
    private static func beside(_ rolling: Rolling) -> String {
        let pid = rolling.pid.map { "pid \($0)" } ?? "a new process"
        return switch rolling.step {
        case .waiting: "a new process waits for its start"
        case .starting: "\(pid) starts beside it"
        case .proving: "\(pid) is being proved"
        case .retiring: "\(pid), replaced, finishes what it has"
        case .abandoning: "\(pid) was not good enough and ends"
        case .unspecified, .unrecognized: "\(pid) is beside it"
        }
    }

    private static func color(of state: RoostProtocol.WorkerState) -> TextTable.Color? {
        switch state {
        case .running: .green
        case .backoff, .quarantined: .red
        case .waiting, .starting, .draining, .parked: .yellow
        case .stopped, .unspecified, .unrecognized: nil
        }
    }

    /// `hung, SIGABRT at 12:00:00`
    private static func lastExit(_ exit: LastExit) -> String {
        var how = ""
        if let code = exit.code { how = " \(code)" }
        if let signal = exit.signal {
            how = " " + (roost_signal_name(signal).map { "SIG" + String(cString: $0) } ?? "signal \(signal)")
        }
        return exit.reason.word + how + " at " + String(WallTime(nanoseconds: exit.atNs).timeOfDay.prefix(8))
    }

    private static func reason(of worker: WorkerStatus) -> String {
        if let rolling = worker.rolling { return beside(rolling) }
        guard worker.state == .backoff, worker.nextStartSeconds > 0 else { return worker.reason }
        let start = "starts in \(Figures.decimal(worker.nextStartSeconds, 1))s"
        return worker.reason.isEmpty ? start : "\(worker.reason); \(start)"
    }
}
