/// One entry for journald, encoded for its native protocol (systemd.io, JOURNAL_NATIVE_PROTOCOL).
///
/// A field is `NAME=value` and a line feed; where the value itself has a line feed it is
///
///     NAME \n | length of the value, 8 bytes, little-endian | value | \n
package struct JournalRecord: Sendable {
    /// The fields that journald, `journalctl -p` and `journalctl -t` know (systemd.journal-fields(7)).
    package enum Field: String, Sendable {
        case message = "MESSAGE"
        case priority = "PRIORITY"
        case identifier = "SYSLOG_IDENTIFIER"
        case worker = "ROOST_WORKER"
        case instance = "ROOST_INSTANCE"
        case category = "ROOST_CATEGORY"
        /// The record's number in Roost's own log: two entries of a boot with the same one are the same line, told again by
        /// a supervisor whose predecessor was killed in between.
        case id = "ROOST_ID"
        case dropped = "ROOST_DROPPED"
    }

    /// The encoded fields.
    package private(set) var bytes: [UInt8] = []

    /// - Parameter priority: as in syslog(3), 0 (emergency) to 7 (debug); others are cut to that range.
    package init(message: String, priority: Int, identifier: String) {
        bytes.reserveCapacity(message.utf8.count + 96)
        add(.message, message)
        add(.priority, String(min(max(priority, 0), 7)))
        add(.identifier, identifier)
    }

    /// Adds one of the known fields.
    package mutating func add(_ field: Field, _ value: String) { append(field.rawValue, value) }

    /// Adds a field of the log's own, as `ROOST_` and the key in upper case: `request.id` becomes `ROOST_REQUEST_ID`.
    /// The prefix keeps a worker's keys from posing as journald's or another program's fields.
    package mutating func add(key: String, _ value: String) {
        let name = Self.fieldName(for: key)
        if let name { append(name, value) }
    }

    /// The field name of a key: upper case, every character but ASCII letters and digits an underscore, at most the 64
    /// characters that journald takes. Nil for an empty key.
    package static func fieldName(for key: String) -> String? {
        guard !key.isEmpty else { return nil }
        let name = key.utf8.prefix(58).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: UInt8(ascii: "_")
            }
        }
        return "ROOST_" + String(decoding: name, as: UTF8.self)
    }

    private mutating func append(_ name: String, _ value: String) {
        let lineFeed = UInt8(ascii: "\n")
        bytes.append(contentsOf: name.utf8)
        if value.utf8.contains(lineFeed) {
            bytes.append(lineFeed)
            let length = UInt64(value.utf8.count)
            for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes.append(contentsOf: value.utf8)
        bytes.append(lineFeed)
    }
}
