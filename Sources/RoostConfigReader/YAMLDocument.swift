import RoostConfig
import Yams

/// A document on its way from text to tree.
struct YAMLDocument {
    private var text: String
    private let file: String
    private let alias: Unicode.Scalar
    private var duplicates: DuplicateKeys
    private var faults: [Finding] = []
    private var nodes = 0

    init(text: String, file: String, letters: PrivateLetters) {
        self.text = text
        self.file = file
        alias = letters.alias
        duplicates = DuplicateKeys(letters: letters)
    }

    /// Composes and converts; a tree only when the document is YAML.
    mutating func read() -> (node: ConfigurationNode?, faults: [Finding]) {
        while true {
            do {
                // The basic resolver has no patterns: types come from the schema, not from how a value looks.
                guard let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot() else {
                    return (nil, [])
                }
                let node = convert(root, depth: 0)
                return (node, faults)
            } catch let error as YamlError {
                if case .duplicatedKeysInMapping(let keys, let context) = error, let key = keys.first,
                    let renamed = duplicates.rename(key, at: context.mark, in: text)
                {
                    text = renamed
                    continue
                }
                return (nil, [finding(for: error)])
            } catch {
                return (nil, [fault(SourcePosition(file: file), "cannot be read", "check the file")])
            }
        }
    }

    // MARK: Conversion

    private mutating func convert(_ node: Node, depth: Int) -> ConfigurationNode {
        let position = position(of: node.mark)
        nodes += 1
        guard depth <= YAMLText.deepestNesting, nodes <= YAMLText.mostNodes else {
            let problem = nodes > YAMLText.mostNodes ? "has too many values" : "is nested too deeply"
            return unreadable(position, problem, "make it simpler")
        }
        switch node {
        case .scalar(let scalar):
            if scalar.style == .plain, scalar.string.unicodeScalars.first == alias {
                return ConfigurationNode(.unreadable, at: position)
            }
            let tag = scalar.tag.description
            guard tag.isEmpty || tag == "tag:yaml.org,2002:str" || Self.isImplicit(tag) else {
                return unreadable(position, "the tag \(tag) is not supported", "remove it")
            }
            return ConfigurationNode(.scalar(scalar.string, isQuoted: scalar.style != .plain), at: position)
        case .sequence(let sequence):
            return ConfigurationNode(.list(sequence.map { convert($0, depth: depth + 1) }), at: position)
        case .mapping(let mapping):
            let entries = mapping.compactMap { pair in entry(pair.key, pair.value, depth: depth + 1) }
            return ConfigurationNode(.map(entries), at: position)
        case .alias: return unreadable(position, "aliases are not supported", "write the value itself")
        }
    }

    private mutating func entry(_ key: Node, _ value: Node, depth: Int) -> ConfigurationNode.Entry? {
        let position = position(of: key.mark)
        guard case .scalar(let scalar) = key else {
            _ = unreadable(position, "a list or map cannot be a key", "write a name")
            return nil
        }
        // An alias as a key has been reported.
        if scalar.string.unicodeScalars.first == alias { return nil }
        let node = convert(value, depth: depth)
        return ConfigurationNode.Entry(key: duplicates.original(scalar.string), position: position, value: node)
    }

    /// Notes the fault, up to a bound, and leaves a hole in the tree.
    private mutating func unreadable(_ position: SourcePosition, _ problem: String, _ mend: String) -> ConfigurationNode
    {
        if faults.count < YAMLText.mostFaults { faults.append(fault(position, problem, mend)) }
        return ConfigurationNode(.unreadable, at: position)
    }

    private static func isImplicit(_ tag: String) -> Bool { tag == Tag.Name.implicit.rawValue }

    // MARK: Faults

    private func position(of mark: Mark?) -> SourcePosition {
        SourcePosition(file: file, line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1))
    }

    private func fault(_ position: SourcePosition, _ problem: String, _ mend: String) -> Finding {
        Finding(position, "yaml", problem, mend)
    }

    private func finding(for error: YamlError) -> Finding {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
            return fault(position(of: mark), problem, YAMLMend.mend(for: problem))
        case .composer(_, let problem, let mark, _):
            let isSecond = problem.contains("another document")
            return fault(
                position(of: mark),
                isSecond ? "a second document starts here" : problem,
                isSecond ? "keep one, and remove ---" : "check this line"
            )
        case .reader(let problem, let offset, _, _):
            let characters = text.prefix(offset ?? 0)
            let place = YAMLScan(file: file).position(of: characters.utf8.count, in: Array(text.utf8))
            return fault(place, problem, "remove the character")
        case .duplicatedKeysInMapping(let keys, let context):
            return fault(position(of: context.mark), "the key \(keys.first ?? "") is written twice", "keep one of them")
        case .memory:
            return fault(SourcePosition(file: file), "is too deeply nested or too large to read", "make it simpler")
        case .no, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return fault(SourcePosition(file: file), "cannot be read", "check the file")
        }
    }
}

/// What usually stands behind the messages of the YAML parser.
enum YAMLMend {
    static func mend(for problem: String) -> String {
        if problem.contains("tab") || problem.contains("cannot start any token") {
            return "indent with spaces, and quote values that start with a special character"
        }
        if problem.contains("mapping values are not allowed") {
            return "check the indentation, and quote values that contain \": \""
        }
        if problem.contains("could not find expected ':'") { return "write KEY: VALUE" }
        if problem.contains("did not find expected ',' or") { return "close the bracket, or add the missing comma" }
        if problem.contains("did not find expected key") || problem.contains("expected <block end>") {
            return "check the indentation of this line and the one above"
        }
        if problem.contains("unexpected end of stream") { return "close the quote or bracket" }
        return "check this line and the one above"
    }
}
