import Glibc
import RoostJSON
import RoostPolicy
import RoostReactor
import RoostSystemd

/// Where log records go besides the ring: to the journal with its native fields where stderr is the journal, to a
/// terminal as lines for people, to anything else as JSON lines.
enum LogSink {
    static func standard(_ reactor: Reactor) -> (LogRecord) -> Void {
        if JournalStream.isStandardError { return journal() }
        let sink = TerminalSink(reactor)
        if isatty(2) == 1 { return { sink.write($0.line) } }
        return { sink.write($0.jsonLine) }
    }

    private static func journal() -> (LogRecord) -> Void {
        let journal = JournalBox()
        return { journal.send($0) }
    }
}

private final class JournalBox {
    private var journal = Journal()

    func send(_ record: LogRecord) {
        let identifier = record.source.name == "roostd" ? "roostd" : "roost-\(record.source.name)"
        var entry = JournalRecord(
            message: record.message,
            priority: record.level.syslogPriority,
            identifier: identifier
        )
        entry.add(.category, record.category)
        if record.source.name != "roostd" {
            entry.add(.worker, record.source.name)
            entry.add(.instance, String(record.source.instance))
        }
        for member in record.metadata.members {
            let value = if case .string(let text) = member.value { text } else { JSONWriter.compact(member.value) }
            entry.add(key: member.key, value)
        }
        _ = journal.send(entry)
    }
}

extension LogRecord {
    /// The record as one JSON object.
    var jsonLine: String {
        var object: JSONObject = [
            "timestamp": .string(time.description), "level": .string(level.rawValue),
            "worker": .string(source.name), "instance": .integer(Int64(source.instance)),
            "pid": .integer(Int64(source.pid)), "category": .string(category), "message": .string(message),
        ]
        if !metadata.members.isEmpty { object["metadata"] = .object(metadata) }
        return JSONWriter.compact(.object(object))
    }
}
