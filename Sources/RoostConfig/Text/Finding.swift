/// One thing that is wrong with a configuration, and how to mend it.
package struct Finding: Sendable, Hashable {
    /// An error makes the configuration unusable; a warning does not.
    package enum Severity: Int, Sendable { case error, warning }

    package var severity: Severity
    package var position: SourcePosition
    /// Dotted path of the key (`workers.proxy.memory.soft`), a variable's name, or `file` and `yaml` for whole files.
    package var key: String
    package var problem: String
    package var mend: String

    /// An error.
    package init(_ position: SourcePosition, _ key: String, _ problem: String, _ mend: String) {
        self.init(.error, position, key, problem, mend)
    }

    /// A finding of any severity.
    package init(_ severity: Severity, _ position: SourcePosition, _ key: String, _ problem: String, _ mend: String) {
        self.severity = severity
        self.position = position
        self.key = key
        self.problem = problem
        self.mend = mend
    }

    /// `FILE:LINE:COLUMN: KEY: what is wrong; what to do`, always one line.
    package var line: String {
        let text = "\(position.file):\(position.line):\(position.column): \(key): \(problem); \(mend)"
        return text.escapingControlCharacters
    }
}

extension Finding: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        if left.position != right.position { return left.position < right.position }
        return (left.key, left.problem) < (right.key, right.problem)
    }
}

extension String {
    /// The text with control characters and line breaks written as `\u{…}`, so that it stays one harmless line.
    var escapingControlCharacters: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isControl {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The text as it is quoted in a message: cut to a length that a reader can take in.
    var quoted: String {
        let cut = count > 60 ? String(prefix(57)) + "..." : self
        return "\"" + cut.escapingControlCharacters + "\""
    }
}

extension Unicode.Scalar {
    /// C0, DEL, C1 and the two line separators of Unicode.
    var isControl: Bool {
        value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
    }
}
