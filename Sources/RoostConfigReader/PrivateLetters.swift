/// Letters of Unicode's private use that a text does not contain: marks that can be put into it and found again.
struct PrivateLetters {
    /// Stands for the `*` of an alias.
    let alias: Unicode.Scalar
    /// To be used up by keys that are written twice.
    var free: [Unicode.Scalar]

    /// More repeated keys than this are not a slip of the hand.
    private static let most = 64

    /// The text may use all of the private area; then there are fewer letters, and none for keys.
    init(unusedIn text: String) {
        let area: ClosedRange<UInt32> = 0xE000...0xF8FF
        let used = Set(text.unicodeScalars.filter { area.contains($0.value) })
        var letters: [Unicode.Scalar] = []
        for value in area where letters.count <= Self.most {
            if let letter = Unicode.Scalar(value), !used.contains(letter) { letters.append(letter) }
        }
        alias = letters.popLast() ?? "\u{F8FF}"
        free = letters
    }
}
