extension RoostSchema {
    static let proxy = ObjectSchema(
        [
            SchemaKey(
                "listen",
                .oneOrMore(.text(.address), count: 1...16),
                .value("127.0.0.1:8080"),
                .rolling,
                "Address and port, or a list of them; roostd binds them once and holds them over restarts."
            ),
            .group(
                "limits",
                .live,
                "What one client may ask for.",
                [
                    SchemaKey(
                        "connections",
                        .count(1...1_000_000),
                        .value("16384"),
                        .live,
                        "Client connections per instance; more wait in the backlog."
                    ),
                    SchemaKey(
                        "head",
                        .size(kibibyte...mebibyte),
                        .value("32KiB"),
                        .live,
                        "Request line and header fields together; beyond it 431."
                    ),
                    SchemaKey(
                        "fields",
                        .count(8...1000),
                        .value("128"),
                        .live,
                        "Header fields of a request or answer; beyond it 431."
                    ),
                    SchemaKey(
                        "body",
                        .size(0...tebibyte),
                        .value("0"),
                        .live,
                        "Request body; beyond it 413. 0 is any size: bodies are streamed in bounded memory."
                    ),
                    SchemaKey(
                        "target",
                        .size(256...mebibyte),
                        .value("8KiB"),
                        .live,
                        "The request's target (path and query); beyond it 414."
                    ),
                ]
            ),
            .group(
                "timeouts",
                .live,
                "How long a client may keep the proxy waiting.",
                [
                    SchemaKey(
                        "head",
                        .milliseconds(100...600_000),
                        .value("10s"),
                        .live,
                        "From the first byte of a request to the end of its head; then 408."
                    ),
                    SchemaKey(
                        "body",
                        .milliseconds(100...600_000),
                        .value("60s"),
                        .live,
                        "Without progress while a body is sent or taken; then the connection is closed."
                    ),
                    SchemaKey(
                        "idle",
                        .milliseconds(100...3_600_000),
                        .value("60s"),
                        .live,
                        "Between requests of a kept connection."
                    ),
                ]
            ),
            .group(
                "upstream",
                .live,
                "Connections to backends.",
                [
                    SchemaKey(
                        "idle_connections",
                        .count(0...10_000),
                        .value("64"),
                        .live,
                        "Kept open per backend for the next request."
                    ),
                    SchemaKey(
                        "idle_timeout",
                        .milliseconds(100...3_600_000),
                        .value("60s"),
                        .live,
                        "A kept connection is closed after that; best shorter than what the backends have."
                    ),
                ]
            ),
        ],
        later: LaterKeys.proxy
    )
}
