import RoostConfig
package import RoostJSON

/// The JSON Schemas (draft 2020-12) of `roost.yaml` and of a rule, for editors: written from the same table that checks.
package enum JSONSchema {
    /// Which file.
    package enum Kind: String, Sendable, CaseIterable { case roost, rule }

    /// The schema's document.
    package static func document(_ kind: Kind) -> JSONValue {
        let (root, title) =
            switch kind {
            case .roost: (RoostSchema.root, "Configuration of Roost (roost.yaml)")
            case .rule: (RuleSchema.root, "Forwarding rule of Roost (rules.d/NAME.yaml)")
            }
        var members: [JSONObject.Member] = [
            .init(key: "$schema", value: "https://json-schema.org/draft/2020-12/schema"),
            .init(key: "title", value: .string(title)),
        ]
        members += object(root)
        return .object(JSONObject(members))
    }

    private static func object(_ schema: ObjectSchema) -> [JSONObject.Member] {
        let required = schema.keys.filter { if case .required = $0.fallback { true } else { false } }
        var members: [JSONObject.Member] = [
            .init(key: "type", value: ["object", "null"]),
            .init(key: "additionalProperties", value: false),
            .init(
                key: "properties",
                value: .object(JSONObject(schema.keys.map { .init(key: $0.name, value: .object(JSONObject(key($0)))) }))
            ),
        ]
        if !required.isEmpty {
            members.append(.init(key: "required", value: .array(required.map { .string($0.name) })))
        }
        return members
    }

    private static func key(_ key: SchemaKey) -> [JSONObject.Member] {
        var members = type(key.type)
        if case .value(let text) = key.fallback {
            members.append(.init(key: "default", value: literal(text, key.type)))
        }
        members.append(.init(key: "description", value: .string(key.reason)))
        return members
    }

    private static func literal(_ text: String, _ type: ValueType) -> JSONValue {
        switch type {
        case .boolean: .bool(text == "true")
        case .integer, .size: Int64(text).map(JSONValue.integer) ?? .string(text)
        default: .string(text)
        }
    }

    private static func type(_ type: ValueType) -> [JSONObject.Member] {
        switch type {
        case .text(let form):
            [.init(key: "type", value: "string")]
                + (form.pattern.map { [.init(key: "pattern", value: .string($0))] } ?? [])
        case .boolean: [.init(key: "type", value: "boolean")]
        case .integer(let range):
            [
                .init(key: "type", value: "integer"),
                .init(key: "minimum", value: .integer(range.lowerBound)),
                .init(key: "maximum", value: .integer(range.upperBound)),
            ]
        case .duration:
            [.init(key: "type", value: "string"), .init(key: "pattern", value: "^([0-9.]+(ns|us|ms|s|m|h|d))+$")]
        case .size:
            [
                .init(key: "type", value: ["integer", "string"]),
                .init(key: "minimum", value: 0),
                .init(key: "pattern", value: "^[0-9.]+(B|KiB|MiB|GiB|TiB)?$"),
            ]
        case .choice(let words): [.init(key: "enum", value: .array(words.map(JSONValue.string)))]
        case .list(let element, let count): list(element, count)
        case .oneOrMore(let element, let count):
            [
                .init(
                    key: "anyOf",
                    value: [.object(JSONObject(Self.type(element))), .object(JSONObject(list(element, count)))]
                )
            ]
        case .map(_, let element):
            [
                .init(key: "type", value: ["object", "null"]),
                .init(key: "additionalProperties", value: .object(JSONObject(Self.type(element)))),
            ]
        case .object(let schema):
            if let short = schema.shorthand, let key = schema.keys.first(where: { $0.name == short }) {
                [
                    .init(
                        key: "anyOf",
                        value: [.object(JSONObject(Self.type(key.type))), .object(JSONObject(object(schema)))]
                    )
                ]
            } else {
                object(schema)
            }
        case .environment: [.init(key: "type", value: ["object", "array", "null"])]
        }
    }

    private static func list(_ element: ValueType, _ count: ClosedRange<Int>) -> [JSONObject.Member] {
        [
            .init(key: "type", value: "array"),
            .init(key: "items", value: .object(JSONObject(type(element)))),
            .init(key: "minItems", value: .integer(Int64(count.lowerBound))),
            .init(key: "maxItems", value: .integer(Int64(count.upperBound))),
        ]
    }
}

extension TextForm {
    /// What editors can check by themselves; the program checks more.
    fileprivate var pattern: String? {
        switch self {
        case .workerName, .sourceName: "^[a-z][a-z0-9-]{0,39}$"
        case .ruleName: "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
        case .backendURL: "^http://"
        case .method: "^[A-Z-]{1,32}$"
        case .urlPath: "^/"
        case .address: ":[0-9]{1,5}$"
        case .account, .argument, .hostPattern, .path: nil
        }
    }
}
