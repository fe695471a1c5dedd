package import RoostConfig
import RoostPolicy

/// All log records of the host's Roost processes: the last ones in memory, all of them in the sink.
package final class LogBook {
    package let feed: Feed<LogRecord>
    /// Records below are not kept.
    package var level = LogLevel.info
    private let sink: LogSink

    /// No more lines than this are kept, however short they are.
    private static let mostLines = 100_000

    package init(_ sink: LogSink, bytes: Int = 2 << 20) {
        feed = Feed(capacity: Self.mostLines, bytes: bytes)
        self.sink = sink
    }

    package func apply(_ settings: LogSettings) {
        level = LogLevel(rawValue: settings.level.rawValue) ?? .debug  // what is finer than debug is debug
        feed.resize(capacity: Self.mostLines, bytes: settings.ring)
        sink.format = settings.format
    }

    package func append(_ record: LogRecord) {
        guard record.level >= level else { return }
        feed.append(record, cost: record.cost)
        sink.write(record)
    }
}
