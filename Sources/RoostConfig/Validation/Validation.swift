/// Checks a tree of text against the schema. Finds every fault: a wrong value is reported, replaced by its default and
/// the check goes on.
package struct Validation {
    /// What was found so far, in no order.
    package private(set) var findings: [Finding] = []
    private var overrides: [String: EnvironmentOverride]

    /// `overrides` by dotted path; they beat what the text says.
    package init(overrides: [String: EnvironmentOverride] = [:]) {
        self.overrides = overrides
    }

    /// The whole document as settings; `node` nil stands for an empty file.
    package mutating func check(_ node: ConfigurationNode?, as schema: ObjectSchema, file: String) -> Setting {
        object(node, schema, path: "", at: SourcePosition(file: file))
    }

    /// Notes a fault at a key; for a value from the environment the variable is named instead.
    package mutating func report(
        _ severity: Finding.Severity = .error,
        _ position: SourcePosition,
        _ path: String,
        _ problem: String,
        _ mend: String
    ) {
        let isFromEnvironment = position.file == SourcePosition.environment.file
        let key = isFromEnvironment ? overrides[path]?.variable ?? path : path
        findings.append(Finding(severity, position, key.isEmpty ? "file" : key, problem, mend))
    }

    /// Adds what another validation has found.
    mutating func take(_ others: [Finding]) { findings += others }

    /// Notes a fault of a setting.
    package mutating func report(_ setting: Setting, _ problem: String, _ mend: String) {
        report(.error, setting.position, setting.path, problem, mend)
    }

    package mutating func warn(_ setting: Setting, _ problem: String, _ mend: String) {
        report(.warning, setting.position, setting.path, problem, mend)
    }

    // MARK: Objects

    mutating func object(
        _ node: ConfigurationNode?,
        _ schema: ObjectSchema,
        path: String,
        at place: SourcePosition
    ) -> Setting {
        let position = node?.position ?? place
        var entries: [ConfigurationNode.Entry] = []
        switch node?.content {
        case nil: break
        case .map(let given): entries = unique(given, path: path)
        case .unreadable:
            return Setting(members(of: schema, [], path: path, at: position), .mistaken, at: position, path: path)
        case .scalar where node?.isNull == true:
            // `proxy:` with everything below it in comments is an empty object, not a fault.
            break
        case .scalar, .list:
            if let shorthand = schema.shorthand, let node, case .scalar = node.content {
                entries = [ConfigurationNode.Entry(key: shorthand, position: node.position, value: node)]
            } else {
                reportKind(node, path: path, expected: "a map of keys")
                return Setting(members(of: schema, [], path: path, at: position), .mistaken, at: position, path: path)
            }
        }
        // With a key that nobody knows, what the object says is not known either.
        let isWhole = reportStrangers(entries, schema, path: path)
        let origin: Setting.Origin = !isWhole ? .mistaken : node == nil ? .fallback : .file
        return Setting(members(of: schema, entries, path: path, at: position), origin, at: position, path: path)
    }

    private mutating func members(
        of schema: ObjectSchema,
        _ entries: [ConfigurationNode.Entry],
        path: String,
        at position: SourcePosition
    ) -> Setting.Value {
        .object(
            schema.keys.map { key in
                let entry = entries.first { $0.key == key.name }
                return (key.name, setting(key, entry, path: Self.join(path, key.name), at: position))
            }
        )
    }

    private mutating func setting(
        _ key: SchemaKey,
        _ entry: ConfigurationNode.Entry?,
        path: String,
        at position: SourcePosition
    ) -> Setting {
        if let override = overrides[path] {
            var setting = value(override.node, key.type, path: path)
            if setting.isMistaken { return stand(in: key, path: path, at: setting.position) }
            setting.origin = .environment(override.variable)
            return setting
        }
        guard let entry else { return fallback(key, path: path, at: position) }
        if entry.value.isNull, key.type.needsValue {
            report(.error, entry.position, path, "has no value", "write \(key.type.description), or remove the key")
            return stand(in: key, path: path, at: entry.position)
        }
        let setting = value(entry.value, key.type, path: path)
        return setting.isMistaken && key.type.isScalar ? stand(in: key, path: path, at: setting.position) : setting
    }

    /// The default of a key.
    private mutating func fallback(_ key: SchemaKey, path: String, at position: SourcePosition) -> Setting {
        switch key.fallback {
        case .required:
            report(.error, position, path, "is missing", "add it: \(key.type.description)")
            return Setting(.absent, .mistaken, at: position, path: path)
        case .absent: return Setting(.absent, .fallback, at: position, path: path)
        case .empty:
            if case .environment = key.type { return Setting(.environment([]), .fallback, at: position, path: path) }
            if case .map = key.type { return Setting(.object([]), .fallback, at: position, path: path) }
            return Setting(.list([]), .fallback, at: position, path: path)
        case .nested:
            guard case .object(let schema) = key.type else {
                return Setting(.absent, .fallback, at: position, path: path)
            }
            return object(nil, schema, path: path, at: position)
        case .value(let text):
            let node = ConfigurationNode(.scalar(text, isQuoted: false), at: position)
            return marked(value(node, key.type, path: path), .fallback)
        }
    }

    /// A stand-in for a value that was wrong: the default, marked so that no other check complains about it.
    private mutating func stand(in key: SchemaKey, path: String, at position: SourcePosition) -> Setting {
        if case .required = key.fallback { return Setting(.absent, .mistaken, at: position, path: path) }
        return marked(fallback(key, path: path, at: position), .mistaken)
    }

    private func marked(_ setting: Setting, _ origin: Setting.Origin) -> Setting {
        var setting = setting
        setting.origin = origin
        if case .list(let elements) = setting.value { setting.value = .list(elements.map { marked($0, origin) }) }
        return setting
    }

    // MARK: Strangers

    /// The first of every key; the others are reported.
    mutating func unique(_ entries: [ConfigurationNode.Entry], path: String) -> [ConfigurationNode.Entry] {
        var seen: [String: SourcePosition] = [:]
        return entries.filter { entry in
            guard let first = seen[entry.key] else {
                seen[entry.key] = entry.position
                return true
            }
            report(
                .error,
                entry.position,
                Self.join(path, entry.key),
                "is written twice, first in line \(first.line)",
                "keep one of them"
            )
            return false
        }
    }

    /// True when there are none.
    private mutating func reportStrangers(
        _ entries: [ConfigurationNode.Entry],
        _ schema: ObjectSchema,
        path: String
    ) -> Bool {
        let known = schema.keys.map(\.name)
        // A long list helps nobody; the reference file has it.
        let choice = known.count > 8 ? "remove it" : "remove it, or use one of \(Self.list(known))"
        for entry in entries where !known.contains(entry.key) {
            let key = Self.join(path, entry.key)
            if schema.later.contains(entry.key) {
                report(.error, entry.position, key, "is not available in this version", "remove it")
            } else if entry.key == "<<" {
                report(.error, entry.position, key, "merge keys are not supported", "write the keys out")
            } else if let near = Spelling.nearest(to: entry.key, in: known) {
                report(.error, entry.position, key, "is not a known key", "did you mean \(near)?")
            } else {
                report(.error, entry.position, key, "is not a known key", choice)
            }
        }
        return entries.allSatisfy { known.contains($0.key) }
    }

    mutating func reportKind(_ node: ConfigurationNode?, path: String, expected: String) {
        guard let node else { return }
        report(.error, node.position, path, "is \(node.kind)", "write \(expected)")
    }

    static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    static func list(_ words: [String]) -> String { words.joined(separator: ", ") }
}
