/// Text of other processes, made harmless for a terminal and for readers of lines.
enum PlainText {
    /// Control characters as `\n`, `\t` or `\u001b`, everything else as it is.
    static func of(_ text: some StringProtocol) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return String(text) }
        var plain = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": plain += "\\n"
            case "\t": plain += "\\t"
            case "\r": plain += "\\r"
            case _ where isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                plain += "\\u" + String(repeating: "0", count: 4 - min(4, digits.count)) + digits
            default: plain.unicodeScalars.append(scalar)
            }
        }
        return plain
    }

    /// C0, DEL and C1 (ECMA-48): what steers terminals.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    }
}
