// swift-format-ignore-file
// Generated from Schema/history.proto by Schema/generate. Do not edit.

/// A configuration that was in force, as the supervisor keeps it on disk for the history and for rollbacks.
package struct StoredGeneration: ProtobufMessage {
    package var generation: UInt64 = 0
    package var atNs: Int64 = 0
    /// Who caused it, as in ConfigGeneration.
    package var initiator: String = ""
    package var digest: String = ""
    package var files: [SourceFile] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: generation = try reader.uint64(field)
        case 2: atNs = try reader.int64(field)
        case 3: initiator = try reader.string(field)
        case 4: digest = try reader.string(field)
        case 5: try reader.message(field, into: &files)
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.uint64(generation, at: 1)
        writer.int64(atNs, at: 2)
        writer.string(initiator, at: 3)
        writer.string(digest, at: 4)
        for value in files { writer.message(value, at: 5) }
    }
}
