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
        try await stream(logs.feed, from: logs.feed.ring.first, follow: request.follow) { numbered, dropped in
            var item = LogLines()
            item.dropped = dropped
            item.lines = numbered.compactMap { id, record in
                guard record.level >= least, record.time.nanoseconds >= request.sinceNs ?? .min,
                    names.isEmpty || !names.isDisjoint(with: Self.names(of: record))
                else { return nil }
                return LogLine(record, id: id)
            }
            if !item.lines.isEmpty || dropped > 0 { try await writer.send(item) }
        }
    }

    /// What a line is found by: the process that speaks and the worker that it is about, with and without the instance.
    private static func names(of record: LogRecord) -> [String] {
        let source = record.source
        var names = [source.name, "\(source.name)/\(source.instance)"]
        guard case .string(let worker)? = record.metadata["worker"] else { return names }
        names.append(worker)
        if case .integer(let instance)? = record.metadata["instance"] { names.append("\(worker)/\(instance)") }
        return names
    }

    func streamEvents(_ request: EventsRequest, to writer: ItemWriter) async throws {
        let kinds = Set(request.types)
        let ring = events.ring
        let start = request.sinceId.map { min($0, ring.last) + 1 } ?? (request.follow ? ring.last + 1 : ring.first)
        try await stream(events, from: start, follow: request.follow) { numbered, dropped in
            var item = Events()
            item.dropped = dropped
            item.events = numbered.compactMap { id, event in
                guard kinds.isEmpty || kinds.contains(event.kind.rawValue) else { return nil }
                return RoostProtocol.Event(event, id: id)
            }
            if !item.events.isEmpty || dropped > 0 { try await writer.send(item) }
        }
    }

    private func stream<Element: Sendable>(
        _ feed: Feed<Element>,
        from start: UInt64,
        follow: Bool,
        _ send: ([(UInt64, Element)], _ dropped: UInt64) async throws -> Void
    ) async throws {
        var next = max(start, 1)
        while true {
            let first = feed.ring.first
            let dropped = first > next && next > 1 ? first - next : 0
            next = max(next, first)
            let end = min(next + UInt64(Self.batch), feed.ring.last + 1)
            if next < end {
                let numbered = (next..<end).compactMap { number in feed.ring[number].map { (number, $0) } }
                next = end
                try await send(numbered, dropped)
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

extension LogLevel {
    /// The least severe level that a request asks for.
    fileprivate init(_ level: RoostProtocol.LogLevel) {
        switch level {
        case .trace, .debug, .unspecified: self = .debug
        case .info: self = .info
        case .notice: self = .notice
        case .warning: self = .warning
        case .error: self = .error
        default: self = .critical
        }
    }

    fileprivate var wire: RoostProtocol.LogLevel {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}

extension LogLine {
    fileprivate init(_ record: LogRecord, id: UInt64) {
        self.init()
        self.id = id
        atNs = record.time.nanoseconds
        source = record.source.name
        instance = UInt32(clamping: record.source.instance)
        pid = record.source.pid
        level = record.level.wire
        message = record.message
        var fields = record.metadata
        fields["category"] = .string(record.category)
        fieldsJson = JSONWriter.compact(.object(fields))
    }
}

extension RoostProtocol.Event {
    fileprivate init(_ event: Event, id: UInt64) {
        self.init()
        self.id = id
        type = event.kind.rawValue
        atNs = event.time.nanoseconds
        dataJson = JSONWriter.compact(.object(event.data))
    }
}
