extension Validation {
    /// A single value of a scalar type.
    mutating func scalar(_ node: ConfigurationNode, _ type: ValueType, path: String) -> Setting {
        guard case .scalar(let text, let isQuoted) = node.content else {
            reportKind(node, path: path, expected: type.description)
            return Setting(.absent, .mistaken, at: node.position, path: path)
        }
        guard !node.isNull else {
            report(.error, node.position, path, "has no value", "write \(type.description)")
            return Setting(.absent, .mistaken, at: node.position, path: path)
        }
        let (value, fault) = type.reading(text, isQuoted: isQuoted)
        if let fault { report(.error, node.position, path, fault.problem, fault.mend) }
        return Setting(value, fault == nil ? .file : .mistaken, at: node.position, path: path)
    }

    /// Variables: a map of `NAME: value` and `NAME:`, or a list of `NAME=value` and `NAME`.
    mutating func environment(_ node: ConfigurationNode, path: String) -> Setting {
        var variables: [(name: String, value: String?)] = []
        func isName(_ name: String) -> Bool {
            guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
            return name.utf8.count <= 256
                && name.utf8.allSatisfy {
                    (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 95
                }
        }
        func add(_ name: String, _ value: String?, at position: SourcePosition) {
            let key = "\(path).\(name)"
            if !isName(name) {
                report(.error, position, key, "is not the name of a variable", "use letters, digits and _")
            } else if name.hasPrefix("ROOST_") || name.hasPrefix("LISTEN_") || name == "NOTIFY_SOCKET" {
                report(.error, position, key, "is set by roostd", "choose another name")
            } else if variables.contains(where: { $0.name == name }) {
                report(.error, position, key, "is written twice", "keep one of them")
            } else if let value, value.utf8.contains(0) || value.utf8.count > 65_536 {
                report(.error, position, key, "contains a zero byte or is longer than 64KiB", "shorten it")
            } else {
                variables.append((name, value))
            }
        }
        switch node.content {
        case .scalar where node.isNull: break
        case .map(let entries):
            for entry in entries {
                if entry.value.isNull {
                    add(entry.key, nil, at: entry.position)
                } else if case .scalar(let text, _) = entry.value.content {
                    add(entry.key, text, at: entry.position)
                } else if case .unreadable = entry.value.content {
                    continue
                } else {
                    reportKind(entry.value, path: "\(path).\(entry.key)", expected: "a text")
                }
            }
        case .list(let nodes):
            for (index, element) in nodes.enumerated() {
                if case .unreadable = element.content { continue }
                guard case .scalar(let text, _) = element.content, !element.isNull else {
                    reportKind(element, path: "\(path)[\(index)]", expected: "NAME=value or NAME")
                    continue
                }
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                add(String(parts[0]), parts.count == 2 ? String(parts[1]) : nil, at: element.position)
            }
        case .scalar: reportKind(node, path: path, expected: "a map of NAME: value")
        case .unreadable: return Setting(.environment([]), .mistaken, at: node.position, path: path)
        }
        return Setting(.environment(variables), .file, at: node.position, path: path)
    }
}

extension ValueType {
    typealias Fault = (problem: String, mend: String)

    /// True where nothing at all (`key:`) is a fault: an empty object or list is not.
    var needsValue: Bool {
        switch self {
        case .text, .boolean, .integer, .duration, .size, .choice, .list, .oneOrMore: true
        case .map, .object, .environment: false
        }
    }

    /// The value that `text` says in this type, or what is wrong with it.
    func reading(_ text: String, isQuoted: Bool) -> (value: Setting.Value, fault: Fault?) {
        switch self {
        case .text(let form): (.text(text), form.fault(in: text))
        case .boolean: readBoolean(text, isQuoted: isQuoted)
        case .integer(let range): readInteger(text, range, isQuoted: isQuoted)
        case .duration(let range): readDuration(text, range)
        case .size(let range): readSize(text, range)
        case .choice(let words): readChoice(text, words)
        case .list, .oneOrMore, .map, .object, .environment: (.absent, ("is \(text.quoted)", "write \(description)"))
        }
    }

