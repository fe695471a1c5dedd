// swift-format-ignore-file
// Generated from Schema/configuration.proto by Schema/generate. Do not edit.

/// What the configuration helper hands to the supervisor.
package struct ConfigurationBundle: ProtobufMessage {
    /// The layout of `checked`; a reader takes only the one that it was built with.
    package var format: UInt32 = 0
    /// Every fault and warning. With one error among them `checked` is empty.
    package var diagnostics: [Diagnostic] = []
    /// The files as they were read, for the history.
    package var files: [SourceFile] = []
    /// The validated configuration.
    package var checked: [UInt8] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: format = try reader.uint32(field)
        case 2: try reader.message(field, into: &diagnostics)
        case 3: try reader.message(field, into: &files)
        case 4: checked = try reader.bytes(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint32(format, at: 1)
        for value in diagnostics { writer.message(value, at: 2) }
        for value in files { writer.message(value, at: 3) }
        writer.bytes(checked, at: 4)
    }
}

/// `FILE:LINE:COLUMN: KEY: message; mend`
package struct Diagnostic: ProtobufMessage {
    package var file: String = ""
    /// From 1; 0: not about a place.
    package var line: UInt32 = 0
    package var column: UInt32 = 0
    package var key: String = ""
    package var message: String = ""
    package var mend: String = ""
    package var severity: Diagnostic.Severity = Diagnostic.Severity(rawValue: 0)

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: file = try reader.string(field)
        case 2: line = try reader.uint32(field)
        case 3: column = try reader.uint32(field)
        case 4: key = try reader.string(field)
        case 5: message = try reader.string(field)
        case 6: mend = try reader.string(field)
        case 7: severity = try reader.enumeration(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(file, at: 1)
        writer.uint32(line, at: 2)
        writer.uint32(column, at: 3)
        writer.string(key, at: 4)
        writer.string(message, at: 5)
        writer.string(mend, at: 6)
        writer.enumeration(severity, at: 7)
    }

    package enum Severity: ProtobufEnum {
        case unspecified
        case error
        case warning
        /// A number that this build does not know.
        case unrecognized(Int32)

        package init(rawValue: Int32) {
            switch rawValue {
            case 0: self = .unspecified
            case 1: self = .error
            case 2: self = .warning
            default: self = .unrecognized(rawValue)
            }
        }

        package var rawValue: Int32 {
            switch self {
            case .unspecified: 0
            case .error: 1
            case .warning: 2
            case .unrecognized(let rawValue): rawValue
            }
        }
    }
}

package struct SourceFile: ProtobufMessage {
    package var path: String = ""
    package var content: [UInt8] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: path = try reader.string(field)
        case 2: content = try reader.bytes(field)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(path, at: 1)
        writer.bytes(content, at: 2)
    }
}
