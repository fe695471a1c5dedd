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

    /// Reads `bytes`. The tree is nil for an empty document, and whenever there are faults.
    package static func read(_ bytes: [UInt8], file: String) -> (node: ConfigurationNode?, faults: [Finding]) {
        let scan = YAMLScan(file: file)
        if let fault = scan.encodingFault(in: bytes) { return (nil, [fault]) }
        let aliases = scan.aliases(in: bytes)
        guard aliases.isEmpty else { return (nil, aliases) }
        var document = YAMLDocument(text: String(decoding: bytes, as: UTF8.self), file: file)
        return document.read()
    }
}
