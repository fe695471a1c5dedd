package import RoostJSON
package import RoostPolicy

/// The severity of a log record, from least to most.
package enum LogLevel: String, Sendable, CaseIterable, Comparable {
    case debug, info, notice, warning, error, critical

    package static func < (left: Self, right: Self) -> Bool { left.syslogPriority > right.syslogPriority }

    /// The priority of syslog(3).
    package var syslogPriority: Int {
        switch self {
        case .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}

/// One log line of any process of Roost.
package struct LogRecord: Sendable {
    /// Which process speaks.
    package struct Source: Sendable, Hashable {
        /// The worker's name; `roostd` for the supervisor itself.
        package var name: String
        package var instance: Int
        package var pid: Int32

        package init(name: String, instance: Int, pid: Int32) {
            self.name = name
            self.instance = instance
            self.pid = pid
        }
    }

    /// Where the line ends on the tape that it comes from.
    package struct Mark: Sendable, Hashable {
        package var tape: UInt64
        package var end: UInt64
    }

    /// Its number in the log; 0 before it is there.
    package var id: UInt64 = 0
    package var mark: Mark?
    package var time: WallTime
    package var level: LogLevel
    package var source: Source
    /// What the line is about, `connection` or `supervisor` for instance.
    package var category: String
    package var message: String
    package var metadata = JSONObject()

    package init(time: WallTime, level: LogLevel, source: Source, category: String, message: String) {
        self.time = time
        self.level = level
        self.source = source
        self.category = category
        self.message = message
    }

    /// One line for a person: `12:00:00.250 warning proxy/0 backend is down rule=api`. What a process has written
    /// can neither begin a line of its own nor command the terminal: control characters are shown as `\\u{1B}`.
    package var line: String {
        let name = source.name == "roostd" ? "roostd" : "\(source.name)/\(source.instance)"
        let start = "\(time.timeOfDay) \(level.rawValue) \(name) \(message)"
        let line = metadata.members.reduce(into: start) { text, member in
            let value = if case .string(let string) = member.value { string } else { JSONWriter.compact(member.value) }
            text += " \(member.key)=\(value)"
        }
        return Self.visible(line)
    }

    private static func visible(_ text: String) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.reduce(into: "") { text, scalar in
            if isControl(scalar) { text += scalar.escaped(asASCII: true) } else { text.unicodeScalars.append(scalar) }
        }
    }
}
