/// A key whose value in effect is another one in the next configuration.
package struct KeyChange: Sendable, Equatable {
    /// Dotted as in the schema, with the names of workers and rules filled in: `workers.web.nice`.
    package var key: String
    /// What the schema says of the key.
    package var change: SchemaKey.Change
    /// As they would be written; nil where there was, or will be, none, and for both where the key is secret.
    package var old: String?
    package var new: String?
    package var isSecret: Bool

    package init(
        key: String,
        change: SchemaKey.Change,
        old: String? = nil,
        new: String? = nil,
        isSecret: Bool = false
    ) {
        self.key = key
        self.change = change
        self.old = isSecret ? nil : old
        self.new = isSecret ? nil : new
        self.isSecret = isSecret
    }
}

/// A key and its value in effect; nil where it has none.
struct KeyValue {
    var key: String
    var value: String?

    init(_ key: String, _ value: String?) {
        self.key = key
        self.value = value
    }

    init(_ key: String, _ value: Int?) { self.init(key, value.map { "\($0)" }) }
    init(_ key: String, _ value: Duration?) { self.init(key, value.map { DurationText.format($0) }) }
    init(_ key: String, size: Int?) { self.init(key, size.map { SizeText.format(Int64($0)) }) }
    init(_ key: String, size: UInt64?) { self.init(key, size.map { SizeText.format(Int64(clamping: $0)) }) }
    init(_ key: String, count: UInt64?) { self.init(key, count.map { "\($0)" }) }
    init(_ key: String, list: [String]) { self.init(key, "[\(list.joined(separator: ", "))]") }
}

extension KeyChange {
    /// The keys of one table whose values differ. `schema` has the table's keys, `path` is put before them.
    static func between(
        _ old: [KeyValue],
        _ new: [KeyValue],
        in schema: ObjectSchema,
        under path: String
    ) -> [KeyChange] {
        let before = Dictionary(old.map { ($0.key, $0.value) }) { first, _ in first }
        return new.compactMap { entry in
            let former = before[entry.key] ?? nil
            guard former != entry.value, let key = schema.key(at: entry.key) else { return nil }
            return KeyChange(
                key: path.isEmpty ? entry.key : "\(path).\(entry.key)",
                change: key.change,
                old: former,
                new: entry.value,
                isSecret: key.type.isSecret
            )
        }
    }
}

extension ObjectSchema {
    /// The key at a dotted path of nested objects; nil where there is none.
    func key(at path: String) -> SchemaKey? {
        var schema = self
        var found: SchemaKey?
        for name in path.split(separator: ".") {
            if let outer = found {
                guard case .object(let inner) = outer.type else { return nil }
                schema = inner
            }
            found = schema.keys.first { $0.name == name }
            if found == nil { return nil }
        }
        return found
    }
}

extension ValueType {
    /// Whether a value may hold what only its process is to know. Passwords come by environment variables.
    var isSecret: Bool { if case .environment = self { true } else { false } }
}
