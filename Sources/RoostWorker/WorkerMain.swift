import CLinux
import Glibc
import RoostConfig
import RoostPolicy
import RoostProtocol
import RoostReactor

/// What the main of every worker calls, and nothing else.
package enum WorkerMain {
    package static let version = Release.version

    /// Runs `roost-NAME` until it is drained; returns its exit status.
    ///
    /// `--check FILE` validates the worker's part of a configuration; `--config FILE` (or ROOST_CONFIG) is for running
    /// without a supervisor, with listeners by LISTEN_FDS.
    package static func run<Service: WorkerService>(_ name: String, _ service: Service.Type) -> Int32 {
        var arguments = CommandLine.arguments.dropFirst()
        var file = getenv("ROOST_CONFIG").map { String(cString: $0) }
        while let argument = arguments.popFirst() {
            switch (argument, arguments.first) {
            case ("--version", _):
                print("roost-\(name) \(version)")
                return 0
            case ("--check", let path?): return CompanionProgram.check(path, section: name)
            case ("--config", let path?):
                file = path
                arguments.removeFirst()
            default: return usage(name)
            }
        }
        return run(name, service, standaloneFile: file)
    }

    private static func usage(_ name: String) -> Int32 {
        complain("usage: roost-\(name) [--config FILE | --check FILE | --version]")
        return 64
    }

    private static func run<Service: WorkerService>(
        _ name: String,
        _: Service.Type,
        standaloneFile: String?
    ) -> Int32 {
        roost_end_by_crash_signals()
        do {
            let inheritance = try Inheritance()
            // For whatever this process starts: so the guard knows what belongs to the supervisor of this directory.
            if let directory = inheritance.runtimeDirectory { setenv("ROOSTD_MEMBER", directory, 1) }
            let name = inheritance.worker ?? name
            let start = try StartConfiguration.read(inheritance, worker: name, standaloneFile: standaloneFile)
            roost_ignore_sigpipe()
            let reactor = try Reactor()
            reactor.becomeProcessExecutor()
            let log = WorkerLog(isOwnPipe: inheritance.runtimeDirectory != nil)
            let runtime = WorkerRuntime(
                reactor,
                identity: identity(name, inheritance),
                log: log,
                runtimeDirectory: inheritance.runtimeDirectory,
                sockets: inheritance.sockets,
                start: start,
                held: inheritance.held.map { WorkerListener(name: $0.name, descriptor: $0.descriptor) }
            )
            try reactor.handleSignals([SIGTERM, SIGINT]) { signal, sender in
                runtime.assumeIsolated { $0.tell(signal, from: sender) }
                reactor.start { await runtime.drainAndEnd(because: signal == SIGTERM ? "SIGTERM" : "SIGINT") }
            }
            let context = WorkerContext(
                name: name,
                instance: inheritance.instance,
                reactor: reactor,
                log: log,
                listeners: inheritance.listeners,
                process: runtime
            )
            let actions = ServiceActions(try Service(context))
            let socket = inheritance.first("ipc")
            reactor.start {
                do {
                    try await runtime.begin(actions, start, socket: socket)
                } catch {
                    log.error("worker", "cannot start: \(error)")
                    await runtime.end(78)
                }
            }
            reactor.run()
            return runtime.status
        } catch {
            complain("roost-\(name): \(error)")
            return 78
        }
    }

    private static func identity(_ name: String, _ inheritance: Inheritance) -> Hello {
        var hello = Hello()
        hello.role = .worker
        hello.name = name
        hello.instance = UInt32(clamping: inheritance.instance)
        hello.pid = getpid()
        hello.executableVersion = version
        return hello
    }

    static func complain(_ line: String) {
        let text = line + "\n"
        write(2, text, text.utf8.count)
    }
}
