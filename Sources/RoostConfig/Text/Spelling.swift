/// "Did you mean": the nearest of a few known words.
enum Spelling {
    /// The word of `known` that `word` most likely was meant to be, or nil when none is near.
    static func nearest(to word: String, in known: [String]) -> String? {
        let typed = Array(word.lowercased().replacingSeparators.unicodeScalars.prefix(64))
        var best: (word: String, distance: Int)?
        for candidate in known {
            let scalars = Array(candidate.lowercased().replacingSeparators.unicodeScalars)
            let distance = distance(typed, scalars)
            let limit = max(1, min(typed.count, scalars.count) / 3)
            if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// Edits (insert, delete, replace, swap of neighbours) between two words: optimal string alignment.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let replaced = previous[column] + (left[row] == right[column] ? 0 : 1)
                var cost = min(replaced, previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, beforePrevious[column - 1] + 1)
                }
                current.append(cost)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}

extension String {
    /// `start-timeout` and `start timeout` are near to `start_timeout`.
    fileprivate var replacingSeparators: String {
        String(map { $0 == "-" || $0 == " " ? "_" : $0 })
    }
}
