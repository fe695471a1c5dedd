import ArgumentParser

/// Turns ArgumentParser's paragraph about wrong arguments into one line that says where to look.
enum UsageError {
    static func failure(of error: any Error) -> CommandFailure {
        let message = words(of: Roost.message(for: error))
        let lowered = message.prefix(1).lowercased() + message.dropFirst()
        let problem = lowered.hasSuffix(".") ? String(lowered.dropLast()) : lowered
        return CommandFailure(.usage, code: "usage", "\(problem); see `\(help(for: error))`")
    }

    /// One line; a list of what is allowed has a line an entry (`  - info`).
    private static func words(of message: String) -> String {
        let lines = message.split(separator: "\n")
        let entries = lines.filter { $0.hasPrefix("  - ") }.map { $0.dropFirst(4) }
        let text = lines.filter { !$0.hasPrefix("  - ") }.joined(separator: " ")
        return text + (entries.isEmpty ? "" : " " + entries.joined(separator: ", "))
    }

    /// ArgumentParser ends with `See 'roost logs --help' for more information.`
    private static func help(for error: any Error) -> String {
        let text = Roost.fullMessage(for: error)
        guard let line = text.split(separator: "\n").last(where: { $0.contains("See '") }),
            let start = line.firstIndex(of: "'"), let end = line.lastIndex(of: "'"), start < end
        else { return "roost --help" }
        return String(line[line.index(after: start)..<end])
    }
}
