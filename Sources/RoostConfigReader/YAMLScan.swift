import RoostConfig

/// What is looked for in the bytes before they are parsed.
struct YAMLScan {
    let file: String

    /// The first byte that is not UTF-8, or text that is too long.
    func encodingFault(in bytes: [UInt8]) -> Finding? {
        guard bytes.count <= YAMLText.largestFile else {
            return Finding(
                SourcePosition(file: file),
                "file",
                "is larger than \(SizeText.format(Int64(YAMLText.largestFile)))",
                "split it or remove what is not needed"
            )
        }
        guard String(validating: bytes, as: UTF8.self) == nil, let offset = firstInvalidByte(in: bytes) else {
            return nil
        }
        return Finding(position(of: offset, in: bytes), "file", "is not UTF-8", "save it as UTF-8")
    }

    private func firstInvalidByte(in bytes: [UInt8]) -> Int? {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): offset += UTF8.width(scalar)
            case .emptyInput: return nil
            case .error: return min(offset, bytes.count - 1)
            }
        }
    }

    /// Line and column of a byte. Line breaks are those of YAML 1.1, as the parser counts.
    func position(of offset: Int, in bytes: [UInt8]) -> SourcePosition {
        var position = SourcePosition(file: file)
        for scalar in String(decoding: bytes.prefix(offset), as: UTF8.self).unicodeScalars {
            position.step(over: scalar)
        }
        return position
    }

    /// Finds every alias (`*name`) and takes it out, by putting `mark` in place of its `*`: aliases are refused, because
    /// one can stand for a document of any size, and because what people mean by a leading `*` is a host pattern without
    /// its quotes.
    ///
    /// Knows comments, quotes and block texts well enough; where it takes text for an alias, quotes help.
    func withoutAliases(_ text: String, mark: Unicode.Scalar) -> (text: String, faults: [Finding]) {
        guard text.utf8.contains(UInt8(ascii: "*")) else { return (text, []) }
        var faults: [Finding] = []
        var scalars = Array(text.unicodeScalars)
        var lexer = AliasLexer()
        var position = SourcePosition(file: file)
        for index in scalars.indices {
            if lexer.isAlias(at: index, in: scalars) {
                if faults.count < YAMLText.mostFaults { faults.append(alias(at: position, in: scalars[index...])) }
                scalars[index] = mark
            }
            position.step(over: scalars[index])
        }
        guard !faults.isEmpty else { return (text, []) }
        var readable = String.UnicodeScalarView()
        readable.append(contentsOf: scalars)
        return (String(readable), faults)
    }

    private func alias(at position: SourcePosition, in rest: ArraySlice<Unicode.Scalar>) -> Finding {
        let word = String(String.UnicodeScalarView(rest.prefix(while: AliasLexer.isNamePart).prefix(60)))
        return Finding(
            position,
            "yaml",
            "\(word) is an alias, which is not supported",
            "write \"\(word)\" in quotes, or the value itself"
        )
    }
}

extension SourcePosition {
    /// Moves over one scalar; a carriage return and line feed count once, by the line feed.
    mutating func step(over scalar: Unicode.Scalar) {
        switch scalar {
        case "\n", "\u{85}", "\u{2028}", "\u{2029}":
            line += 1
            column = 1
        case "\r": break
        default: column += 1
        }
    }
}
