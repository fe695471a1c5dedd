import ArgumentParser
import RoostProtocol

/// `roost stop`
struct Stop: Command {
    static let configuration = CommandConfiguration(
        abstract: "Stop workers and wait until they have ended.",
        discussion: "NAME means all instances of a worker, NAME/0 one of them."
    )

    @Argument(help: "Workers to stop.", completion: .workers)
    var names: [String]

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        var request = StopRequest()
        request.names = names
        let reply: ChangeReply = try await call.ask(.stop, request, within: nil)
        try ChangeOutcome(reply.outcomes, "stopped").say(on: call)
    }
}

/// `roost start`
struct Start: Command {
    static let configuration = CommandConfiguration(
        abstract: "Start workers that are stopped, parked or quarantined, and wait until they run.",
        discussion: "NAME means all instances of a worker, NAME/0 one of them."
    )

    @Argument(help: "Workers to start.", completion: .workers)
    var names: [String]

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        var request = StartRequest()
        request.names = names
        let reply: ChangeReply = try await call.ask(.start, request, within: nil)
        try ChangeOutcome(reply.outcomes, "started").say(on: call)
    }
}

/// `roost scale`
struct Scale: Command {
    static let configuration = CommandConfiguration(
        abstract: "Run so many instances of a worker; they share its listeners.",
        discussion: "Holds until roostd ends; the configuration's `instances` stays as it is."
    )

    @Argument(help: "The worker.", completion: .workers)
    var name: String

    @Argument(help: ArgumentHelp("How many instances.", valueName: "n"))
    var instances: UInt32

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        var request = ScaleRequest()
        request.name = name
        request.instances = instances
        let reply: ChangeReply = try await call.ask(.scale, request, within: nil)
        try ChangeOutcome(reply.outcomes, "started").say(on: call)
        if !call.isJSON { try call.say("\(name) has \(instances) instance\(instances == 1 ? "" : "s")") }
    }
}