    private func readBoolean(_ text: String, isQuoted: Bool) -> (Setting.Value, Fault?) {
        if text == "true" || text == "false" {
            if isQuoted { return (.absent, ("is the text \(text.quoted)", "write \(text) without quotes")) }
            return (.boolean(text == "true"), nil)
        }
        return (.absent, ("is \(text.quoted)", "write true or false"))
    }

    private func readInteger(_ text: String, _ range: ClosedRange<Int64>, isQuoted: Bool) -> (Setting.Value, Fault?) {
        guard let number = Int64(text), !text.hasPrefix("+") else {
            return (.absent, ("\(text.quoted) is not a whole number", "write \(description)"))
        }
        if isQuoted { return (.absent, ("is the text \(text.quoted)", "write \(text) without quotes")) }
        guard range.contains(number) else { return (.absent, ("\(number) is out of range", "write \(description)")) }
        return (.integer(number), nil)
    }

    private func readDuration(_ text: String, _ range: ClosedRange<Duration>) -> (Setting.Value, Fault?) {
        guard let duration = DurationText.parse(text) else {
            if Int64(text) != nil { return (.absent, ("\(text.quoted) has no unit", "write \(text)s or \(text)ms")) }
            return (.absent, ("\(text.quoted) is not a duration", "write a number and a unit, as 250ms, 2s or 1m"))
        }
        guard range.contains(duration) else { return (.absent, ("\(text) is out of range", "write \(description)")) }
        return (.duration(duration), nil)
    }

    private func readSize(_ text: String, _ range: ClosedRange<Int64>) -> (Setting.Value, Fault?) {
        guard let size = SizeText.parse(text) else {
            let mend =
                SizeText.suggestion(for: text).map { "did you mean \($0)?" } ?? "write bytes, or a unit as in 64MiB"
            return (.absent, ("\(text.quoted) is not a size", mend))
        }
        guard range.contains(size) else { return (.absent, ("\(text) is out of range", "write \(description)")) }
        return (.size(size), nil)
    }

    private func readChoice(_ text: String, _ words: [String]) -> (Setting.Value, Fault?) {
        if words.contains(text) { return (.text(text), nil) }
        if words == ["round_robin"], LaterKeys.balance.contains(text) {
            return (.absent, ("\(text.quoted) is not available in this version", "use round_robin"))
        }
        let mend =
            Spelling.nearest(to: text, in: words).map { "did you mean \($0)?" }
            ?? "use one of \(Validation.list(words))"
        return (.absent, ("\(text.quoted) is not known", mend))
    }
}

extension ValueType: CustomStringConvertible {
    /// The type as a mend names it: "a whole number from 0 to 64".
    package var description: String {
        switch self {
        case .text(let form): form.description
        case .boolean: "true or false"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .duration(let range):
            "a duration from \(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
        case .size(let range):
            "a size from \(SizeText.format(range.lowerBound)) to \(SizeText.format(range.upperBound))"
        case .choice(let words): "one of \(Validation.list(words))"
        case .list(let element, _): "a list, each \(element.description)"
        case .oneOrMore(let element, _): "\(element.description), or a list"
        case .map: "a map of names"
        case .object: "a map of keys"
        case .environment: "a map of NAME: value"
        }
    }
}

extension TextForm: CustomStringConvertible {
    package var description: String {
        switch self {
        case .argument: "a text"
        case .workerName: "a worker's name"
        case .ruleName: "the rule's name"
        case .sourceName: "a source's name"
        case .account: "a user or group name"
        case .path: "a path"
        case .address: "HOST:PORT"
        case .backendURL: "http://HOST:PORT"
        case .hostPattern: "a host name"
        case .method: "a request method"
        case .urlPath: "a path that starts with /"
        }
    }
}
