/// Rules of which one can never be used.
enum RuleConflicts {
    static func run(_ settings: [Setting], _ validation: inout Validation) {
        var seen: [Key: Setting] = [:]
        for setting in settings where !setting.isMistaken && !isDoubtful(setting) {
            let key = Key(ForwardingRule(setting))
            guard let first = seen[key] else {
                seen[key] = setting
                continue
            }
            let position = setting["match"].position
            let name = first.text("name")
            if first.integer("priority") == setting.integer("priority") {
                validation.report(
                    .error,
                    position,
                    "match",
                    "is the same as that of rule \(name), with the same priority",
                    "change one of them, or remove one rule"
                )
            } else {
                let (hidden, other) =
                    first.integer("priority") > setting.integer("priority") ? (setting, first) : (first, setting)
                validation.report(
                    .warning,
                    hidden["match"].position,
                    "match",
                    "rule \(hidden.text("name")) is never used, \(other.text("name")) matches the same with a higher priority",
                    "change one of them, or remove the rule"
                )
            }
        }
    }

    /// A part of the match was wrong, so that what it matches is not known.
    private static func isDoubtful(_ rule: Setting) -> Bool {
        let match = rule["match"]
        let parts = [
            match, match["hosts"], match["path"], match["path"]["prefix"], match["path"]["exact"], match["methods"],
        ]
        return parts.contains(where: \.isMistaken)
            || (match["hosts"].elements + match["methods"].elements).contains(where: \.isMistaken)
    }

    /// What a rule matches, in a normal form.
    private struct Key: Hashable {
        let hosts: Set<HostPattern>
        let methods: Set<String>
        let path: ForwardingRule.Match.Path?

        init(_ rule: ForwardingRule) {
            hosts = Set(rule.match.hosts)
            methods = Set(rule.match.methods)
            path = rule.match.path?.normal
        }
    }
}

extension ForwardingRule.Match.Path {
    /// `/v1/` and `/v1` are one prefix, and `/` is every path.
    fileprivate var normal: Self? {
        guard case .prefix(let text) = self else { return self }
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        return trimmed.isEmpty ? nil : .prefix(trimmed)
    }
}
