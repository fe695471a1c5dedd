extension RoostSchema {
    static let supervisor = ObjectSchema([
        SchemaKey(
            "lease",
            .seconds(1...3600),
            .value("10s"),
            .live,
            "How long a worker goes on without a supervisor before it drains and ends; long enough for an upgrade."
        ),
        SchemaKey(
            "shutdown_timeout",
            .seconds(1...3600),
            .value("60s"),
            .live,
            "A stop of everything ends by then; what is left is killed. Longer than the longest drain."
        ),
        SchemaKey(
            "concurrent_starts",
            .count(1...64),
            .value("4"),
            .live,
            "Workers that start at the same time; more makes a boot slower on few cores."
        ),
        .group(
            "spawn_budget",
            .live,
            "New processes over all workers, so that crashing ones cannot starve the rest.",
            [
                SchemaKey("rate", .count(1...1000), .value("10"), .live, "Processes per second in the long run."),
                SchemaKey("burst", .count(1...1000), .value("20"), .live, "Processes at once after a quiet time."),
            ]
        ),
        .group(
            "control",
            .live,
            "Who may use the control socket; the user of roostd and root may do everything.",
            [
                SchemaKey(
                    "observe_group",
                    .text(.account),
                    .value("roost-observe"),
                    .live,
                    "Members may look."
                ),
                SchemaKey(
                    "operate_group",
                    .text(.account),
                    .value("roost-operate"),
                    .live,
                    "Members may also start, stop and restart."
                ),
                SchemaKey(
                    "admin_group",
                    .text(.account),
                    .value("roost-admin"),
                    .live,
                    "Members may also change the configuration."
                ),
                SchemaKey(
                    "connections",
                    .count(1...4096),
                    .value("64"),
                    .supervisor,
                    "Callers connected at once; more are refused. Of 64, users without rights here hold 16, other users 32."
                ),
            ]
        ),
        .group(
            "log",
            .live,
            "The logs of roostd and of all workers.",
            [
                SchemaKey(
                    "level",
                    .choice(["trace", "debug", "info", "notice", "warning", "error"]),
                    .value("info"),
                    .live,
                    "The least severe level that is kept."
                ),
                SchemaKey(
                    "format",
                    .choice(["auto", "human", "json", "journal"]),
                    .value("auto"),
                    .live,
                    "auto: journal fields under systemd, human on a terminal, JSON lines otherwise."
                ),
                SchemaKey(
                    "ring",
                    .size(64 * kibibyte...256 * mebibyte),
                    .value("2MiB"),
                    .live,
                    "Memory for `roost logs`; the oldest lines go first."
                ),
            ]
        ),
        .group(
            "events",
            .live,
            "The event stream.",
            [
                SchemaKey(
                    "ring",
                    .count(100...100_000),
                    .value("10000"),
                    .live,
                    "Events kept for readers that resume."
                )
            ]
        ),
        .group(
            "history",
            .live,
            "What has been.",
            [
                SchemaKey(
                    "generations",
                    .count(1...1000),
                    .value("50"),
                    .live,
                    "Configurations kept for `roost config history` and `rollback`."
                ),
                SchemaKey(
                    "record",
                    .size(64 * kibibyte...256 * mebibyte),
                    .value("4MiB"),
                    .live,
                    "Disk space for the answers of `roost why`; the oldest go first."
                ),
            ]
        ),
        .group(
            "reload",
            .live,
            "How a changed configuration is taken over.",
            [
                SchemaKey(
                    "check_timeout",
                    .milliseconds(100...60_000),
                    .value("10s"),
                    .live,
                    "Reading and checking the files ends by then, or the change is refused."
                ),
                SchemaKey(
                    "prepare_timeout",
                    .milliseconds(100...60_000),
                    .value("5s"),
                    .live,
                    "Every worker has prepared by then; silence counts as a refusal."
                ),
                SchemaKey(
                    "commit_timeout",
                    .milliseconds(100...60_000),
                    .value("5s"),
                    .live,
                    "A worker that has prepared has switched by then, or it is restarted."
                ),
            ]
        ),
        .group(
            "watch",
            .live,
            "Changes of roost.yaml and rules.d/ are taken over without `roost reload`.",
            shorthand: "enabled",
            [
                SchemaKey("enabled", .boolean, .value("true"), .live, "false: only `roost reload` and SIGHUP reload."),
                SchemaKey(
                    "debounce",
                    .milliseconds(10...10_000),
                    .value("200ms"),
                    .live,
                    "Quiet time after the last change of a file; editors write in several steps."
                ),
            ]
        ),
    ])

    static let limits = ObjectSchema([
        SchemaKey(
            "frame",
            .size(64 * kibibyte...16 * mebibyte),
            .value("1MiB"),
            .supervisor,
            "Largest frame between processes; a larger one closes its connection."
        ),
        SchemaKey(
            "send_queue",
            .size(64 * kibibyte...256 * mebibyte),
            .value("4MiB"),
            .supervisor,
            "Unsent bytes per connection between processes before its writer has to wait or is cut off."
        ),
        SchemaKey(
            "log_line",
            .size(256...mebibyte),
            .value("16KiB"),
            .rolling,
            "A longer log line is cut, so that one process cannot fill the ring."
        ),
    ])
}
