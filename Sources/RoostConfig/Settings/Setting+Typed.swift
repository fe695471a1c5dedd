/// Typed access for the code that knows the schema. A value can only be absent here in a configuration that has been
/// reported as wrong and is thrown away; the zero in its place is never used.
extension Setting {
    func integer(_ name: String) -> Int { Int(clamping: self[name].integer ?? 0) }
    func duration(_ name: String) -> Duration { self[name].duration ?? .zero }
    func text(_ name: String) -> String { self[name].text ?? "" }
    func flag(_ name: String) -> Bool { self[name].boolean ?? false }
    func texts(_ name: String) -> [String] { self[name].elements.compactMap(\.text) }
    func optional(_ name: String) -> Int? { self[name].integer.map { Int(clamping: $0) } }

    /// A word of a `choice`, whose raw values are the words of the schema.
    func word<Word: RawRepresentable>(_ name: String, else fallback: Word) -> Word where Word.RawValue == String {
        Word(rawValue: text(name)) ?? fallback
    }
}
