import ArgumentParser
import RoostIPC
import RoostProtocol

/// `roost doctor`
struct DoctorCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check the environment and say what to mend; works without a supervisor.",
        discussion: "Ends with 1 when something is bad, and with 2 when no supervisor answers."
    )

    @OptionGroup var globals: GlobalOptions

    func perform(_ call: Call) async throws {
        var facts: [Finding] = []
        var absence: CommandFailure?
        var supervisor: Supervisor?
        do {
            let (known, told) = try await Self.ask(call)
            supervisor = known
            facts = told
        } catch let failure as CommandFailure where failure.status == .noSupervisor {
            absence = failure
            facts.append(.bad("supervisor", failure.message, ""))
        }
        facts += Examination(call, supervisor).findings
        let report = DoctorReport(facts)
        if call.isJSON {
            try call.say(report.json)
        } else {
            try call.write(report.text(colors: call.world.hasColors))
        }
        if let absence { throw absence }
        if !report.bad.isEmpty {
            throw CommandFailure(code: "bad", "mend what is bad: \(report.bad.joined(separator: ", "))")
        }
    }

    /// The supervisor that answers, and what it says of itself.
    private static func ask(_ call: Call) async throws -> (Supervisor, [Finding]) {
        let connection = try await call.connect()
        let reply: DoctorReply = try await connection.request(.doctor, DoctorRequest(), within: Call.patience)
        let peer = await connection.peer
        await connection.close()
        let supervisor = Supervisor(
            version: peer?.hello.executableVersion ?? "",
            pid: peer?.credentials.pid ?? 0,
            uid: peer?.credentials.uid ?? 0,
            configuration: reply.configFile.isEmpty ? nil : reply.configFile,
            stateDirectory: reply.stateDirectory.isEmpty ? nil : reply.stateDirectory
        )
        return (supervisor, reply.facts.map { Finding($0) })
    }

    /// Who answers at the socket.
    struct Supervisor {
        let version: String
        let pid: Int32
        let uid: UInt32
        /// What it was started with; nil: it is of a version that does not tell.
        let configuration: String?
        let stateDirectory: String?
    }
}
