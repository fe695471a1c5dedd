import RoostJSON
import RoostPolicy

/// Cuts what a process writes into lines and makes records of them. A line that is a JSON object with a `message` is
/// structured; any other text is a record of level `info`. A line over the limit is cut, with a mark.
struct LogLineReader {
    /// Who speaks.
    var source: LogRecord.Source
    /// The tape that the bytes come from, for the records' marks; nil without one.
    var tape: UInt64?
    /// How many bytes were taken, from the start of the tape.
    private(set) var offset: UInt64
    /// Up to where the bytes have become lines: behind the last newline, or inside of a line that was cut.
    private(set) var settled: UInt64

    /// Longer lines are cut.
    private let lineLimit: Int
    /// Members beyond are counted and dropped: journald refuses an entry of more than 1024 fields, all of it.
    private static let memberLimit = 256
    private var partial: [UInt8] = []
    /// The line was cut, and what is left of it goes by.
    private var isSkipping: Bool

    /// - Parameters:
    ///   - offset: where on the tape to go on.
    ///   - isInCutLine: whether that is inside of a line that was cut.
    init(
        source: LogRecord.Source,
        lineLimit: Int,
        tape: UInt64? = nil,
        offset: UInt64 = 0,
        isInCutLine: Bool = false
    ) {
        self.source = source
        self.lineLimit = lineLimit
        self.tape = tape
        self.offset = offset
        settled = offset
        isSkipping = isInCutLine
    }

    /// Takes bytes in any split and hands over each finished line's record.
    mutating func append(_ bytes: UnsafeRawBufferPointer, at time: WallTime, _ emit: (LogRecord) -> Void) {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            take(bytes[start..<end], at: time, emit)
            offset += 1
            settled = offset
            if !isSkipping { finish(at: time, emit) }
            isSkipping = false
            start = end + 1
        }
        take(bytes[start...], at: time, emit)
    }

    /// The stream has ended: what is left without a newline is a line too.
    mutating func end(at time: WallTime, _ emit: (LogRecord) -> Void) {
        settled = offset
        finish(at: time, emit)
    }

    private mutating func take(_ bytes: Slice<UnsafeRawBufferPointer>, at time: WallTime, _ emit: (LogRecord) -> Void) {
        offset += UInt64(bytes.count)
        if isSkipping {
            settled = offset
            return
        }
        let room = lineLimit - partial.count
        partial.append(contentsOf: bytes.prefix(room))
        guard bytes.count > room else { return }
        isSkipping = true
        settled = offset
        finish(at: time, isCut: true, emit)
    }

    private mutating func finish(at time: WallTime, isCut: Bool = false, _ emit: (LogRecord) -> Void) {
        defer { partial.removeAll(keepingCapacity: true) }
        if partial.last == UInt8(ascii: "\r") { partial.removeLast() }
        guard !partial.isEmpty else { return }
        var record = structured(at: time) ?? plain(at: time)
        if isCut { record.metadata["truncated"] = .bool(true) }
        if let tape { record.mark = LogRecord.Mark(tape: tape, end: settled) }
        emit(record)
    }

    private func plain(at time: WallTime) -> LogRecord {
        LogRecord(
            time: time,
            level: .info,
            source: source,
            category: "output",
            message: String(decoding: partial, as: UTF8.self)
        )
    }

    /// `{"level": …, "category": …, "message": …, "metadata": {…}}`; other members become metadata. Takes time linear in
    /// the line's length.
    private func structured(at time: WallTime) -> LogRecord? {
        guard partial.first == UInt8(ascii: "{"), case .object(let object)? = try? JSONParser.parse(partial),
            case .string(let message)? = object["message"]
        else { return nil }
        var record = LogRecord(time: time, level: .info, source: source, category: "output", message: message)
        // Gathered first and made one object once: a line may have thousands of members, and looking each up among those
        // before it would cost roostd the square of them.
        var metadata: [JSONObject.Member] = []
        for member in object.members where member.key != "message" {
            switch (member.key, member.value) {
            case ("level", .string(let level)): record.level = LogLevel(rawValue: level) ?? .info
            case ("category", .string(let category)): record.category = category
            case ("metadata", .object(let object)): metadata += object.members
            case ("timestamp", _): break  // the pipe keeps order; the supervisor's own clock makes it comparable
            default: metadata.append(member)
            }
        }
        record.metadata = JSONObject(lastOfEqual: metadata.prefix(Self.memberLimit))
        if metadata.count > Self.memberLimit {
            record.metadata["members_dropped"] = .integer(Int64(metadata.count - Self.memberLimit))
        }
        return record
    }
}
