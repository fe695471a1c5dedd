/// The order in which rules are tried: higher priority first, then the more specific match, then the name.
///
/// More specific: an exact host before a wildcard before none, of two wildcards the longer; then an exact path before a
/// prefix before none, of two prefixes the longer; then a rule that names methods.
struct RuleOrder: Comparable {
    private let priority: Int
    private let host: Int
    private let path: Int
    private let methods: Int
    private let name: String

    init(_ rule: ProxyRule, host pattern: String?) {
        priority = rule.priority
        switch pattern {
        case .none: host = 0
        case .some(let pattern): host = pattern.hasPrefix("*.") ? pattern.utf8.count : 1_000 + pattern.utf8.count
        }
        switch rule.path {
        case .any: path = 0
        case .prefix(let prefix): path = 1 + prefix.utf8.count
        case .exact(let exact): path = 1_000_000 + exact.utf8.count
        }
        methods = rule.methods.isEmpty ? 0 : 1
        name = rule.name
    }

    static func < (left: RuleOrder, right: RuleOrder) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        if left.host != right.host { return left.host > right.host }
        if left.path != right.path { return left.path > right.path }
        if left.methods != right.methods { return left.methods > right.methods }
        return left.name < right.name
    }
}
