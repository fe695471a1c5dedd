import RoostConfig

/// What is looked for in the bytes before they are parsed.
struct YAMLScan {
    let file: String

    /// The first byte that is not UTF-8, or text that is too long.
    func encodingFault(in bytes: [UInt8]) -> Finding? {
        guard bytes.count <= YAMLText.largestFile else {
            return Finding(
                SourcePosition(file: file), "file", "is larger than \(SizeText.format(Int64(YAMLText.largestFile)))",
                "split it or remove what is not needed"
            )
        }
        guard let offset = firstInvalidByte(in: bytes) else { return nil }
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
        for scalar in String(decoding: bytes.prefix(offset), as: UTF8.self).unicodeScalars { position.step(over: scalar) }
        return position
    }

    /// Every alias (`*name`): they are refused, because an alias can stand for a document of any size, and because what
    /// people mean by a leading `*` is a host pattern without its quotes.
    ///
    /// Knows comments, quotes and block texts well enough; where it takes text for an alias, quotes help.
    func aliases(in bytes: [UInt8]) -> [Finding] {
        guard bytes.contains(UInt8(ascii: "*")) else { return [] }
        var found: [Finding] = []
        var position = SourcePosition(file: file)
        var state = State.start
        var previous: Unicode.Scalar = "\n"
        let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
        var block = BlockText()
        for (index, scalar) in scalars.enumerated() {
            defer {
                position.step(over: scalar)
                previous = scalar
            }
            if scalar == "\n" {
                block.lineEnds()
                if state == .comment || state == .plain { state = .start }
                continue
            }
            if block.swallows(scalar) { continue }
            let afterSpace = previous == " " || previous == "\n" || previous == "\t"
            switch state {
            case .comment: break
            case .single: if scalar == "'" { state = .plain }
            case .double: if scalar == "\"", previous != "\\" || escapes(before: index, in: scalars) { state = .plain }
            case .start, .plain:
                if scalar == "#", afterSpace {
                    state = .comment
                } else if state == .start, scalar == "'" {
                    state = .single
                } else if state == .start, scalar == "\"" {
                    state = .double
                } else if state == .start, scalar == "*", let next = scalars[safe: index + 1], Self.isNamePart(next) {
                    found.append(alias(at: position, in: scalars[index...]))
                    state = .plain
                } else if scalar == "[" || scalar == "{" || scalar == "," {
                    state = .start
                } else if (scalar == ":" || scalar == "-" || scalar == "?"), isSpace(scalars[safe: index + 1]) {
                    state = .start
                } else if scalar != " ", scalar != "\t" {
                    if state == .start, scalar == "|" || scalar == ">" { block.announced = true }
                    state = .plain
                }
            }
            if found.count == 20 { break }
        }
        return found
    }

    private enum State { case start, plain, single, double, comment }

    /// True when the backslash before `index` is itself escaped.
    private func escapes(before index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        var count = 0
        while let scalar = scalars[safe: index - 1 - count], scalar == "\\" { count += 1 }
        return count.isMultiple(of: 2)
    }

    private func isSpace(_ scalar: Unicode.Scalar?) -> Bool {
        scalar == nil || scalar == " " || scalar == "\n" || scalar == "\t" || scalar == "\r"
    }

    private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        !" \t\r\n,[]{}".unicodeScalars.contains(scalar)
    }

    private func alias(at position: SourcePosition, in rest: ArraySlice<Unicode.Scalar>) -> Finding {
        let word = String(String.UnicodeScalarView(rest.prefix(while: Self.isNamePart).prefix(60)))
        return Finding(
            position, "yaml", "\(word) is an alias, which is not supported", "write \"\(word)\" in quotes, or the value itself"
        )
    }
}

/// A text after `|` or `>`: the lines that are indented deeper than the one that announced it.
private struct BlockText {
    var announced = false
    private var isOpen = false
    private var limit = 0
    private var indentation = 0
    private var inIndentation = true

    mutating func lineEnds() {
        if announced {
            announced = false
            isOpen = true
            limit = indentation
        }
        indentation = 0
        inIndentation = true
    }

    /// True while the scalar belongs to the text.
    mutating func swallows(_ scalar: Unicode.Scalar) -> Bool {
        if inIndentation {
            if scalar == " " {
                indentation += 1
                return isOpen
            }
            inIndentation = false
            if indentation <= limit { isOpen = false }
        }
        return isOpen
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

extension Array {
    /// The element, or nil outside the array.
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
