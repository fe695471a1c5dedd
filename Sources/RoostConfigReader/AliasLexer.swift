/// Walks over YAML text and tells where a value starts with `*`. Not a parser: it knows comments, quotes and block texts,
/// and takes what it is not sure of for the start of a value.
struct AliasLexer {
    /// `start`: a value may begin here.
    private enum State { case start, plain, single, double, comment }

    private var state = State.start
    private var block = BlockText()

    /// True when the scalar at `index` begins an alias. To be asked for each scalar in turn.
    mutating func isAlias(at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        let scalar = scalars[index]
        if scalar == "\n" {
            block.lineEnds()
            if state == .comment || state == .plain { state = .start }
            return false
        }
        if block.swallows(scalar) { return false }
        switch state {
        case .comment: return false
        case .single:
            if scalar == "'" { state = .plain }
            return false
        case .double:
            if scalar == "\"", !isEscaped(index, in: scalars) { state = .plain }
            return false
        case .start, .plain: return begins(at: index, in: scalars)
        }
    }

    private mutating func begins(at index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        let scalar = scalars[index]
        let next = scalars[safe: index + 1]
        switch scalar {
        case "#" where index == 0 || Self.isSpace(scalars[index - 1]): state = .comment
        case "'" where state == .start: state = .single
        case "\"" where state == .start: state = .double
        case "*" where state == .start && next.map(Self.isNamePart) == true:
            state = .plain
            return true
        case "[", "{", ",": state = .start
        case ":", "-", "?": state = next.map(Self.isSpace) ?? true ? .start : .plain
        case "|", ">":
            if state == .start { block.announced = true }
            state = .plain
        case " ", "\t", "\r": break
        default: state = .plain
        }
        return false
    }

    /// True when an odd number of backslashes stands before `index`.
    private func isEscaped(_ index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        var count = 0
        while let scalar = scalars[safe: index - 1 - count], scalar == "\\" { count += 1 }
        return !count.isMultiple(of: 2)
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\n" || scalar == "\t" || scalar == "\r"
    }

    /// What an alias's name may go on with.
    static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        !isSpace(scalar) && !",[]{}".unicodeScalars.contains(scalar)
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

extension Array {
    /// The element, or nil outside the array.
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
