import Glibc
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

/// Has roostd kill itself, and watches that nobody notices.
struct SupervisorDrill {
    private let call: Call
    private let request: DrillRequest
    private let promises: DrillReply

    /// Over the limit, before a new roostd is given up: to tell late from never.
    private static let patience = Duration.seconds(10)

    init(_ call: Call, _ request: DrillRequest, _ promises: DrillReply) {
        (self.call, self.request, self.promises) = (call, request, promises)
    }

    func run() async throws -> DrillVerdict {
        let reactor = call.world.reactor
        let line = try await DrillLine(call)
        let before = try await line.status()
        var logs = SupervisorJudgement.Sequence(last: 0)
        var events = logs
        try await readLogs(behind: nil, on: line) { id, _ in logs.last = id }
        try await readEvents(behind: nil, on: line) { id, _ in events.last = id }
        let watch = ListenerWatch(before.supervisor?.listeners ?? [], on: reactor)
        watch.start()
        var request = request
        request.pid = promises.pid
        let (reply, start) = try await line.inject(request)
        await line.close()

        let deadline = start.advanced(by: SupervisorJudgement.limit + Self.patience)
        let back = try await next(after: reply.pid, until: deadline)
        let backAfter = back.map { _ in start.duration(to: reactor.now) }
        var judgement = SupervisorJudgement(
            former: reply.pid,
            before: before.workers,
            next: back?.supervisor.pid,
            after: [],
            backAfter: backAfter,
            listeners: [],
            logs: logs,
            events: events,
            history: [],
            drill: reply.record,
            uid: getuid()
        )
        if let line = back?.line {
            try await look(line, &judgement, until: deadline)
            await line.close()
        }
        judgement.listeners = watch.stop()
        return judgement.verdict
    }

    /// A roostd that is another one, and a line to it; nil: none has come.
    private func next(
        after former: Int32,
        until deadline: MonotonicInstant
    ) async throws -> (line: DrillLine, supervisor: SupervisorStatus)? {
        let reactor = call.world.reactor
        while reactor.now < deadline {
            do {
                let connection = try await call.connect(within: reactor.now.duration(to: deadline))
                let line = DrillLine(call, on: connection)
                if let supervisor = try await line.status().supervisor, supervisor.pid != former {
                    return (line, supervisor)
                }
                await line.close()  // it has not died yet
            } catch is CommandFailure {
            } catch is RequestFailure {
            }
            try await reactor.sleep(for: .milliseconds(5))
        }
        return nil
    }

    /// What the new roostd knows, once it has taken everything over.
    private func look(
        _ line: DrillLine,
        _ judgement: inout SupervisorJudgement,
        until deadline: MonotonicInstant
    ) async throws {
        var status = try await line.status()
        while status.supervisor?.state == .starting, line.reactor.now < deadline {
            try await line.reactor.sleep(for: .milliseconds(20))
            status = try await line.status()
        }
        judgement.after = status.workers
        judgement.history = try await line.history(of: "roostd", backTo: judgement.drill)
        let (lastLog, lastEvent) = (judgement.logs.last, judgement.events.last)
        var (logs, events) = (judgement.logs, judgement.events)
        try await readLogs(behind: lastLog, on: line) { id, dropped in
            logs.first = logs.first ?? id
            logs.dropped += dropped
        }
        try await readEvents(behind: lastEvent, on: line) { id, dropped in
            events.first = events.first ?? id
            events.dropped += dropped
        }
        (judgement.logs, judgement.events) = (logs, events)
    }

    private func readLogs(
        behind last: UInt64?,
        on line: DrillLine,
        _ take: (_ id: UInt64, _ dropped: UInt64) -> Void
    ) async throws {
        var request = LogsRequest()
        request.sinceId = last
        let stream = try await line.connection.stream(.logs, request.encoded())
        while let bytes = try await stream.next() {
            let item = try LogLines(decoding: bytes)
            for (index, element) in item.lines.enumerated() { take(element.id, index == 0 ? item.dropped : 0) }
        }
    }

    private func readEvents(
        behind last: UInt64?,
        on line: DrillLine,
        _ take: (_ id: UInt64, _ dropped: UInt64) -> Void
    ) async throws {
        var request = EventsRequest()
        request.sinceId = last
        let stream = try await line.connection.stream(.events, request.encoded())
        while let bytes = try await stream.next() {
            let item = try Events(decoding: bytes)
            for (index, element) in item.events.enumerated() { take(element.id, index == 0 ? item.dropped : 0) }
        }
    }
}
