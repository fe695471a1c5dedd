/// The keys of a rule file, `rules.d/NAME.yaml`.
package enum RuleSchema {
    package static let root = ObjectSchema(
        [
            SchemaKey("name", .text(.ruleName), .required, .live, "The file's name without .yaml."),
            SchemaKey(
                "priority",
                .count(-1000...1000),
                .value("0"),
                .live,
                "Higher first; then the more specific match, then the name."
            ),
            SchemaKey("match", .object(match), .nested, .live, "Which requests; what is left out matches every one."),
            .optional(
                "backends",
                .list(.object(backend), count: 1...256),
                .live,
                "The servers that answer."
            ),
            SchemaKey(
                "balance",
                .choice(["round_robin"]),
                .value("round_robin"),
                .live,
                "How a backend is chosen."
            ),
            .group(
                "rewrite",
                .live,
                "What a backend gets to see instead of what the client sent.",
                [
                    .optional(
                        "strip_prefix",
                        .text(.urlPath),
                        .live,
                        "Taken off the path, in whole segments, where it is there."
                    ),
                    .optional("add_prefix", .text(.urlPath), .live, "Put before the path, after strip_prefix."),
                    SchemaKey(
                        "host",
                        .choice(["client", "backend"]),
                        .value("client"),
                        .live,
                        "The Host field: as the client sent it, or the backend's own."
                    ),
                ]
            ),
            .group(
                "timeouts",
                .live,
                "How long a backend may take.",
                [
                    SchemaKey("connect", .milliseconds(1...600_000), .value("1s"), .live, "To accept a connection."),
                    SchemaKey(
                        "response",
                        .milliseconds(1...3_600_000),
                        .value("30s"),
                        .live,
                        "From the request's end until the head of the answer has arrived."
                    ),
                    SchemaKey(
                        "idle",
                        .milliseconds(1...3_600_000),
                        .value("60s"),
                        .live,
                        "Without progress while a body is on its way."
                    ),
                ]
            ),
            .optional("content", .object(content), .live, "Answer from a content source instead of a backend."),
        ],
        later: LaterKeys.rule
    )

    static let match = ObjectSchema(
        [
            .optional(
                "hosts",
                .oneOrMore(.text(.hostPattern), count: 1...256),
                .live,
                "Host names; \"*.\" in front stands for any depth of sub-domains. Any port."
            ),
            .optional("path", .object(path), .live, "The path of the request, before a query."),
            .optional(
                "methods",
                .oneOrMore(.text(.method), count: 1...32),
                .live,
                "Request methods, in capitals."
            ),
        ],
        later: LaterKeys.ruleMatch
    )

    static let path = ObjectSchema(
        [
            .optional("prefix", .text(.urlPath), .live, "Whole segments: /v1/ matches /v1 and /v1/x, not /v10."),
            .optional("exact", .text(.urlPath), .live, "This path and no other."),
        ],
        later: LaterKeys.rulePath
    )

    static let backend = ObjectSchema(
        [
            SchemaKey("url", .text(.backendURL), .required, .live, "http://HOST:PORT"),
            SchemaKey(
                "weight",
                .count(1...1000),
                .value("1"),
                .live,
                "Share of the requests, against the other backends."
            ),
        ],
        shorthand: "url"
    )

    static let content = ObjectSchema(
        [
            SchemaKey(
                "source",
                .text(.sourceName),
                .required,
                .live,
                "The source's name; `welcome` is built in: the page that a fresh installation shows."
            )
        ],
        later: LaterKeys.ruleContent,
        shorthand: "source"
    )
}
