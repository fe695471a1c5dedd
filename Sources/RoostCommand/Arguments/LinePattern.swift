import ArgumentParser
import _StringProcessing

/// A regular expression that a line contains.
struct LinePattern {
    private let regex: Regex<AnyRegexOutput>

    /// - Throws: `ValidationError` that says what is wrong with it.
    init(_ text: String) throws {
        do {
            regex = try Regex(text)
        } catch {
            throw ValidationError(
                "--grep '\(text)' is no regular expression (\(error)); quote special characters with \\"
            )
        }
    }

    func matches(_ line: String) -> Bool { (try? regex.firstMatch(in: line)) ?? nil != nil }
}
