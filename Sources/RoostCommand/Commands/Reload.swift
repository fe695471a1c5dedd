import ArgumentParser
import RoostProtocol

/// `roost reload`
struct Reload: Command {
    static let configuration = CommandConfiguration(
        abstract: "Take over the changed configuration, as a whole or not at all."
    )

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        let reply: ReloadReply = try await call.ask(.reload, ReloadRequest(), within: nil)
        try ReloadOutcome(reply).say(on: call)
    }
}
