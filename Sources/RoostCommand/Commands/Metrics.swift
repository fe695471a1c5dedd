import ArgumentParser
import RoostProtocol

/// `roost metrics`
struct Metrics: Command {
    static let configuration = CommandConfiguration(abstract: "Show the figures that workers have handed over.")

    @Argument(help: "Workers to show; all of them without a name.", completion: .workers)
    var names: [String] = []

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        var request = MetricsRequest()
        request.names = names
        let reply: MetricsReply = try await call.ask(.metrics, request)
        if call.isJSON { return try call.say(MetricsText.json(reply)) }
        try call.write(MetricsText.text(reply, colors: call.world.hasColors))
    }
}
