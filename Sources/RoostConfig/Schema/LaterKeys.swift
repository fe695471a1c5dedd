/// The keys that are named for later versions and do nothing yet. They are refused with their own message, so that
/// nobody believes in them; implementing one means moving it from here into its table.
enum LaterKeys {
    static let topLevel = [
        "content_sources", "transport", "device", "voice", "metrics", "alerts", "console", "storage",
    ]
    static let proxy = ["content_root", "content_allow"]
    static let rule = [
        "headers", "validate", "retry", "circuit_breaker", "health_check", "rate_limit", "replace", "cache",
        "hash",
    ]
    static let ruleMatch = ["headers"]
    static let rulePath = ["regex"]
    static let ruleContent = ["when", "status", "content_type"]
    /// Methods of balancing that are named and not there.
    static let balance = ["least_connections", "power_of_two", "random", "consistent_hash"]
}
