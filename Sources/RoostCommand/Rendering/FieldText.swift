import RoostJSON

/// The members of a JSON object as `key=value key="two words"`.
enum FieldText {
    /// The object in a text that another process has written; anything else is shown as it came.
    static func of(_ json: String, without key: String = "") -> String {
        guard !json.isEmpty else { return "" }
        guard let value = value(json) else { return PlainText.of(json) }
        guard case .object(var object) = value else { return PlainText.of(JSONWriter.compact(value)) }
        object[key] = nil
        return of(object)
    }

    static func of(_ object: JSONObject) -> String {
        object.members.map { "\(PlainText.of($0.key))=\(text($0.value))" }.joined(separator: " ")
    }

    /// Nil for what is no JSON.
    static func value(_ json: String) -> JSONValue? { try? JSONParser.parse(json) }

    private static func text(_ value: JSONValue) -> String {
        guard case .string(let string) = value else { return PlainText.of(JSONWriter.compact(value)) }
        let isPlain = !string.isEmpty && !string.contains { $0 == " " || $0 == "\"" || $0 == "=" || $0.isNewline }
        return PlainText.of(isPlain ? string : JSONWriter.compact(value))
    }
}
