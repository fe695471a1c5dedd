import ArgumentParser
import RoostJSON
import RoostProtocol
import RoostReactor

/// `roost status`
struct Status: Command {
    static let configuration = CommandConfiguration(abstract: "Show the supervisor and every worker.")

    @Argument(help: "Workers to show; all of them without a name.", completion: .workers)
    var names: [String] = []

    @Flag(help: "Show it anew every second, until Ctrl-C.")
    var watch = false

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        guard watch else { return try show(await ask(call), on: call) }
        let names = names
        try await call.untilUnwanted {
            while true {
                try await StatusScreen.draw(names, on: call)
                try await call.world.reactor.sleep(for: .seconds(1))
            }
        }
    }

    private func ask(_ call: Call) async throws -> StatusReply {
        var request = StatusRequest()
        request.names = names
        return try await call.ask(.status, request)
    }

    private func show(_ reply: StatusReply, on call: Call) throws {
        if call.isJSON { return try call.say(StatusJSON.value(of: reply)) }
        try call.write(StatusText.text(of: reply, colors: call.world.hasColors))
    }
}

/// `roost status --watch`: every second the whole picture, also while there is no supervisor.
private enum StatusScreen {
    /// To the top left corner, and everything below gone (ECMA-48, CUP and ED).
    private static let clear = "\u{1b}[H\u{1b}[J"

    static func draw(_ names: [String], on call: Call) async throws {
        var request = StatusRequest()
        request.names = names
        var text: String
        do {
            let reply: StatusReply = try await call.ask(.status, request)
            text =
                call.isJSON
                ? JSONWriter.compact(StatusJSON.value(of: reply)) + "\n"
                : StatusText.text(of: reply, colors: call.world.hasColors)
        } catch let failure as CommandFailure where failure.status == .noSupervisor {
            text = (call.isJSON ? failure.json : failure.line) + "\n"
        }
        if call.world.isTerminal, !call.isJSON { text = clear + text }
        try call.write(text)
    }
}
