/// Sizes as they are written: bytes (`4096`) or with a binary unit (`64KiB`, `1.5MiB`, `2GiB`).
package enum SizeText {
    private static let units: [(name: String, bytes: Int64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// The size in bytes that `text` says, or nil: unknown unit (also `MB` and `M`, which mean two things), or too large.
    package static func parse(_ text: String) -> Int64? {
        let number = text.prefix { $0.isASCIIDigit || $0 == "." }
        let unit = text.dropFirst(number.count)
        guard let scale = unit.isEmpty ? 1 : units.first(where: { $0.name == unit })?.bytes else { return nil }
        return DecimalNumber(number)?.scaled(by: scale)
    }

    /// `bytes` with the largest unit that keeps it whole.
    package static func format(_ bytes: Int64) -> String {
        for (name, size) in units where bytes >= size && bytes % size == 0 && size > 1 {
            return "\(bytes / size)\(name)"
        }
        return "\(bytes)"
    }

    /// What somebody who wrote `64MB`, `64M` or `64mib` meant.
    static func suggestion(for text: String) -> String? {
        let number = text.prefix { $0.isASCIIDigit || $0 == "." }
        let letter = text.dropFirst(number.count).first.map { $0.uppercased() } ?? ""
        guard !number.isEmpty, let unit = units.first(where: { $0.name.hasPrefix(letter) && $0.bytes > 1 })?.name,
            !letter.isEmpty, DecimalNumber(number) != nil
        else { return nil }
        return "\(number)\(unit)"
    }
}
