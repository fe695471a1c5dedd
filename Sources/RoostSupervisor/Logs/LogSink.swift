import Glibc
package import RoostConfig
import RoostJSON
import RoostPolicy
package import RoostReactor
import RoostSystemd

/// Where log records go besides the ring: with native fields to the journal, as lines for people to a terminal, as JSON
/// lines to anything else; or as the configuration says. Never blocks.
package final class LogSink {
    package var format = LogSettings.Format.auto
    /// Called when a record has gone out, or was given up, with its number: all before it have as well.
    var told: (UInt64) -> Void = { _ in }
    private let reactor: Reactor
    private var terminal: TerminalSink?
    private var journal = Journal()
    private let isJournal = JournalStream.isStandardError
    private let isTerminal = isatty(2) == 1

    package init(_ reactor: Reactor) { self.reactor = reactor }

    package func write(_ record: LogRecord) {
        switch format {
        case .journal: send(record)
        case .human: line(record.line, record.id)
        case .json: line(record.jsonLine, record.id)
        case .auto where isJournal: send(record)
        case .auto: line(isTerminal ? record.line : record.jsonLine, record.id)
        }
    }

    private func line(_ text: String, _ id: UInt64) {
        let sink = terminal ?? TerminalSink(reactor) { [unowned self] in told($0) }
        terminal = sink
        sink.write(text, id)
    }

    private func send(_ record: LogRecord) {
        let isOwn = record.source.name == "roostd"
        var entry = JournalRecord(
            message: record.message,
            priority: record.level.syslogPriority,
            identifier: isOwn ? "roostd" : "roost-\(record.source.name)"
        )
        entry.add(.category, record.category)
        entry.add(.id, String(record.id))
        if !isOwn {
            entry.add(.worker, record.source.name)
            entry.add(.instance, String(record.source.instance))
        }
        for member in record.metadata.members {
            let value = if case .string(let text) = member.value { text } else { JSONWriter.compact(member.value) }
            entry.add(key: member.key, value)
        }
        _ = journal.send(entry)
        told(record.id)
    }
}

extension LogRecord {
    /// The record as one JSON object.
    var jsonLine: String {
        var object: JSONObject = [
            "id": .integer(Int64(clamping: id)),
            "timestamp": .string(time.description), "level": .string(level.rawValue),
            "worker": .string(source.name), "instance": .integer(Int64(source.instance)),
            "pid": .integer(Int64(source.pid)), "category": .string(category), "message": .string(message),
        ]
        if !metadata.members.isEmpty { object["metadata"] = .object(metadata) }
        return JSONWriter.compact(.object(object))
    }
}
