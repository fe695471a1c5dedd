/// One key of `roost.yaml` or of a rule: the only place that knows its type, default, reason and class of change.
package struct SchemaKey: Sendable {
    /// What holds when the key is not written.
    package enum Fallback: Sendable {
        /// The key must be written.
        case required
        /// Nothing: the thing is off, or decided elsewhere as the reason says.
        case absent
        /// This value, as it would be written.
        case value(String)
        /// An object whose own keys have their defaults.
        case nested
        /// An empty list or map.
        case empty
    }

    /// What a changed value asks for at a reload; `roost plan` reads it.
    package enum Change: String, Sendable {
        /// Taken over by the running process.
        case live
        /// The worker's instances are replaced one after the other.
        case rolling
        /// `roostd` itself has to start again (or upgrade in place); workers go on.
        case supervisor
    }

    package var name: String
    package var type: ValueType
    package var fallback: Fallback
    package var change: Change
    /// One line: what it decides, and why the default is what it is.
    package var reason: String

    package init(_ name: String, _ type: ValueType, _ fallback: Fallback, _ change: Change, _ reason: String) {
        self.name = name
        self.type = type
        self.fallback = fallback
        self.change = change
        self.reason = reason
    }
}

extension SchemaKey {
    /// A list or map that may be left out.
    static func optional(_ name: String, _ type: ValueType, _ change: Change, _ reason: String) -> SchemaKey {
        SchemaKey(name, type, .absent, change, reason)
    }

    /// A group of keys that each have their default.
    static func group(
        _ name: String,
        _ change: Change,
        _ reason: String,
        shorthand: String? = nil,
        _ keys: [SchemaKey]
    )
        -> SchemaKey
    {
        SchemaKey(name, .object(ObjectSchema(keys, shorthand: shorthand)), .nested, change, reason)
    }
}
