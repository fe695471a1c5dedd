/// A named figure that a decision went by.
package struct Input: Sendable, Hashable {
    package enum Figure: Sendable, Hashable {
        case count(Int64)
        case duration(Duration)
        /// Bytes.
        case size(Int64)
        case text(String)
    }

    package let name: String
    package let figure: Figure

    package init(_ name: String, _ figure: Figure) {
        self.name = name
        self.figure = figure
    }

    package static func count(_ name: String, _ value: some BinaryInteger) -> Input {
        Input(name, .count(Int64(clamping: value)))
    }
    package static func duration(_ name: String, _ value: Duration) -> Input { Input(name, .duration(value)) }
    package static func size(_ name: String, _ bytes: some BinaryInteger) -> Input {
        Input(name, .size(Int64(clamping: bytes)))
    }
    package static func text(_ name: String, _ value: String) -> Input { Input(name, .text(value)) }
}

extension [Input] {
    func count(_ name: String) -> Int64? {
        guard case .count(let count)? = first(where: { $0.name == name })?.figure else { return nil }
        return count
    }

    func duration(_ name: String) -> Duration? {
        guard case .duration(let duration)? = first(where: { $0.name == name })?.figure else { return nil }
        return duration
    }

    func text(_ name: String) -> String? {
        guard case .text(let text)? = first(where: { $0.name == name })?.figure else { return nil }
        return text
    }
}
