extension Validation {
    /// A value of any type.
    mutating func value(_ node: ConfigurationNode, _ type: ValueType, path: String) -> Setting {
        if case .unreadable = node.content, !type.isObject {
            return Setting(.absent, .mistaken, at: node.position, path: path)
        }
        switch type {
        case .text, .boolean, .integer, .duration, .size, .choice: return scalar(node, type, path: path)
        case .list(let element, let count):
            guard case .list(let nodes) = node.content else {
                reportKind(node, path: path, expected: "a list")
                return Setting(.list([]), .mistaken, at: node.position, path: path)
            }
            return list(nodes, element, count, path: path, at: node.position)
        case .oneOrMore(let element, let count):
            if case .list(let nodes) = node.content {
                return list(nodes, element, count, path: path, at: node.position)
            }
            let setting = value(node, element, path: path)
            return Setting(.list([setting]), setting.origin, at: node.position, path: path)
        case .map(let form, let element): return map(node, form, element, path: path)
        case .object(let schema): return object(node, schema, path: path, at: node.position)
        case .environment: return environment(node, path: path)
        }
    }

    private mutating func list(
        _ nodes: [ConfigurationNode],
        _ element: ValueType,
        _ count: ClosedRange<Int>,
        path: String,
        at position: SourcePosition
    ) -> Setting {
        guard count.contains(nodes.count) else {
            let mend = nodes.count < count.lowerBound ? "add one" : "at most \(count.upperBound) are allowed"
            report(.error, position, path, nodes.isEmpty ? "is empty" : "has \(nodes.count) elements", mend)
            return Setting(.list([]), .mistaken, at: position, path: path)
        }
        let settings = nodes.enumerated().map { index, node in
            value(node, element, path: "\(path)[\(index)]")
        }
        return Setting(.list(settings), .file, at: position, path: path)
    }

    private mutating func map(
        _ node: ConfigurationNode,
        _ form: TextForm,
        _ element: ValueType,
        path: String
    ) -> Setting {
        if node.isNull { return Setting(.object([]), .file, at: node.position, path: path) }
        guard case .map(let entries) = node.content else {
            reportKind(node, path: path, expected: "a map of names")
            return Setting(.object([]), .mistaken, at: node.position, path: path)
        }
        var members: [(name: String, setting: Setting)] = []
        for entry in unique(entries, path: path) {
            let key = Self.join(path, entry.key)
            if let fault = form.fault(in: entry.key) {
                report(.error, entry.position, key, fault.problem, fault.mend)
            }
            var setting = value(entry.value, element, path: key)
            setting.position = entry.position
            members.append((entry.key, setting))
        }
        return Setting(.object(members), .file, at: node.position, path: path)
    }
}
