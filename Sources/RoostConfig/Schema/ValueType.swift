/// What a key's value may be. Ranges include both ends.
package indirect enum ValueType: Sendable {
    case text(TextForm)
    case boolean
    case integer(ClosedRange<Int64>)
    /// `250ms`, `2s`, `1m`; the unit is required.
    case duration(ClosedRange<Duration>)
    /// Bytes, or with a unit: `64KiB`.
    case size(ClosedRange<Int64>)
    case choice([String])
    case list(ValueType, count: ClosedRange<Int>)
    /// One value, or a list of them.
    case oneOrMore(ValueType, count: ClosedRange<Int>)
    /// Names chosen by the operator, each with a value of one type.
    case map(names: TextForm, values: ValueType)
    case object(ObjectSchema)
    /// Environment variables: `NAME: value` sets one, `NAME:` passes it on; or a list of `NAME=value` and `NAME`.
    case environment

    /// True where one scalar says the whole value, so that an environment variable can.
    var isScalar: Bool {
        switch self {
        case .text, .boolean, .integer, .duration, .size, .choice: true
        case .oneOrMore(let element, _): element.isScalar
        case .list, .map, .object, .environment: false
        }
    }
}

extension ValueType {
    var isObject: Bool { if case .object = self { true } else { false } }
}

/// The keys of an object.
package struct ObjectSchema: Sendable {
    package var keys: [SchemaKey]
    /// Keys of the contract that no code implements yet; see `LaterKeys`.
    package var later: [String]
    /// The key that a plain value in the object's place stands for: `heartbeat: 2s` is `heartbeat: { deadline: 2s }`.
    package var shorthand: String?

    package init(_ keys: [SchemaKey], later: [String] = [], shorthand: String? = nil) {
        self.keys = keys
        self.later = later
        self.shorthand = shorthand
    }
}
