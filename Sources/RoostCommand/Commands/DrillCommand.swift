import ArgumentParser
import Glibc
import RoostIPC
import RoostProtocol

/// `roost drill`
struct DrillCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract:
            "Do a fault to the running system, watch whether everything holds that is promised, and say the verdict.",
        discussion: """
            NAME means the first running instance of a worker, NAME/0 one of them, supervisor roostd itself (with --kill).
            This is no simulation: processes are killed. Ends with 1 when a promise was not kept.
            """
    )

    /// What stands for roostd itself.
    static let supervisor = "supervisor"

    @Argument(help: "The worker to drill, or supervisor.", completion: .workers)
    var name: String

    @Flag(help: "SIGKILL: it has to be replaced at once.")
    var kill = false

    @Flag(help: "SIGSTOP: it has to be noticed and replaced.")
    var hang = false

    @Flag(help: "SIGSYS again and again: it has to be quarantined. The quarantine is lifted afterwards.")
    var crashLoop = false

    @Flag(help: "Do not ask first.")
    var yes = false

    @OptionGroup var globals: GlobalOptions

    func validate() throws {
        guard [kill, hang, crashLoop].count(where: { $0 }) == 1 else {
            throw ValidationError("give one of --kill, --hang and --crash-loop")
        }
        guard !name.isEmpty else { throw ValidationError("name the worker to drill") }
        guard name != Self.supervisor || kill else { throw ValidationError("of the supervisor there is --kill only") }
    }

    private var fault: DrillFault {
        if name == Self.supervisor { return .supervisorKill }
        return kill ? .kill : hang ? .hang : .crash
    }

    func perform(_ call: Call) async throws {
        guard yes || call.world.canAsk else {
            let message = "a drill does a real fault: nobody can be asked here, so add --yes to mean it"
            throw CommandFailure(.usage, code: "usage", message)
        }
        var request = DrillRequest()
        (request.fault, request.name) = (fault, name == Self.supervisor ? "" : name)
        var rehearsal = request
        rehearsal.rehearse = true
        let promises: DrillReply = try await call.ask(.drill, rehearsal)
        if !yes { try ask(about: promises, on: call) }
        // From here on it is this very instance that is meant.
        if fault != .supervisorKill { request.name = promises.title }
        let outcome = DrillOutcome()
        let asked = request
        try await call.untilUnwanted {
            outcome.verdict = try await Self.drill(asked, promises, on: call)
        }
        guard let verdict = outcome.verdict else {
            if asked.fault == .crash { try await CrashLoopDrill.lift(asked.name, on: call) }
            throw CommandFailure(code: "cancelled", "the drill was broken off, without a verdict")
        }
        try verdict.say(on: call)
    }

    private static func drill(
        _ request: DrillRequest,
        _ promises: DrillReply,
        on call: Call
    ) async throws -> DrillVerdict {
        switch request.fault {
        case .hang: try await InstanceDrill(call, request, promises, .hang).run()
        case .crash: try await CrashLoopDrill(call, request, promises).run()
        case .supervisorKill: try await SupervisorDrill(call, request, promises).run()
        case .kill, .unspecified, .unrecognized: try await InstanceDrill(call, request, promises, .kill).run()
        }
    }

    private func ask(about promises: DrillReply, on call: Call) throws {
        let whom = fault == .supervisorKill ? "roostd" : promises.title
        let what =
            switch fault {
            case .hang: "stop \(whom) (pid \(promises.pid)) with SIGSTOP until it is replaced"
            case .crash:
                "crash \(whom) (pid \(promises.pid)) with SIGSYS until it is quarantined, which stops it for a moment"
            case .kill, .supervisorKill, .unspecified, .unrecognized: "kill \(whom) (pid \(promises.pid)) with SIGKILL"
            }
        let more = promises.companions.isEmpty ? "" : "; \(promises.companions.joined(separator: ", ")) restart with it"
        _ = call.world.write(Array("This will \(what)\(more). Go on? [y/N] ".utf8), .errors)
        let answer = call.world.answer()?.lowercased()
        guard answer == "y" || answer == "yes" else {
            throw CommandFailure(code: "cancelled", "nothing was done")
        }
    }
}

/// Where a drill's task leaves its verdict.
final class DrillOutcome: @unchecked Sendable {  // used on the reactor's thread only
    var verdict: DrillVerdict?
}
