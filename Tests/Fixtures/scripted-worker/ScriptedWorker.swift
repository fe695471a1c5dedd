import CLinux
import Glibc
import RoostJSON
import RoostPolicy
package import RoostProtocol
import RoostReactor
package import RoostWorker

/// Where `main` leaves the script for the worker, which the kit makes.
enum Scripted {
    nonisolated(unsafe) static var script = Script("")  // written once, before the loop runs
}

package actor ScriptedWorker: WorkerService {
    package struct Refusal: Error, CustomStringConvertible {
        package let description: String
    }

    private nonisolated let context: WorkerContext
    package nonisolated var unownedExecutor: UnownedSerialExecutor { context.reactor.asUnownedSerialExecutor() }
    private let script = Scripted.script
    private var isConfigured = false
    private var stallAfter: Duration?
    private var leaked: [UnsafeMutableRawPointer] = []

    package init(_ context: WorkerContext) throws { self.context = context }

    package func prepare(_ section: [UInt8], generation: UInt64) async throws -> Bool {
        guard isConfigured else {
            if script["never-ready"] != nil { try await context.reactor.sleep(for: .seconds(86_400)) }
            try await context.reactor.sleep(for: .milliseconds(script.number("ready-after") ?? 0))
            return true
        }
        switch script["prepare"] {
        case "refuse": throw Refusal(description: "scripted refusal of generation \(generation); write another script")
        case "silent": try await context.reactor.sleep(for: .seconds(86_400))
        default: break
        }
        return true
    }

    package func commit(_ prepared: Bool) {
        guard !isConfigured else { return }
        isConfigured = true
        if script["ignore-term"] != nil { ignoreTermination() }
        for step in script.steps {
            context.reactor.schedule(after: .milliseconds(max(step.milliseconds, 1))) { [self] in
                assumeIsolated { $0.perform(step) }
            }
        }
    }

    /// Out of the kit's hands: neither the signalfd nor the default action sees it.
    private func ignoreTermination() {
        signal(SIGTERM, SIG_IGN)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    package func drain(within limit: Duration, idle: Duration) async -> UInt64 {
        guard let duration = script["drain"] else { return 0 }
        guard let milliseconds = Int(duration) else {
            // Not even cancellation ends it.
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
            return 0
        }
        try? await context.reactor.sleep(for: .milliseconds(milliseconds))  // cancelled: there is no more time
        return 0
    }

    package func progress() -> WorkerProgress {
        var progress = WorkerProgress()
        if let stallAfter {
            progress.sources = [.init(name: "jobs", completed: 7, pending: 1, stallAfter: stallAfter)]
        }
        return progress
    }

    package func metrics() -> [Metric] { [] }
}

// MARK: - Actions

extension ScriptedWorker {
    private func perform(_ step: Script.Step) {
        let numbers = step.arguments.map { Int($0) ?? 0 }
        let first = numbers.first ?? 0
        switch step.action {
        case "exit": exit(Int32(first))
        case "raise": raise(Int32(first))
        case "loop":
            let start = roost_monotonic_now()
            while roost_monotonic_now() > start - 1 {}
        case "block":
            var never = sem_t()
            sem_init(&never, 0, 0)
            while true { sem_wait(&never) }
        case "stall": stallAfter = .milliseconds(first)
        case "leak": leak(first / 20)
        case "park":
            context.park("scripted: what it needs is absent")
            context.reactor.schedule(after: .milliseconds(first)) { [context] in context.resume() }
        case "slow":
            context.announceSlowPhase("scripted", atMost: .milliseconds(first))
            usleep(UInt32(clamping: (numbers.last ?? 0) * 1000))
            context.log.info("scripted", "the slow phase is over")
        case "orphan": leaveOrphan(step.arguments.first ?? "/dev/null")
        case "log":
            context.log.info("scripted", "an informed line", ["answer": 42])
            context.log.warning("scripted", "a warning line")
        case "lines":
            let line = (step.arguments.first ?? "") + "\n"
            write(1, line, line.utf8.count)
            write(2, line, line.utf8.count)
        case "flood": flood(first)
        case "bytes": writeBytes(first)
        default: exit(99)
        }
    }

    private func leak(_ bytes: Int) {
        guard let block = malloc(max(bytes, 1)) else { return }
        memset(block, 1, bytes)
        leaked.append(block)
        context.reactor.schedule(after: .milliseconds(50)) { [self] in assumeIsolated { $0.leak(bytes) } }
    }

    /// Numbered lines as fast as the log takes them, and then how many it did not.
    private func flood(_ count: Int) {
        let filler = String(repeating: "x", count: 200)
        for number in 0..<count { context.log.info("flood", "\(number) \(filler)") }
        let dropped = context.log.dropped
        context.reactor.schedule(after: .seconds(1)) { [context] in
            context.log.warning("flood", "flood is over", ["dropped": .integer(Int64(dropped))])
        }
    }

    /// Numbered lines of eight bytes each, past the log.
    private func writeBytes(_ count: Int) {
        let lines = (0..<count / 8).map { String($0 + 1_000_000) + "\n" }.joined()
        var rest = Array(lines.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            guard written > 0 || errno == EAGAIN else { return }
            if written > 0 { rest = rest.dropFirst(written) } else { usleep(1000) }  // the kit has made it non-blocking
        }
    }

    /// A grandchild in a session of its own that nothing of its parents' groups reaches.
    private func leaveOrphan(_ pidFile: String) {
        let command =
            "exec setsid /bin/sh -c 'echo $$ > \(pidFile).new; mv \(pidFile).new \(pidFile); sleep 1000 & wait'"
        let strings = ["/bin/sh", "-c", command + " &"]
        var arguments: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
        arguments.append(nil)
        var pid: pid_t = 0
        posix_spawn(&pid, "/bin/sh", nil, nil, &arguments, roost_environment())
        waitpid(pid, nil, 0)
        for argument in arguments { free(argument) }
    }
}
