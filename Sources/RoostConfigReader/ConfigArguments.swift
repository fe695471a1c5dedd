import RoostConfig

/// The arguments of `roost-config`.
struct ConfigArguments {
    enum Verb: Equatable {
        case help
        case check(String)
        case emit(String)
        case show(String)
        case schema(JSONSchema.Kind)
    }

    /// A part of the configuration that one worker uses.
    enum Section: String, CaseIterable {
        case proxy

        /// True for what keeps this worker from using the configuration: its own keys and those that all share, its
        /// rules, and files that cannot be read at all.
        func concerns(_ finding: Finding, main: String) -> Bool {
            let key = finding.key
            if finding.position.file != main, finding.position.file != SourcePosition.environment.file { return true }
            return ["file", "yaml"].contains(key)
                || [rawValue, "limits"].contains { key == $0 || key.hasPrefix("\($0).") }
                || key.hasPrefix("ROOST_\(rawValue.uppercased())_") || key.hasPrefix("ROOST_LIMITS_")
        }
    }

    var verb = Verb.help
    var isJSON = false
    var section: Section?

    /// Nil when they are none of those in the usage.
    init?(_ arguments: [String]) {
        var words: [String] = []
        var index = 0
        var onlyWords = false
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            switch argument {
            case _ where onlyWords: words.append(argument)
            case "--": onlyWords = true
            case "--help", "-h":
                return
            case "--json": isJSON = true
            case "--section":
                guard index < arguments.count, let named = Section(rawValue: arguments[index]) else { return nil }
                section = named
                index += 1
            case _ where argument.hasPrefix("-"): return nil
            default: words.append(argument)
            }
        }
        guard words.count == 2, let verb = Self.verb(words[0], words[1]) else { return nil }
        self.verb = verb
        switch verb {
        case .check: break
        case .show where section == nil: break
        case .help, .show, .emit, .schema: guard section == nil, !isJSON else { return nil }
        }
    }

    private static func verb(_ name: String, _ argument: String) -> Verb? {
        switch name {
        case "check": .check(argument)
        case "emit": .emit(argument)
        case "show": .show(argument)
        case "schema": JSONSchema.Kind(rawValue: argument).map(Verb.schema)
        default: nil
        }
    }
}
