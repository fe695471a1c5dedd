import RoostConfig
import Yams

/// Gets a document with repeated keys past the parser, which stops at the first map that has one and tells only where
/// the first of them stands: that key's first letter is replaced by a letter nobody uses, and put back in the tree.
/// So every repeated key is found, with its place, by the check that knows the schema.
struct DuplicateKeys {
    private var free: [Unicode.Scalar]
    private var replaced: [Unicode.Scalar: Unicode.Scalar] = [:]

    init(letters: PrivateLetters) { free = letters.free }

    /// The text with the key at `mark` made unlike the others; nil where that cannot be done.
    mutating func rename(_ key: String, at mark: Mark, in text: String) -> String? {
        guard let first = key.unicodeScalars.first, let letter = free.popLast() else { return nil }
        var position = SourcePosition(file: "")
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        while index < scalars.endIndex, (position.line, position.column) < (mark.line, mark.column) {
            position.step(over: scalars[index])
            index = scalars.index(after: index)
        }
        if index < scalars.endIndex, scalars[index] == "\"" || scalars[index] == "'" {
            index = scalars.index(after: index)
        }
        guard index < scalars.endIndex, scalars[index] == first else { return nil }
        replaced[letter] = first
        var result = String.UnicodeScalarView(scalars[..<index])
        result.append(letter)
        result.append(contentsOf: scalars[scalars.index(after: index)...])
        return String(result)
    }

    /// The key as it was written.
    func original(_ key: String) -> String {
        guard let letter = key.unicodeScalars.first, let first = replaced[letter] else { return key }
        return String(first) + String(key.unicodeScalars.dropFirst())
    }
}
