/// A message of the schema in `Schema/`. The generated types conform; nobody else needs to.
package protocol ProtobufMessage: Sendable, Equatable {
    /// The message with every field at its default.
    init()

    /// Takes over one field that the reader stands behind the tag of; what is unknown is skipped.
    mutating func decode(_ field: ProtobufField, from reader: inout ProtobufReader) throws(ProtobufError)

    /// Appends every field that differs from its default, in the order of the numbers.
    func encode(to writer: inout ProtobufWriter)
}

extension ProtobufMessage {
    /// The message that `bytes` hold. Fields that this build does not know are skipped.
    ///
    /// - Throws: `ProtobufError` when the bytes are not such a message.
    package init(
        decoding bytes: some Collection<UInt8>,
        limits: ProtobufReader.Limits = .init()
    ) throws(ProtobufError) {
        self.init()
        var reader = ProtobufReader(bytes, limits: limits)
        try reader.fields(of: &self)
    }

    /// The message on the wire.
    package func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        encode(to: &writer)
        return writer.bytes
    }
}

/// An enumeration of the schema. Open, as proto3 has it: a number that this build does not know is kept.
package protocol ProtobufEnum: Sendable, Hashable {
    init(rawValue: Int32)
    var rawValue: Int32 { get }
}

/// A field's tag: its number and how its value is laid out.
package struct ProtobufField: Sendable, Equatable {
    /// How many bytes follow a tag (protobuf.dev, Encoding, "Message Structure"). Groups are not in proto3.
    package enum WireType: UInt8, Sendable {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    package let number: UInt32
    package let type: WireType
}

/// Why bytes are not a message.
package enum ProtobufError: Error, Equatable {
    /// A value ends behind the end of its message.
    case truncated
    /// More than ten bytes, or more than 64 bits.
    case malformedVarint
    /// Field number 0 or beyond 2^29 - 1, or a layout that proto3 does not have.
    case malformedTag(UInt64)
    /// A known field with another layout than the schema's.
    case wrongType(field: UInt32)
    case invalidUTF8(field: UInt32)
    case tooDeep(limit: Int)
    /// More nested messages than a sane sender has: a few bytes each on the wire, far more in memory.
    case tooManyMessages(limit: Int)
    case tooLong(length: Int, limit: Int)
}
