import RoostIPC
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor

// Logs and events for readers of any speed: each goes through the ring at its own pace; credits of the stream hold it
// back, and what the ring has given up meanwhile is counted.
extension Supervisor {
    private static let batch = 64

    func streamLogs(_ request: LogsRequest, to writer: ItemWriter) async throws {
        let least = LogLevel(request.level)
        let names = Set(request.names)
        let start = request.sinceId.map { min($0, logs.feed.ring.last) + 1 } ?? logs.feed.ring.first
        try await stream(logs.feed, from: start, follow: request.follow) { lines, dropped in
            var item = LogLines()
            item.dropped = dropped
            item.lines = lines.filter { line in
                LogLevel(line.level) >= least && line.atNs >= request.sinceNs ?? .min
                    && (names.isEmpty || !names.isDisjoint(with: Self.names(of: line)))
            }
            if !item.lines.isEmpty || dropped > 0 { try await writer.send(item) }
        }
    }

    /// What a line is found by: the process that speaks and the worker that it is about, with and without the instance.
    private static func names(of line: LogLine) -> [String] {
        var names = [line.source, "\(line.source)/\(line.instance)"]
        guard line.fieldsJson.contains("\"worker\""), let fields = try? JSONParser.parse(line.fieldsJson),
            case .string(let worker)? = fields["worker"]
        else { return names }
        names.append(worker)
        if case .integer(let instance)? = fields["instance"] { names.append("\(worker)/\(instance)") }
        return names
    }

    func streamEvents(_ request: EventsRequest, to writer: ItemWriter) async throws {
        let kinds = Set(request.types)
        let ring = events.ring
        let start = request.sinceId.map { min($0, ring.last) + 1 } ?? (request.follow ? ring.last + 1 : ring.first)
        if request.follow, request.sinceId == nil {
            var item = Events()
            item.last = ring.last
            try await writer.send(item)
        }
        try await stream(events, from: start, follow: request.follow) { events, dropped in
            var item = Events()
            item.dropped = dropped
            item.events = events.filter { kinds.isEmpty || kinds.contains($0.type) }
            if !item.events.isEmpty || dropped > 0 { try await writer.send(item) }
        }
    }

    private func stream<Element>(
        _ feed: Feed<Element>,
        from start: UInt64,
        follow: Bool,
        _ send: ([Element], _ dropped: UInt64) async throws -> Void
    ) async throws {
        var next = max(start, 1)
        while true {
            let first = feed.ring.first
            let dropped = first > next && next > 1 ? first - next : 0
            next = max(next, first)
            let end = min(next + UInt64(Self.batch), feed.ring.last + 1)
            if next < end {
                let elements = (next..<end).compactMap { feed[$0] }
                next = end
                try await send(elements, dropped)
                continue
            }
            guard follow else { return }
            try await nextElement(of: feed)
        }
    }

    /// - Throws: `CancellationError` when the reader has gone.
    private func nextElement<Element>(of feed: Feed<Element>) async throws {
        let waiter = FeedWaiter()
        let token = feed.whenAppended { waiter.finish() }
        defer { feed.forget(token) }
        let reactor = reactor
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                reactor.onLoop { waiter.start(continuation) }
            }
        } onCancel: {
            reactor.onLoop { waiter.finish() }
        }
        try Task.checkCancellation()
    }
}

/// Resumes once, whichever of element and cancellation comes first, and whether or not the wait has begun.
private final class FeedWaiter: @unchecked Sendable {  // used on the reactor's thread only
    private var continuation: CheckedContinuation<Void, Never>?
    private var isFinished = false

    func start(_ continuation: CheckedContinuation<Void, Never>) {
        if isFinished { return continuation.resume() }
        self.continuation = continuation
    }

    func finish() {
        isFinished = true
        continuation?.resume()
        continuation = nil
    }
}
