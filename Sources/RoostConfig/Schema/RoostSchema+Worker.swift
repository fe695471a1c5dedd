extension RoostSchema {
    /// An entry of `workers`.
    static let worker = ObjectSchema([
        .optional(
            "command",
            .list(.text(.argument), count: 1...256),
            .rolling,
            "Run this program instead, as a plain process: no heartbeat, ready when it runs (or says so by sd_notify)."
        ),
        .optional(
            "executable",
            .text(.path),
            .rolling,
            "The worker program; without it roost-NAME beside roostd or in ../libexec/roost."
        ),
        .optional(
            "directory",
            .text(.path),
            .rolling,
            "Working directory; without it that of roostd."
        ),
        SchemaKey(
            "instances",
            .count(0...64),
            .value("1"),
            .live,
            "Processes of this worker; they share its listeners. `roost scale` changes it until the next reload."
        ),
        SchemaKey(
            "restart",
            .choice(["permanent", "transient", "temporary"]),
            .value("permanent"),
            .live,
            "permanent: always again; transient: after a failure; temporary: never."
        ),
        .group(
            "strategy",
            .live,
            "Who is restarted along with it.",
            shorthand: "kind",
            [
                SchemaKey(
                    "kind",
                    .choice(["one_for_one", "rest_for_one", "one_for_all"]),
                    .value("one_for_one"),
                    .live,
                    "one_for_one: nobody; rest_for_one: those after it in its group; one_for_all: its whole group."
                ),
                SchemaKey(
                    "group",
                    .text(.workerName),
                    .value("default"),
                    .live,
                    "Workers with the same group belong together; their order is that of the file."
                ),
            ]
        ),
        .group(
            "intensity",
            .live,
            "When a crash loop is given up.",
            shorthand: "restarts",
            [
                SchemaKey(
                    "restarts",
                    .count(0...1000),
                    .value("5"),
                    .live,
                    "More failures than this within the period are a crash loop."
                ),
                SchemaKey("period", .seconds(1...86_400), .value("30s"), .live, "The time over which failures count."),
                SchemaKey(
                    "then",
                    .choice(["quarantine", "escalate"]),
                    .value("quarantine"),
                    .live,
                    "quarantine: stop trying, the others serve on; escalate: roostd ends with status 75."
                ),
            ]
        ),
        .group(
            "backoff",
            .live,
            "Wait before the next try; it doubles, with full jitter. The first one is immediate.",
            shorthand: "base",
            [
                SchemaKey("base", .milliseconds(1...60_000), .value("100ms"), .live, "Bound of the first wait."),
                SchemaKey("max", .milliseconds(1...3_600_000), .value("30s"), .live, "Bound of every wait."),
            ]
        ),
        SchemaKey(
            "healthy_after",
            .milliseconds(100...3_600_000),
            .value("10s"),
            .live,
            "Running this long without failure resets the backoff; shorter lives count as one crash loop."
        ),
        .group(
            "heartbeat",
            .live,
            "How a hang is noticed: the worker reports progress.",
            shorthand: "deadline",
            [
                SchemaKey(
                    "interval",
                    .milliseconds(50...60_000),
                    .value("1s"),
                    .live,
                    "Time between reports; half of the deadline where the default would not fit."
                ),
                SchemaKey(
                    "deadline",
                    .milliseconds(100...600_000),
                    .value("2s"),
                    .live,
                    "Silence that counts as a hang; up to five times longer while the process gets no CPU."
                ),
            ]
        ),
        SchemaKey(
            "start_timeout",
            .milliseconds(100...3_600_000),
            .value("10s"),
            .live,
            "From spawn to ready; then it counts as failed."
        ),
        SchemaKey(
            "drain",
            .duration(.zero ... .seconds(3600)),
            .value("30s"),
            .live,
            "Time to finish what is in flight before SIGTERM."
        ),
        SchemaKey(
            "stop_timeout",
            .milliseconds(10...600_000),
            .value("5s"),
            .live,
            "From SIGTERM to SIGKILL."
        ),
        .group(
            "memory",
            .live,
            "Resident memory of one instance, sampled every second.",
            shorthand: "hard",
            [
                .optional("soft", .size(mebibyte...tebibyte), .live, "Above it the instance is restarted gently."),
                .optional("hard", .size(mebibyte...tebibyte), .live, "Above it the instance is killed and replaced."),
            ]
        ),
        SchemaKey(
            "after",
            .list(.text(.workerName), count: 0...64),
            .empty,
            .live,
            "Workers that must be ready before this one starts; it stops before they do."
        ),
        .optional("user", .text(.account), .rolling, "Run as this user; only where roostd is started as root."),
        .optional("group", .text(.account), .rolling, "Run as this group; without it the user's own."),
        SchemaKey(
            "environment",
            .environment,
            .empty,
            .rolling,
            "NAME: value sets, NAME: passes roostd's own on. Beside these only PATH, LANG, LC_ALL and TZ are passed."
        ),
        SchemaKey("nice", .count(-20...19), .value("0"), .rolling, "Scheduling priority; below 0 needs root."),
        SchemaKey(
            "oom_score_adjust",
            .count(-1000...1000),
            .value("100"),
            .rolling,
            "Short of memory, the kernel ends workers before roostd. Below roostd's own needs root."
        ),
        .group(
            "limits",
            .rolling,
            "setrlimit(2); what is not written is inherited.",
            [
                .optional("open_files", .count(16...1_048_576), .rolling, "RLIMIT_NOFILE."),
                .optional("processes", .count(1...4_194_304), .rolling, "RLIMIT_NPROC, counted per user."),
                .optional("core", .size(0...tebibyte), .rolling, "RLIMIT_CORE; 0 writes no core files."),
                .optional("file_size", .size(0...tebibyte), .rolling, "RLIMIT_FSIZE."),
                .optional("address_space", .size(mebibyte...tebibyte), .rolling, "RLIMIT_AS."),
                .optional("stack", .size(64 * kibibyte...tebibyte), .rolling, "RLIMIT_STACK."),
                .optional("locked_memory", .size(0...tebibyte), .rolling, "RLIMIT_MEMLOCK."),
            ]
        ),
    ])
}
