package import RoostConfig
import RoostJSON
import RoostPolicy
package import RoostProtocol
package import RoostReactor

/// All log records of the host's Roost processes: the last ones in a ring that outlives the supervisor, all of them in
/// the sink. What a supervisor has recorded and not told before it was killed, the next one tells.
package final class LogBook {
    package let feed: Feed<LogLine>
    /// Records below are not kept.
    package var level = LogLevel.info
    private let sink: LogSink
    /// Handed to the sink so far.
    private var handed: UInt64

    /// - Parameters:
    ///   - path: the ring's file; nil: memory of this process alone.
    ///   - bytes: of a new ring.
    /// - Throws: `SystemError` when there is no memory.
    package init(_ sink: LogSink, path: String? = nil, bytes: Int = 2 << 20) throws(SystemError) {
        feed = try Feed(bytes: bytes, path: path, prefix: LogRecord.markSize)
        self.sink = sink
        handed = feed.ring.told
        sink.told = { [ring = feed.ring] in ring.told = $0 }
    }

    package func apply(_ settings: LogSettings) {
        level = LogLevel(rawValue: settings.level.rawValue) ?? .debug  // what is finer than debug is debug
        feed.resize(bytes: settings.ring)
        sink.format = settings.format
        tell()
    }

    package func append(_ record: LogRecord) {
        guard record.level >= level else { return }
        var record = record
        record.id = feed.append(encoded: encoded(&record))
        if handed + 1 < record.id { tell(before: record.id) }
        handed = record.id
        sink.write(record)
    }

    /// As it goes into the ring: what is too long even for that is cut.
    private func encoded(_ record: inout LogRecord) -> [UInt8] {
        let bytes = record.encoded
        guard bytes.count > feed.ring.longest else { return bytes }
        var cut = record
        cut.metadata = ["truncated": true]
        // Escaping and repairs make nothing longer than that: the message goes as it is.
        cut.message = String(decoding: record.message.utf8.prefix(feed.ring.longest / 4), as: UTF8.self)
        record = cut
        return cut.encoded
    }

    /// Tells what an earlier supervisor has recorded and not told.
    private func tell(before end: UInt64? = nil) {
        let end = end ?? feed.ring.last + 1
        var id = max(handed + 1, feed.ring.first)
        while id < end {
            if let line = feed[id] { sink.write(LogRecord(line)) }
            id += 1
        }
        handed = max(handed, end - 1)
    }

    /// Up to where each tape's lines were recorded, by the tapes' ids.
    package func tapeEnds() -> [UInt64: UInt64] {
        var ends: [UInt64: UInt64] = [:]
        feed.ring.eachStart { tape, end in if tape > 0 { ends[tape] = end } }
        return ends
    }
}
