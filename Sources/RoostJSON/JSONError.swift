/// Why bytes are not the JSON text that was expected.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: Sendable, Equatable {
        case unexpectedEnd
        case unexpectedByte(UInt8)
        case invalidNumber
        case invalidEscape
        /// A control character that must be escaped (RFC 8259, section 7).
        case controlCharacter(UInt8)
        case invalidUTF8
        /// Half of a UTF-16 pair, as in `"\ud800"`.
        case loneSurrogate
        case tooDeep(limit: Int)
        case tooLong(length: Int, limit: Int)
        case trailingBytes
    }

    package let reason: Reason
    /// Where, in bytes from the start.
    package let offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    package var description: String { "JSON, byte \(offset): \(words)" }

    private var words: String {
        switch reason {
        case .unexpectedEnd: "the text ends too early"
        case .unexpectedByte(let byte): "unexpected \(Self.show(byte))"
        case .invalidNumber: "not a number"
        case .invalidEscape: "unknown escape sequence"
        case .controlCharacter(let byte): "\(Self.show(byte)) must be escaped"
        case .invalidUTF8: "not UTF-8"
        case .loneSurrogate: "half of a surrogate pair"
        case .tooDeep(let limit): "nested deeper than \(limit)"
        case .tooLong(let length, let limit): "\(length) bytes, at most \(limit) are read"
        case .trailingBytes: "something follows the value"
        }
    }

    private static func show(_ byte: UInt8) -> String {
        guard byte > 0x20, byte < 0x7f else { return "byte 0x" + String(byte, radix: 16) }
        return "'\(Character(Unicode.Scalar(byte)))'"
    }
}
