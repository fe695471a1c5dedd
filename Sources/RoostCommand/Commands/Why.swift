import ArgumentParser
import RoostProtocol

/// `roost why`
struct Why: Command {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a worker is as it is: what happened last, what led to it, and who.",
        discussion: """
            NAME means all instances of a worker, NAME/0 one of them, roostd the supervisor, configuration its changes.
            Every start, stop, restart and refusal is kept, over restarts of roostd and reboots.
            """
    )

    @Argument(help: "Whom to ask about; every worker without a name.", completion: .workers)
    var names: [String] = []

    @Flag(help: "Everything that is kept about it as well, the newest first.")
    var history = false

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        var request = WhyRequest()
        request.names = names
        request.history = history
        var reply: WhyReply = try await call.ask(.why, request)
        guard !call.isJSON else {
            let answers = reply.answers
            var entries = reply.history
            while let next = Self.next(request, after: reply) {
                reply = try await call.ask(.why, next)
                entries += reply.history
            }
            return try call.say(WhyText.json(answers, history ? entries : nil))
        }
        try call.write(WhyText.text(reply.answers))
        if history { try call.write(WhyText.text(reply.history)) }
        while let next = Self.next(request, after: reply) {
            reply = try await call.ask(.why, next)
            try call.write(WhyText.text(reply.history))
        }
    }

    /// What to ask for the rest of the history; nil: it is complete.
    private static func next(_ request: WhyRequest, after reply: WhyReply) -> WhyRequest? {
        guard reply.nextBeforeId > 0 else { return nil }
        var next = request
        next.beforeId = reply.nextBeforeId
        return next
    }
}
