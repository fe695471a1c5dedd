/// Writes JSON (RFC 8259): whole values, or member by member into a buffer that is used again, as for log lines.
package enum JSONWriter {
    /// On one line, without spaces.
    package static func compact(_ value: JSONValue) -> String {
        var output: [UInt8] = []
        append(value, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// One member a line, indented by two spaces, without a newline at the end.
    package static func pretty(_ value: JSONValue) -> String {
        var output: [UInt8] = []
        appendPretty(value, to: &output, indentation: 0)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends the compact form.
    package static func append(_ value: JSONValue, to output: inout [UInt8]) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: value ? "true".utf8 : "false".utf8)
        case .integer(let value): append(value, to: &output)
        case .number(let value): append(value, to: &output)
        case .string(let value): append(value, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                append(element, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let object):
            output.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                append(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                append(member.value, to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// Appends an integer.
    package static func append(_ value: Int64, to output: inout [UInt8]) {
        output.append(contentsOf: String(value).utf8)
    }

    /// Appends a number in the shortest form that reads back the same; `null` for what JSON cannot say.
    package static func append(_ value: Double, to output: inout [UInt8]) {
        guard value.isFinite else { return output.append(contentsOf: "null".utf8) }
        output.append(contentsOf: value.description.utf8)
    }

    /// Appends a string in quotes. Escaped are quotes, backslashes and control characters, DEL too, so that a line stays
    /// a line and a terminal is not steered by it.
    package static func append(_ value: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { bytes in
            var start = 0
            for (index, byte) in bytes.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5c || byte == 0x7f {
                output.append(contentsOf: bytes[start..<index])
                appendEscape(byte, to: &output)
                start = index + 1
            }
            output.append(contentsOf: bytes[start...])
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(_ byte: UInt8, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x22, 0x5c: output.append(byte)
        case 0x0a: output.append(UInt8(ascii: "n"))
        case 0x0d: output.append(UInt8(ascii: "r"))
        case 0x09: output.append(UInt8(ascii: "t"))
        default:
            let digits = Array("0123456789abcdef".utf8)
            output.append(contentsOf: "u00".utf8)
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 0x0f)])
        }
    }

    private static func appendPretty(_ value: JSONValue, to output: inout [UInt8], indentation: Int) {
        switch value {
        case .array(let elements) where !elements.isEmpty:
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                startLine(of: index, in: &output, indentation: indentation + 2)
                appendPretty(element, to: &output, indentation: indentation + 2)
            }
            endLines(in: &output, indentation: indentation, closing: UInt8(ascii: "]"))
        case .object(let object) where !object.isEmpty:
            output.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                startLine(of: index, in: &output, indentation: indentation + 2)
                append(member.key, to: &output)
                output.append(contentsOf: ": ".utf8)
                appendPretty(member.value, to: &output, indentation: indentation + 2)
            }
            endLines(in: &output, indentation: indentation, closing: UInt8(ascii: "}"))
        default:
            append(value, to: &output)
        }
    }

    private static func startLine(of index: Int, in output: inout [UInt8], indentation: Int) {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: repeatElement(0x20, count: indentation))
    }

    private static func endLines(in output: inout [UInt8], indentation: Int, closing: UInt8) {
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: repeatElement(0x20, count: indentation))
        output.append(closing)
    }
}
