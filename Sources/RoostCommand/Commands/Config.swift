import ArgumentParser
import RoostProtocol

/// `roost config`
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show, check and put back the configuration.",
        subcommands: [ConfigShow.self, ConfigCheck.self, ConfigHistory.self, ConfigRollback.self]
    )

    @OptionGroup var globals: GlobalOptions
}

/// `roost config show`
struct ConfigShow: Command {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the files of the running configuration, or of an earlier generation."
    )

    @Argument(help: "A generation of `roost config history`; the running one without it.")
    var generation: UInt64?

    @Flag(help: "Print every key of the files on disk instead, with the value in effect and who decided it.")
    var effective = false

    @OptionGroup var globals: GlobalOptions

    func validate() throws {
        if effective, generation != nil {
            throw ValidationError("--effective shows the files on disk: leave out the generation")
        }
    }

    func perform(_ call: Call) async throws {
        guard !effective else {
            let file = ConfigFile.standard(call.world.environment)
            return try ConfigProgram(call.world).run("show", file, asJSON: call.isJSON)
        }
        var request = ConfigShowRequest()
        request.generation = generation ?? 0
        let reply: ConfigShowReply = try await call.ask(.configShow, request)
        if call.isJSON { return try call.say(ConfigFiles.json(reply)) }
        try call.write(ConfigFiles.text(reply))
    }
}

/// `roost config check`
struct ConfigCheck: Command {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check configuration files without touching what runs; needs no supervisor."
    )

    @Argument(
        help: "The configuration (ROOST_CONFIG; else /etc/roost/roost.yaml if it exists, else Config/roost.yaml).",
        completion: .file(extensions: ["yaml"])
    )
    var file: String?

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        let file = file ?? ConfigFile.standard(call.world.environment)
        try ConfigProgram(call.world).run("check", file, asJSON: call.isJSON)
    }
}

/// `roost config history`
struct ConfigHistory: Command {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the configurations that were in force, the newest first."
    )

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        let reply: ConfigHistoryReply = try await call.ask(.configHistory, ConfigHistoryRequest())
        if call.isJSON { return try call.say(ConfigFiles.json(reply)) }
        try call.write(ConfigFiles.text(reply, colors: call.world.hasColors))
    }
}

/// `roost config rollback`
struct ConfigRollback: Command {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Put the files of an earlier generation back and take them over."
    )

    @Argument(help: ArgumentHelp("A generation of `roost config history`; the one before without it.", valueName: "n"))
    var generation: UInt64?

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        var request = ConfigRollbackRequest()
        request.generation = generation ?? 0
        let reply: ReloadReply = try await call.ask(.configRollback, request, within: nil)
        try ReloadOutcome(reply).say(on: call)
    }
}
