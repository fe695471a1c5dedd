import ArgumentParser
import RoostIPC
import RoostProtocol

/// `roost events`
struct EventsCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show what has happened: changes of workers and of the configuration.",
        discussion: "With -f and without --since only what happens from now on."
    )

    @Flag(name: [.customShort("f"), .long], help: "Go on with what comes, until Ctrl-C.")
    var follow = false

    @Option(
        help: ArgumentHelp(
            "Only events of this type, such as worker or config_changed; may be given again.",
            valueName: "t"
        ),
        completion: .list(["config_changed", "config_rejected", "worker", "error"])
    )
    var type: [String] = []

    @Option(help: ArgumentHelp("Only events behind this one.", valueName: "id"))
    var since: UInt64?

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        var request = EventsRequest()
        request.follow = follow
        request.types = type.flatMap { $0.split(separator: ",").map(String.init) }
        request.sinceId = since
        let asked = request
        let show: @Sendable (Events) throws -> Void = { item in
            var text = item.dropped > 0 ? EventText.dropped(item.dropped, asJSON: call.isJSON) : ""
            for event in item.events { text += EventText.line(event, asJSON: call.isJSON) }
            if !text.isEmpty { try call.write(text) }
        }
        guard follow else { return try await call.read(.events, asked, as: Events.self, show) }
        let next: @Sendable (UInt64?) -> EventsRequest = { last in
            var request = asked
            if let last { request.sinceId = last }
            return request
        }
        try await call.follow(.events, next, as: Events.self) { item in
            try show(item)
            return item.events.last?.id ?? (item.dropped == 0 ? item.last : nil)
        }
    }
}
