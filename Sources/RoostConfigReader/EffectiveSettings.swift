import RoostConfig
import RoostJSON

/// Every key with the value in effect and who decided it: what `roost-config show` prints.
struct EffectiveSettings {
    struct Row: Equatable {
        var key: String
        var value: String
        var origin: String
    }

    private(set) var rows: [Row] = []

    init(_ settings: Setting, rules: [Setting]) {
        flatten(settings, under: "", rule: false)
        for rule in rules { flatten(rule, under: "rules.\(rule["name"].text ?? "")", rule: true) }
    }

    /// `key = value    # origin`, the origins aligned.
    var lines: [String] {
        let assignments = rows.map { "\($0.key) = \($0.value)" }
        let width = min(60, assignments.map(\.count).max() ?? 0)
        return zip(assignments, rows).map { text, row in
            text + String(repeating: " ", count: max(0, width - text.count)) + "  # \(row.origin)"
        }
    }

    var json: JSONValue {
        .object(
            JSONObject(
                rows.map { row in
                    JSONObject.Member(
                        key: row.key,
                        value: ["value": .string(row.value), "origin": .string(row.origin)]
                    )
                }
            )
        )
    }

    private mutating func flatten(_ setting: Setting, under path: String, rule: Bool) {
        switch setting.value {
        case .object(let members):
            for (name, member) in members {
                flatten(member, under: path.isEmpty ? name : "\(path).\(name)", rule: rule)
            }
        case .list(let elements) where elements.contains(where: { !$0.members.isEmpty }):
            for (index, element) in elements.enumerated() { flatten(element, under: "\(path)[\(index)]", rule: rule) }
        default: rows.append(Row(key: path, value: Self.text(setting), origin: Self.origin(setting)))
        }
    }

    private static func text(_ setting: Setting) -> String {
        switch setting.value {
        case .absent: "(not set)"
        case .text(let text): text.isEmpty ? "\"\"" : text
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .size(let bytes): SizeText.format(bytes)
        case .duration(let duration): DurationText.format(duration)
        case .list(let elements): "[\(elements.map(text).joined(separator: ", "))]"
        case .environment(let variables):
            "{\(variables.map { " \($0.name): \($0.value ?? "")" }.joined(separator: ",")) }"
        case .object: ""
        }
    }

    private static func origin(_ setting: Setting) -> String {
        switch setting.origin {
        case .file: "\(setting.position.file):\(setting.position.line)"
        case .environment(let name): "environment \(name)"
        case .fallback, .mistaken: "default"
        }
    }
}
