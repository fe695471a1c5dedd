/// A place in a file of the configuration. Lines and columns start at 1; a column is a Unicode scalar.
package struct SourcePosition: Sendable, Hashable, Comparable {
    /// The file as the operator named it, or `environment`.
    package var file: String
    /// From 1.
    package var line: Int
    /// From 1, in Unicode scalars.
    package var column: Int

    /// A place in `file`; its start when nothing else is said.
    package init(file: String, line: Int = 1, column: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// The "file" of values that come from environment variables.
    package static let environment = SourcePosition(file: "environment")

    package static func < (left: Self, right: Self) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}
