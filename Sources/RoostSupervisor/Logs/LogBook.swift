import RoostPolicy

/// All log records of the host's Roost processes: the last ones in memory, all of them in the sink.
package final class LogBook {
    package let feed: Feed<LogRecord>
    /// Records below are not kept.
    package var level = LogLevel.info
    private let write: (LogRecord) -> Void

    /// `write` is the sink: terminal or journal. It does not block.
    package init(capacity: Int, bytes: Int, write: @escaping (LogRecord) -> Void) {
        feed = Feed(capacity: capacity, bytes: bytes)
        self.write = write
    }

    package func append(_ record: LogRecord) {
        guard record.level >= level else { return }
        feed.append(record, cost: record.cost)
        write(record)
    }
}
