package import RoostConfig

/// One file's text as a tree, or what is wrong with its YAML.
///
/// Yams composes the whole document; what would make it slow or lose information is looked at before: size, encoding,
/// aliases, keys that are written twice.
package enum YAMLText {
    /// Larger files are refused; a configuration by hand is a few kilobytes.
    package static let largestFile = 1 << 20
    /// Values, lists and maps together.
    static let mostNodes = 50_000
    /// Levels of lists and maps in each other.
    static let deepestNesting = 32
    /// Faults of one kind and file that are reported.
    static let mostFaults = 20

    /// Reads `bytes`. The tree is nil for an empty document, and where the text is no YAML; with the lesser faults it is
    /// there, and the places at fault are `unreadable`.
    package static func read(_ bytes: [UInt8], file: String) -> (node: ConfigurationNode?, faults: [Finding]) {
        let scan = YAMLScan(file: file)
        if let fault = scan.encodingFault(in: bytes) { return (nil, [fault]) }
        let text = String(decoding: bytes, as: UTF8.self)
        let letters = PrivateLetters(unusedIn: text)
        let (readable, aliases) = scan.withoutAliases(text, mark: letters.alias)
        var document = YAMLDocument(text: readable, file: file, letters: letters)
        let (node, faults) = document.read()
        return (node, aliases + faults)
    }
}
