/// Reads Protocol Buffers (proto3, protobuf.dev/programming-guides/encoding) from bytes of any origin: bounded in
/// depth, length and count, and every fault is an error.
package struct ProtobufReader {
    /// What is refused.
    package struct Limits: Sendable {
        /// Messages within messages.
        package var depth: Int
        /// Nested messages in all.
        package var messages: Int
        /// Bytes of the whole message.
        package var length: Int

        package init(depth: Int = 32, messages: Int = 65_536, length: Int = 64 << 20) {
            self.depth = depth
            self.messages = messages
            self.length = length
        }
    }

    private let bytes: [UInt8]
    private let limits: Limits
    private var position = 0
    private var end: Int
    private var depth = 0
    private var messages = 0

    package init(_ bytes: some Collection<UInt8>, limits: Limits = Limits()) {
        self.bytes = Array(bytes)
        self.limits = limits
        end = self.bytes.count
    }

    /// Reads fields until the end of the message.
    package mutating func fields(of message: inout some ProtobufMessage) throws(ProtobufError) {
        guard bytes.count <= limits.length else {
            throw .tooLong(length: bytes.count, limit: limits.length)
        }
        while position < end {
            try message.decode(try tag(), from: &self)
        }
    }

    /// Steps over a field that nobody knows.
    package mutating func skip(_ field: ProtobufField) throws(ProtobufError) {
        switch field.type {
        case .varint: _ = try varint()
        case .fixed64: _ = try fixed(UInt64.self)
        case .fixed32: _ = try fixed(UInt32.self)
        case .lengthDelimited: position += try length()
        }
    }

    // MARK: Scalars

    package mutating func uint64(_ field: ProtobufField) throws(ProtobufError) -> UInt64 {
        try expect(.varint, field)
        return try varint()
    }

    /// Longer values are cut to 32 bits, as protobuf has it.
    package mutating func uint32(_ field: ProtobufField) throws(ProtobufError) -> UInt32 {
        UInt32(truncatingIfNeeded: try uint64(field))
    }

    package mutating func int64(_ field: ProtobufField) throws(ProtobufError) -> Int64 {
        Int64(bitPattern: try uint64(field))
    }

    package mutating func int32(_ field: ProtobufField) throws(ProtobufError) -> Int32 {
        Int32(truncatingIfNeeded: try int64(field))
    }

    package mutating func sint64(_ field: ProtobufField) throws(ProtobufError) -> Int64 {
        let value = try uint64(field)
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    package mutating func bool(_ field: ProtobufField) throws(ProtobufError) -> Bool { try uint64(field) != 0 }

    package mutating func enumeration<Value: ProtobufEnum>(_ field: ProtobufField) throws(ProtobufError) -> Value {
        Value(rawValue: try int32(field))
    }

    package mutating func fixed32(_ field: ProtobufField) throws(ProtobufError) -> UInt32 {
        try expect(.fixed32, field)
        return try fixed(UInt32.self)
    }

    package mutating func fixed64(_ field: ProtobufField) throws(ProtobufError) -> UInt64 {
        try expect(.fixed64, field)
        return try fixed(UInt64.self)
    }

    package mutating func double(_ field: ProtobufField) throws(ProtobufError) -> Double {
        Double(bitPattern: try fixed64(field))
    }

    // MARK: Of a length

    package mutating func bytes(_ field: ProtobufField) throws(ProtobufError) -> [UInt8] {
        Array(try slice(field))
    }

    package mutating func string(_ field: ProtobufField) throws(ProtobufError) -> String {
        guard let text = String(validating: try slice(field), as: UTF8.self) else {
            throw .invalidUTF8(field: field.number)
        }
        return text
    }

    /// Merges a nested message into `message`: of a field that comes twice, the parts add up (proto3).
    package mutating func message<Message: ProtobufMessage>(
        _ field: ProtobufField,
        into message: inout Message?
    ) throws(ProtobufError) {
        var value = message ?? Message()
        try nested(field, into: &value)
        message = value
    }

    /// Appends a nested message.
    package mutating func message<Message: ProtobufMessage>(
        _ field: ProtobufField,
        into messages: inout [Message]
    ) throws(ProtobufError) {
        var value = Message()
        try nested(field, into: &value)
        messages.append(value)
    }

    /// Appends the elements of a repeated scalar, packed or one by one; `read` reads one, given its own tag.
    package mutating func repeated<Value>(
        _ field: ProtobufField,
        of type: ProtobufField.WireType,
        into values: inout [Value],
        _ read: (inout ProtobufReader, ProtobufField) throws(ProtobufError) -> Value
    ) throws(ProtobufError) {
        guard field.type == .lengthDelimited else { return values.append(try read(&self, field)) }
        let element = ProtobufField(number: field.number, type: type)
        let length = try length()
        let outerEnd = end
        end = position + length
        while position < end { values.append(try read(&self, element)) }
        end = outerEnd
    }

    // MARK: Layout

    private mutating func nested(
        _ field: ProtobufField,
        into message: inout some ProtobufMessage
    ) throws(ProtobufError) {
        try expect(.lengthDelimited, field)
        let length = try length()
        guard depth < limits.depth else { throw .tooDeep(limit: limits.depth) }
        guard messages < limits.messages else { throw .tooManyMessages(limit: limits.messages) }
        let outerEnd = end
        end = position + length
        depth += 1
        messages += 1
        try fields(of: &message)
        depth -= 1
        end = outerEnd
    }

    private mutating func slice(_ field: ProtobufField) throws(ProtobufError) -> ArraySlice<UInt8> {
        try expect(.lengthDelimited, field)
        let length = try length()
        defer { position += length }
        return bytes[position..<position + length]
    }

    private mutating func tag() throws(ProtobufError) -> ProtobufField {
        let word = try varint()
        guard word >> 3 > 0, word >> 3 < 1 << 29,
            let type = ProtobufField.WireType(rawValue: UInt8(truncatingIfNeeded: word & 7))
        else { throw .malformedTag(word) }
        return ProtobufField(number: UInt32(truncatingIfNeeded: word >> 3), type: type)
    }

    private func expect(_ type: ProtobufField.WireType, _ field: ProtobufField) throws(ProtobufError) {
        guard field.type == type else { throw .wrongType(field: field.number) }
    }

    private mutating func varint() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard position < end else { throw .truncated }
            let byte = bytes[position]
            position += 1
            // The tenth byte holds one bit (protobuf.dev, "Base 128 Varints").
            guard shift < 63 || byte <= 1 else { throw .malformedVarint }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    private mutating func fixed<Value: FixedWidthInteger>(_: Value.Type) throws(ProtobufError) -> Value {
        let size = MemoryLayout<Value>.size
        guard end - position >= size else { throw .truncated }
        var value: Value = 0
        for index in (position..<position + size).reversed() { value = value << 8 | Value(bytes[index]) }
        position += size
        return value
    }

    /// The length of what follows; it lies within the message.
    private mutating func length() throws(ProtobufError) -> Int {
        let length = try varint()
        guard length <= UInt64(end - position) else { throw .truncated }
        return Int(length)
    }
}
