import RoostJSON
import RoostPolicy
import RoostProtocol

/// The files of a configuration and the history of configurations.
enum ConfigFiles {
    /// Each file behind a comment with its name, so that the whole is still YAML.
    static func text(_ reply: ConfigShowReply) -> String {
        reply.files.map { file in
            let content = String(decoding: file.content, as: UTF8.self)
            let end = content.isEmpty || content.hasSuffix("\n") ? "" : "\n"
            return "# --- \(PlainText.of(file.path)) (configuration \(reply.generation))\n\(content)\(end)"
        }.joined(separator: "\n")
    }

    static func json(_ reply: ConfigShowReply) -> JSONValue {
        let files = reply.files.map { file -> JSONValue in
            ["path": .string(file.path), "content": .string(String(decoding: file.content, as: UTF8.self))]
        }
        return ["generation": .count(reply.generation), "files": .array(files)]
    }

    static func text(_ reply: ConfigHistoryReply, colors: Bool) -> String {
        var table = TextTable([
            ("", .left), ("GENERATION", .right), ("SINCE", .left), ("DIGEST", .left), ("BY", .left), ("CHANGED", .left),
        ])
        for entry in reply.generations {
            let changed = entry.changedFiles.joined(separator: " ")
            table.append([
                entry.current ? .init("*", .green) : "", .init("\(entry.generation)"),
                .init(WallTime(nanoseconds: entry.atNs).description), .init(String(entry.digest.prefix(12))),
                .init(entry.initiator), .init(changed.isEmpty ? "-" : changed),
            ])
        }
        return table.text(colors: colors)
    }

    static func json(_ reply: ConfigHistoryReply) -> JSONValue {
        let generations = reply.generations.map { entry -> JSONValue in
            [
                "generation": .count(entry.generation), "at": .time(entry.atNs), "initiator": .string(entry.initiator),
                "current": .bool(entry.current), "digest": .string(entry.digest),
                "changed_files": .array(entry.changedFiles.map { .string($0) }),
            ]
        }
        return ["generations": .array(generations)]
    }
}
