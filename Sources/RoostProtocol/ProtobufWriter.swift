/// Writes Protocol Buffers (proto3). Scalars at their default are left out unless `always` is said, as for fields
/// that are marked `optional` and for elements.
package struct ProtobufWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    // MARK: Scalars

    package mutating func uint64(_ value: UInt64, at number: UInt32, always: Bool = false) {
        guard always || value != 0 else { return }
        tag(number, .varint)
        varint(value)
    }

    package mutating func uint32(_ value: UInt32, at number: UInt32, always: Bool = false) {
        uint64(UInt64(value), at: number, always: always)
    }

    package mutating func int64(_ value: Int64, at number: UInt32, always: Bool = false) {
        uint64(UInt64(bitPattern: value), at: number, always: always)
    }

    package mutating func int32(_ value: Int32, at number: UInt32, always: Bool = false) {
        int64(Int64(value), at: number, always: always)
    }

    package mutating func sint64(_ value: Int64, at number: UInt32, always: Bool = false) {
        uint64(UInt64(bitPattern: value << 1 ^ value >> 63), at: number, always: always)
    }

    package mutating func bool(_ value: Bool, at number: UInt32, always: Bool = false) {
        uint64(value ? 1 : 0, at: number, always: always)
    }

    package mutating func enumeration(_ value: some ProtobufEnum, at number: UInt32, always: Bool = false) {
        int32(value.rawValue, at: number, always: always)
    }

    package mutating func fixed32(_ value: UInt32, at number: UInt32, always: Bool = false) {
        guard always || value != 0 else { return }
        tag(number, .fixed32)
        fixed(value)
    }

    package mutating func fixed64(_ value: UInt64, at number: UInt32, always: Bool = false) {
        guard always || value != 0 else { return }
        tag(number, .fixed64)
        fixed(value)
    }

    /// Minus zero is not the default.
    package mutating func double(_ value: Double, at number: UInt32, always: Bool = false) {
        fixed64(value.bitPattern, at: number, always: always)
    }

    // MARK: Of a length

    package mutating func bytes(_ value: [UInt8], at number: UInt32, always: Bool = false) {
        guard always || !value.isEmpty else { return }
        tag(number, .lengthDelimited)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    package mutating func string(_ value: String, at number: UInt32, always: Bool = false) {
        guard always || !value.isEmpty else { return }
        tag(number, .lengthDelimited)
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    package mutating func message(_ value: some ProtobufMessage, at number: UInt32) {
        nested(number) { value.encode(to: &$0) }
    }

    /// A repeated scalar, packed: one tag, one length, then the elements that `write` writes without tags.
    package mutating func packed<Value>(
        _ values: [Value],
        at number: UInt32,
        _ write: (inout ProtobufWriter, Value) -> Void
    ) {
        guard !values.isEmpty else { return }
        nested(number) { for value in values { write(&$0, value) } }
    }

    // MARK: Layout

    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func fixed<Value: FixedWidthInteger>(_ value: Value) {
        for shift in stride(from: 0, to: Value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> Value(shift)))
        }
    }

    private mutating func tag(_ number: UInt32, _ type: ProtobufField.WireType) {
        varint(UInt64(number) << 3 | UInt64(type.rawValue))
    }

    /// Writes the content behind one byte of length, and makes room when the length needs more: most need no more.
    private mutating func nested(_ number: UInt32, _ content: (inout ProtobufWriter) -> Void) {
        tag(number, .lengthDelimited)
        let place = bytes.count
        bytes.append(0)
        content(&self)
        var length = ProtobufWriter()
        length.varint(UInt64(bytes.count - place - 1))
        bytes.replaceSubrange(place...place, with: length.bytes)
    }
}
