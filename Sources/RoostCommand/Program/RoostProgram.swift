import ArgumentParser
import CLinux
import Glibc
import RoostReactor

/// The program `roost`: arguments in, output and exit status out.
package enum RoostProgram {
    /// Runs one command on a loop of its own; returns the exit status (0, 1, 2 or 64).
    package static func run(arguments: [String]) -> Int32 {
        // A reader that went away shows as a failed write.
        roost_ignore_sigpipe()
        let parsed = parse(arguments)
        do {
            let reactor = try Reactor()
            reactor.becomeProcessExecutor()
            let world = World.process(on: reactor)
            guard case .success(let command) = parsed else { return finish(parsed, arguments, world) }
            return run(command, in: world)
        } catch {
            World.write("roost: \(error)\n", to: STDERR_FILENO)
            return CommandFailure.Status.failed.rawValue
        }
    }

    /// What `run` does, in a world that a test has made.
    package static func run(arguments: [String], in world: World) async -> Int32 {
        let parsed = parse(arguments)
        guard case .success(let command) = parsed else { return finish(parsed, arguments, world) }
        return await perform(command.value, in: world)
    }

    // MARK: Steps

    /// Parsed arguments cross to the task that runs them, and nobody else keeps them.
    private struct Parsed: @unchecked Sendable {
        let value: any Command
    }

    private static func parse(_ arguments: [String]) -> Result<Parsed, any Error> {
        do {
            return .success(Parsed(value: try command(arguments)))
        } catch {
            return .failure(error)
        }
    }

    /// The command that these arguments mean.
    ///
    /// - Throws: Errors of ArgumentParser, for wrong usage and also for what it answers itself, such as help.
    static func command(_ arguments: [String]) throws -> any Command {
        var parsed = try Roost.parseAsRoot(arguments)
        if let command = parsed as? any Command { return command }
        try parsed.run()  // a group without its command: throws the request for its help
        throw CleanExit.helpRequest()
    }

    /// Help, version, completions and wrong usage.
    private static func finish(_ parsed: Result<Parsed, any Error>, _ arguments: [String], _ world: World) -> Int32 {
        guard case .failure(let error) = parsed else { return 0 }
        guard Roost.exitCode(for: error) != .success else {
            world.say(Roost.fullMessage(for: error))
            return 0
        }
        return world.complain(UsageError.failure(of: error), asJSON: arguments.contains("--json"))
    }

    private static func run(_ command: Parsed, in world: World) -> Int32 {
        let outcome = Outcome()
        world.reactor.start {
            outcome.status = await perform(command.value, in: world)
            world.reactor.stop()
        }
        world.reactor.run()
        return outcome.status
    }

    private final class Outcome: @unchecked Sendable {  // used on the reactor's thread only
        var status: Int32 = 0
    }

    private static func perform(_ command: any Command, in world: World) async -> Int32 {
        do {
            try await command.perform(Call(world, command.globals))
            return 0
        } catch is ReaderGone {
            return 0
        } catch let said as AlreadySaid {
            return said.status.rawValue
        } catch {
            return world.complain(CommandFailure(error), asJSON: command.globals.json)
        }
    }
}
