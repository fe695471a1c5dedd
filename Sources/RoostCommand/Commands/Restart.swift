import ArgumentParser
import RoostPolicy
import RoostProtocol

/// `roost restart`
struct Restart: Command {
    static let configuration = CommandConfiguration(
        abstract: "Restart workers and wait until they run again.",
        discussion: "NAME means all instances of a worker, NAME/0 one of them."
    )

    @Argument(help: "Workers to restart.", completion: .workers)
    var names: [String]

    @Flag(help: "Start and prove the new process before the old one drains.")
    var rolling = false

    @Option(
        help: ArgumentHelp(
            "How long to wait for the outcome, such as 30s; else the worker's own limits.",
            valueName: "t"
        ),
        transform: DurationArgument.parse
    )
    var timeout: Duration?

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        var request = RestartRequest()
        request.names = names
        request.rolling = rolling
        request.timeoutMs = timeout.map { UInt32(clamping: max(1, $0.wholeNanoseconds / 1_000_000)) } ?? 0
        let limit = timeout.map { $0 + .seconds(5) }
        let reply: ChangeReply = try await call.ask(.restart, request, within: limit)
        try ChangeOutcome(reply.outcomes, "restarted").say(on: call)
    }
}
