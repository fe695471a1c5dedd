import CLinux
import Glibc
package import RoostJSON

/// The severity of a log line, from least to most urgent.
package enum LogLevel: String, Sendable {
    case debug, info, notice, warning, error, critical
}

/// Writes structured log lines, JSON objects of one line each, to the log pipe (stderr).
///
/// Never blocks: when the reader is behind, lines are dropped and counted, and the next line that fits says how many.
package final class WorkerLog: @unchecked Sendable {  // used on the reactor's thread only
    private let descriptor: Int32
    package private(set) var dropped = 0
    private var unreported = 0
    private var line: [UInt8] = []

    /// `descriptor` stays the caller's; it is made non-blocking only if it is a pipe of our own.
    package init(descriptor: Int32 = 2, isOwnPipe: Bool) {
        self.descriptor = descriptor
        if isOwnPipe { _ = roost_set_nonblocking(descriptor, true) }
    }

    /// Writes one line. `category` says what it is about: connection, proxy, device, …
    package func write(_ level: LogLevel, _ category: String, _ message: String, _ metadata: JSONObject = [:]) {
        var object: JSONObject = [
            "level": .string(level.rawValue), "category": .string(category), "message": .string(message),
        ]
        var metadata = metadata
        if unreported > 0 { metadata["dropped_lines"] = .integer(Int64(unreported)) }
        if !metadata.members.isEmpty { object["metadata"] = .object(metadata) }
        line.removeAll(keepingCapacity: true)
        JSONWriter.append(.object(object), to: &line)
        line.append(UInt8(ascii: "\n"))
        let count = line.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count == line.count {
            unreported = 0
        } else {
            dropped += 1
            unreported += 1
            // A long line may have gone half; end it, so that the next one starts afresh.
            if count > 0 { _ = Glibc.write(descriptor, "\n", 1) }
        }
    }

    package func debug(_ category: String, _ message: String, _ metadata: JSONObject = [:]) {
        write(.debug, category, message, metadata)
    }
    package func info(_ category: String, _ message: String, _ metadata: JSONObject = [:]) {
        write(.info, category, message, metadata)
    }
    package func warning(_ category: String, _ message: String, _ metadata: JSONObject = [:]) {
        write(.warning, category, message, metadata)
    }
    package func error(_ category: String, _ message: String, _ metadata: JSONObject = [:]) {
        write(.error, category, message, metadata)
    }
}
