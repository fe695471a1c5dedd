/// Configuration text as a tree: what a YAML reader hands over, before the schema gives it meaning.
package struct ConfigurationNode: Sendable {
    /// What stands at a place of the text.
    package enum Content: Sendable {
        /// A value, still text; `isQuoted` when it was written as text on purpose.
        case scalar(String, isQuoted: Bool)
        case list([ConfigurationNode])
        case map([Entry])
        /// Has been reported already; nothing more can be said about it.
        case unreadable
    }

    /// One `key: value` of a map, in the order of the text.
    package struct Entry: Sendable {
        package var key: String
        package var position: SourcePosition
        package var value: ConfigurationNode

        package init(key: String, position: SourcePosition, value: ConfigurationNode) {
            self.key = key
            self.position = position
            self.value = value
        }
    }

    package var content: Content
    package var position: SourcePosition

    package init(_ content: Content, at position: SourcePosition) {
        self.content = content
        self.position = position
    }

    /// True for an absent value (`key:`), `~` and `null`.
    package var isNull: Bool {
        guard case .scalar(let text, isQuoted: false) = content else { return false }
        return text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
    }

    /// The node as an error message calls it.
    var kind: String {
        switch content {
        case .scalar(let text, _): isNull ? "empty" : text.quoted
        case .list: "a list"
        case .map: "a map"
        case .unreadable: "unreadable"
        }
    }
}
