/// A value that an environment variable gives to a key.
package struct EnvironmentOverride: Sendable {
    /// The variable's name, `ROOST_PROXY_LISTEN`.
    package var variable: String
    package var text: String

    var node: ConfigurationNode { ConfigurationNode(.scalar(text, isQuoted: false), at: .environment) }
}

/// Resolves `ROOST_` variables against the schema: the variable of a key is its path in capitals, `.` and `-` as `_`.
package enum EnvironmentOverrides {
    private static let prefix = "ROOST_"
    /// Variables that are not configuration.
    private static let others = [
        "ROOST_CONFIG", "ROOST_STATE", "ROOST_RUNTIME", "ROOST_WORKER", "ROOST_INSTANCE", "ROOST_SOAK",
    ]

    /// The overrides by path, and a warning for each variable that names nothing. `workers` are the entries that the
    /// text has: a variable changes an entry and cannot make one.
    package static func resolve(
        _ variables: [String: String],
        workers: [String]
    )
        -> (overrides: [String: EnvironmentOverride], warnings: [Finding])
    {
        let given = candidates(variables)
        guard !given.isEmpty else { return ([:], []) }
        let paths = Dictionary(
            scalarPaths(of: RoostSchema.root, under: "", names: workers).map { (variable(for: $0), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var overrides: [String: EnvironmentOverride] = [:]
        var warnings: [Finding] = []
        for (name, text) in given {
            if let path = paths[name] {
                overrides[path] = EnvironmentOverride(variable: name, text: text)
            } else {
                let near = Spelling.nearest(to: name, in: Array(paths.keys).sorted() + others)
                let mend = near.map { "did you mean \($0)?" } ?? "unset it"
                warnings.append(Finding(.warning, .environment, name, "names no key of the configuration", mend))
            }
        }
        return (overrides, warnings)
    }

    /// The variables that are meant for the configuration, sorted by name.
    package static func candidates(_ variables: [String: String]) -> [(name: String, text: String)] {
        variables.filter { $0.key.hasPrefix(prefix) && !others.contains($0.key) }
            .map { ($0.key, $0.value) }
            .sorted { $0.0 < $1.0 }
    }

    /// The variable that overrides the key at `path`.
    package static func variable(for path: String) -> String {
        prefix + String(path.map { $0 == "." || $0 == "-" ? "_" : $0 }).uppercased()
    }

    /// Every key that a scalar can say, with map names filled in.
    package static func scalarPaths(of schema: ObjectSchema, under path: String, names: [String]) -> [String] {
        schema.keys.flatMap { key -> [String] in
            let own = Validation.join(path, key.name)
            switch key.type {
            case .object(let inner): return scalarPaths(of: inner, under: own, names: names)
            case .map(_, .object(let inner)):
                return names.flatMap { scalarPaths(of: inner, under: "\(own).\($0)", names: names) }
            default: return key.type.isScalar ? [own] : []
            }
        }
    }
}
