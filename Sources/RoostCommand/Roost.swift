import ArgumentParser
import RoostProtocol

/// `roost`: what an operator types.
struct Roost: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roost",
        abstract: "Shows and steers a running roostd and its workers.",
        version: Release.version,
        subcommands: [
            Status.self, Restart.self, Stop.self, Start.self, Scale.self, Plan.self, Reload.self, Config.self,
            Logs.self, EventsCommand.self, Why.self, Metrics.self, DrillCommand.self,
            DoctorCommand.self,
        ]
    )

    @OptionGroup var globals: GlobalOptions
}

/// A command that does something.
///
/// Each gives its `commandName`: ArgumentParser makes one of the type's name otherwise, by casts that look through all
/// conformances of the program, which were a seventh of the time of a call.
protocol Command: ParsableCommand {
    var globals: GlobalOptions { get }

    /// Does it and says the outcome.
    ///
    /// - Throws: `CommandFailure`, `RequestFailure` or `ReaderGone`.
    func perform(_ call: Call) async throws
}
