import RoostJSON
import RoostPolicy
import RoostProtocol

/// Log lines, for people or as JSON lines; each with its newline.
enum LogText {
    /// `12:00:00.250 warning proxy/0 backend is down rule=api`
    static func line(_ line: LogLine, asJSON: Bool, colors: Bool) -> String {
        guard !asJSON else { return JSONWriter.compact(json(line)) + "\n" }
        let source = line.source == "roostd" ? "roostd" : "\(PlainText.of(line.source))/\(line.instance)"
        let level = colors ? TextTable.colored(line.level.word, color(of: line.level)) : line.level.word
        return "\(WallTime(nanoseconds: line.atNs).timeOfDay) \(level) \(source) \(body(of: line))\n"
    }

    /// What `--grep` looks at: the message and the fields. The category repeats for people what the source says.
    static func body(of line: LogLine) -> String {
        let fields = FieldText.of(line.fieldsJson, without: "category")
        return PlainText.of(line.message) + (fields.isEmpty ? "" : " \(fields)")
    }

    static func dropped(_ count: UInt64, asJSON: Bool) -> String {
        guard !asJSON else { return JSONWriter.compact(["dropped": .count(count)]) + "\n" }
        return "... \(count) line\(count == 1 ? "" : "s") dropped: this reader was too slow\n"
    }

    private static func json(_ line: LogLine) -> JSONValue {
        [
            "id": .count(line.id), "at": .time(line.atNs), "source": .string(line.source),
            "instance": .count(line.instance), "pid": .count(line.pid), "level": .string(line.level.word),
            "message": .string(line.message), "fields": FieldText.value(line.fieldsJson) ?? .object([:]),
        ]
    }

    private static func color(of level: LogLevel) -> TextTable.Color? {
        switch level {
        case .error, .critical: .red
        case .warning: .yellow
        case .trace, .debug, .info, .notice, .unspecified, .unrecognized: nil
        }
    }
}

/// Events, for people or as the contract's JSON; each with its newline.
enum EventText {
    /// `12:00:00.250 #17 worker name=proxy instance=0 state=running`
    static func line(_ event: Event, asJSON: Bool) -> String {
        let time = WallTime(nanoseconds: event.atNs)
        guard asJSON else {
            let data = FieldText.of(event.dataJson)
            return "\(time.timeOfDay) #\(event.id) \(PlainText.of(event.type))\(data.isEmpty ? "" : " \(data)")\n"
        }
        let json: JSONValue = [
            "type": .string(event.type), "timestamp": .time(event.atNs),
            "data": FieldText.value(event.dataJson) ?? .object([:]), "id": .count(event.id),
        ]
        return JSONWriter.compact(json) + "\n"
    }

    static func dropped(_ count: UInt64, asJSON: Bool) -> String {
        guard asJSON else { return "... \(count) event\(count == 1 ? "" : "s") missing: they are not kept any more\n" }
        return JSONWriter.compact(["type": "dropped", "data": ["count": .count(count)]]) + "\n"
    }
}
