import ArgumentParser
import RoostIPC
import RoostPolicy
import RoostProtocol

/// `roost logs`
struct Logs: Command {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show the log lines of all processes, the oldest first.",
        discussion: "Shows what roostd keeps in memory (supervisor.log.ring); under systemd the journal has all of it."
    )

    @Argument(help: "Workers (NAME or NAME/0), or roostd; all of them without a name.", completion: .workers)
    var names: [String] = []

    @Flag(name: [.customShort("f"), .long], help: "Go on with what comes, until Ctrl-C.")
    var follow = false

    @Option(
        help: "Only lines since a time (2026-03-01T12:00:00Z) or for the last duration (5m).",
        transform: Since.parse
    )
    var since: Since?

    @Option(help: "Only lines of this level or a more severe one.")
    var level: Level?

    @Option(help: ArgumentHelp("Only lines whose message or fields match this regular expression.", valueName: "re"))
    var grep: String?

    @OptionGroup var globals: GlobalOptions

    enum Level: String, CaseIterable, ExpressibleByArgument {
        case trace, debug, info, notice, warning, error, critical

        fileprivate var wire: LogLevel {
            switch self {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
        }
    }

    func validate() throws { _ = try grep.map(LinePattern.init) }

    func perform(_ call: Call) async throws {
        var request = LogsRequest()
        request.names = names
        request.follow = follow
        request.sinceNs = since.map { $0.time(before: call.world.now()).nanoseconds }
        request.level = level?.wire ?? .unspecified
        let (asked, grep) = (request, grep)
        try await Self.check(names, on: call)
        let show: @Sendable (LogLines) throws -> Void = { item in
            let pattern = try grep.map(LinePattern.init)
            var text = item.dropped > 0 ? LogText.dropped(item.dropped, asJSON: call.isJSON) : ""
            for line in item.lines where pattern?.matches(LogText.body(of: line)) ?? true {
                text += LogText.line(line, asJSON: call.isJSON, colors: call.world.hasColors)
            }
            if !text.isEmpty { try call.write(text) }
        }
        guard follow else { return try await call.read(.logs, asked, as: LogLines.self, show) }
        let next: @Sendable (UInt64?) -> LogsRequest = { last in
            var request = asked
            request.sinceId = last
            return request
        }
        try await call.follow(.logs, next, as: LogLines.self) { item in
            try show(item)
            return item.lines.last?.id
        }
    }

    /// A name that is nothing would show nothing, and for ever with `-f`.
    private static func check(_ names: [String], on call: Call) async throws {
        var request = StatusRequest()
        request.names = names.filter { $0 != "roostd" }
        guard !request.names.isEmpty else { return }
        let _: StatusReply = try await call.ask(.status, request)
    }
}
