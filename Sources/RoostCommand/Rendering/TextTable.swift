/// Aligned columns for people.
struct TextTable {
    enum Alignment { case left, right }
    /// Of a terminal (ECMA-48, SGR).
    enum Color: String { case red = "31", green = "32", yellow = "33" }

    struct Cell: ExpressibleByStringLiteral {
        var text: String
        var color: Color?

        init(_ text: String, _ color: Color? = nil) {
            self.text = PlainText.of(text)
            self.color = color
        }

        init(stringLiteral text: String) { self.init(text) }
    }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[Cell]] = []

    init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

    var isEmpty: Bool { rows.isEmpty }

    /// One cell a column.
    mutating func append(_ row: [Cell]) { rows.append(row) }

    /// Every row with its newline, a line of titles first.
    func text(colors: Bool) -> String {
        let all = [columns.map { Cell($0.title) }] + rows
        let widths = columns.indices.map { column in all.map { $0[column].text.count }.max() ?? 0 }
        return all.map { row in
            let cells = zip(row, zip(columns, widths)).map { cell, layout in
                Self.padded(cell, layout.0.alignment, layout.1, colors: colors)
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    private static func padded(_ cell: Cell, _ alignment: Alignment, _ width: Int, colors: Bool) -> String {
        let padding = String(repeating: " ", count: max(0, width - cell.text.count))
        let text = colors ? colored(cell.text, cell.color) : cell.text
        return alignment == .left ? text + padding : padding + text
    }

    /// The text in a colour of the terminal.
    static func colored(_ text: String, _ color: Color?) -> String {
        guard let color, !text.isEmpty else { return text }
        return "\u{1b}[\(color.rawValue)m\(text)\u{1b}[0m"
    }
}
