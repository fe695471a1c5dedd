import CLinux
import Glibc
package import RoostPolicy
package import RoostReactor

/// What a command sees and touches besides the supervisor. Tests have their own.
package struct World: Sendable {
    package enum Stream: Sendable {
        case output, errors
    }

    package var reactor: Reactor
    package var environment: @Sendable (String) -> String?
    /// False when nobody reads any more.
    package var write: @Sendable ([UInt8], Stream) -> Bool
    /// Whether the output is a terminal that shows colours.
    package var hasColors: Bool
    /// Whether the output is a terminal at all.
    package var isTerminal: Bool
    /// Whether somebody can be asked: the input is a terminal.
    package var canAsk: Bool
    /// A line that the operator types, without its newline; nil at the end of the input. Waits for it.
    package var answer: @Sendable () -> String?
    package var now: @Sendable () -> WallTime
    /// Calls back when the operator wants the end (Ctrl-C), or nobody reads the output any more.
    package var whenUnwanted: @Sendable (@escaping @Sendable () -> Void) -> Void
    /// How long a command that follows waits for a supervisor that was there: as long as workers do by default.
    package var lease = Duration.seconds(10)
    /// Where the programs of this package are looked for, the first place first.
    package var programFolders: [String]

    package init(
        reactor: Reactor,
        environment: @escaping @Sendable (String) -> String?,
        write: @escaping @Sendable ([UInt8], Stream) -> Bool,
        hasColors: Bool = false,
        isTerminal: Bool = false,
        canAsk: Bool = false,
        answer: @escaping @Sendable () -> String? = { nil },
        now: @escaping @Sendable () -> WallTime = { WallTime(nanoseconds: roost_wall_now()) },
        whenUnwanted: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { _ in },
        programFolders: [String] = []
    ) {
        self.reactor = reactor
        self.environment = environment
        self.write = write
        self.hasColors = hasColors
        self.isTerminal = isTerminal
        self.canAsk = canAsk
        self.answer = answer
        self.now = now
        self.whenUnwanted = whenUnwanted
        self.programFolders = programFolders
    }

    /// The real one.
    static func process(on reactor: Reactor) -> World {
        let variable: @Sendable (String) -> String? = { name in getenv(name).map { String(cString: $0) } }
        let isTerminal = isatty(STDOUT_FILENO) == 1
        return World(
            reactor: reactor,
            environment: variable,
            write: { bytes, stream in write(bytes, to: stream == .output ? STDOUT_FILENO : STDERR_FILENO) },
            hasColors: isTerminal && (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != "dumb",
            isTerminal: isTerminal,
            canAsk: isatty(STDIN_FILENO) == 1,
            answer: { readLine() },
            whenUnwanted: { end in
                // A failure leaves the default: Ctrl-C ends the process, with its status.
                try? reactor.handleSignals([SIGINT, SIGTERM]) { _, _ in end() }
                // Reports the hang-up of a pipe or terminal only; a regular file cannot be watched, and needs not be.
                _ = try? reactor.register(STDOUT_FILENO, for: []) { _ in end() }
            },
            programFolders: folders()
        )
    }

    private static func folders() -> [String] {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count)
        let executable = String(decoding: path.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = executable.lastIndex(of: "/").map { String(executable[..<$0]) } ?? "."
        return [folder, folder + "/../libexec/roost"]
    }

    @discardableResult
    static func write(_ text: String, to descriptor: Int32) -> Bool { write(Array(text.utf8), to: descriptor) }

    /// Waits for the reader, whether or not the descriptor blocks.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&watched, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

extension World {
    /// A line, or several, to the output.
    func say(_ text: String) { _ = write(Array((text + "\n").utf8), .output) }

    /// The path of a program of this package; nil: it is nowhere.
    func program(_ name: String) -> String? {
        programFolders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// One line about a failure, or one JSON object; gives the exit status.
    func complain(_ failure: CommandFailure, asJSON: Bool) -> Int32 {
        _ = write(Array(((asJSON ? failure.json : failure.line) + "\n").utf8), .errors)
        return failure.status.rawValue
    }
}
