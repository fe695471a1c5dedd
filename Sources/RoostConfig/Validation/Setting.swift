/// A value that fits the schema, and where it came from.
package struct Setting: Sendable {
    /// The typed value.
    package indirect enum Value: Sendable {
        case absent
        case text(String)
        case boolean(Bool)
        case integer(Int64)
        /// In bytes.
        case size(Int64)
        case duration(Duration)
        case list([Setting])
        /// An object's keys in the order of the schema, or a map's in the order of the text.
        case object([(name: String, setting: Setting)])
        /// Variables with the value to set, or nil to pass on what roostd has.
        case environment([(name: String, value: String?)])
    }

    /// Who decided the value.
    package enum Origin: Sendable, Equatable {
        case file
        /// The variable's name.
        case environment(String)
        case fallback
        /// The text was wrong and has been reported; a stand-in keeps the rest checkable.
        case mistaken
    }

    package var value: Value
    package var origin: Origin
    /// Where the value stands; for a default, the object that lacks it.
    package var position: SourcePosition
    /// The dotted path of the key.
    package var path: String

    package init(_ value: Value, _ origin: Origin, at position: SourcePosition, path: String) {
        self.value = value
        self.origin = origin
        self.position = position
        self.path = path
    }
}

extension Setting {
    /// The key `name` of an object; an absent setting where there is none.
    package subscript(name: String) -> Setting {
        guard case .object(let members) = value, let member = members.first(where: { $0.name == name }) else {
            return Setting(.absent, .fallback, at: position, path: "\(path).\(name)")
        }
        return member.setting
    }

    /// The keys of an object or a map.
    package var members: [(name: String, setting: Setting)] {
        if case .object(let members) = value { members } else { [] }
    }

    package var elements: [Setting] { if case .list(let elements) = value { elements } else { [] } }
    package var isAbsent: Bool { if case .absent = value { true } else { false } }
    package var text: String? { if case .text(let text) = value { text } else { nil } }
    /// An integer, or a size in bytes.
    package var integer: Int64? {
        switch value {
        case .integer(let number), .size(let number): number
        default: nil
        }
    }
    package var duration: Duration? { if case .duration(let duration) = value { duration } else { nil } }
    package var boolean: Bool? { if case .boolean(let flag) = value { flag } else { nil } }
    package var isMistaken: Bool { origin == .mistaken }
}
