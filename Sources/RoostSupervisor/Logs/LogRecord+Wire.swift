import RoostJSON
import RoostPolicy
import RoostProtocol

// A record as it lies in the log's ring: mark, then the message that `roost logs` gets.
extension LogRecord {
    /// Bytes of the mark: tape and end, zeros without one.
    static let markSize = 16

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        let line = LogLine(self).encoded()
        bytes.reserveCapacity(Self.markSize + line.count)
        for word in [mark?.tape ?? 0, mark?.end ?? 0] { withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) } }
        bytes.append(contentsOf: line)
        return bytes
    }

    /// A record from the ring; without its mark, which nobody asks for.
    init(_ line: LogLine) {
        let source = Source(name: line.source, instance: Int(line.instance), pid: line.pid)
        let level = LogLevel(line.level)
        var fields = (try? JSONParser.parse(line.fieldsJson))?.objectValue ?? [:]
        let category = fields["category"]?.stringValue ?? ""
        fields["category"] = nil
        let time = WallTime(nanoseconds: line.atNs)
        self.init(time: time, level: level, source: source, category: category, message: line.message)
        id = line.id
        metadata = fields
    }
}

extension LogLine {
    init(_ record: LogRecord) {
        self.init()
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

extension LogLevel {
    /// The level on the wire; as a bound, the least severe one that a request asks for.
    init(_ level: RoostProtocol.LogLevel) {
        switch level {
        case .trace, .debug, .unspecified: self = .debug
        case .info: self = .info
        case .notice: self = .notice
        case .warning: self = .warning
        case .error: self = .error
        default: self = .critical
        }
    }

    var wire: RoostProtocol.LogLevel {
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
