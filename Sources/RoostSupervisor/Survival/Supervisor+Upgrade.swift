import CLinux
import Glibc
import RoostPolicy
import RoostReactor
import RoostSystemd

// The upgrade in place (SIGUSR2): this process becomes the installed roostd, with its pid, its children and everything
// that it holds; the new program takes over as after a death.
extension Supervisor {
    /// Does not come back if it succeeds.
    ///
    /// - Parameter more: descriptors that the process holds besides those of `descriptors`.
    func upgrade(by initiator: Initiator, _ more: [(name: String, number: Int32)]) async {
        guard phase == .running, await takeTurn() else {
            return refuseUpgrade("roostd is \(phase.rawValue); try again", by: initiator)
        }
        defer { reloadQueue.leave() }
        let program = installation.program("roostd")
        if let problem = await trial(of: program) {
            return refuseUpgrade("\(problem); this roostd goes on", by: initiator)
        }
        guard phase == .running else { return }
        say(.notice, "becoming \(program), by \(initiator)")
        save()
        record.handOver(noteUpgrade(to: program, by: initiator))
        _ = notifier.send(.watchdog)
        let code = become(program, more)
        _ = notifier.send(.watchdog)
        refuseUpgrade("\(program): \(String(cString: strerror(code))); this roostd goes on", by: initiator)
    }

    private func refuseUpgrade(_ problem: String, by initiator: Initiator) {
        say(.error, "upgrade refused, by \(initiator): \(problem)")
        record.note(.refused, .supervisor, because: Cause(.refusal, problem, by: initiator), decision: .init(.keep))
    }

    /// A program that cannot even tell its version would take everything down: nothing is risked for it.
    private func trial(of program: String) async -> String? {
        do {
            let run = try await CapturedRun.of(
                program,
                ["--version"],
                environment: [],
                within: .seconds(5),
                on: reactor
            )
            let isRight = run.status.isSuccess && run.output.starts(with: Array("roostd ".utf8))
            return isRight ? nil : "\(program) --version does not answer as roostd does"
        } catch {
            return "\(error)"
        }
    }

    /// execve(2); says why it came back.
    private func become(_ program: String, _ more: [(name: String, number: Int32)]) -> Int32 {
        setenv(DescriptorStore.variable, descriptors.handOver(more), 1)
        if let priority = Priority.original { setenv(Priority.variable, "\(priority)", 1) }
        let arguments = [
            program, "--config", invocation.configuration, "--state", invocation.stateDirectory, "--runtime",
            invocation.runtimeDirectory,
        ]
        var pointers = arguments.map { strdup($0) } + [nil]
        execve(program, &pointers, roost_environment())
        let code = errno
        for pointer in pointers { free(pointer) }
        unsetenv(DescriptorStore.variable)
        unsetenv(Priority.variable)
        descriptors.afterFailure(more)
        return code
    }
}
