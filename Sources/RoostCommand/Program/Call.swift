import Glibc
import RoostIPC
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor

/// One run of a command: how it asks the supervisor and says the outcome.
struct Call: Sendable {
    let world: World
    let isJSON: Bool
    let runtime: RuntimePlace

    /// How long connecting may take, and asking for what needs no waiting.
    static let patience = Duration.seconds(10)

    init(_ world: World, _ globals: GlobalOptions) {
        self.world = world
        isJSON = globals.json
        runtime = RuntimePlace(flag: globals.runtime, environment: world.environment) { access($0, F_OK) == 0 }
    }

    // MARK: Asking

    /// An open connection to the supervisor.
    ///
    /// - Throws: `CommandFailure` with status 2 when nobody answers, `RequestFailure` when the supervisor refuses.
    func connect(within limit: Duration = Self.patience) async throws -> Connection {
        let deadline = world.reactor.now.advanced(by: limit)
        while true {
            do {
                return try await Dialer(on: world.reactor, identity: Self.identity)
                    .connect(to: runtime.socket, within: max(.zero, world.reactor.now.duration(to: deadline)))
            } catch let failure as RequestFailure where failure.code == .unavailable {
                // It is just starting or ending: it knows in a moment who may ask.
                guard world.reactor.now < deadline else { throw runtime.silent }
                try await world.reactor.sleep(for: .milliseconds(50))
            } catch let failure as RequestFailure where failure.code == .deadlineExceeded {
                throw runtime.silent
            } catch let error as UnixSocket.BindError {
                throw runtime.failure(of: error)
            }
        }
    }

    /// One question on a connection of its own.
    func ask<Reply: ProtobufMessage>(
        _ method: Method,
        _ message: some ProtobufMessage,
        for reply: Reply.Type = Reply.self,
        within limit: Duration? = Self.patience
    ) async throws -> Reply {
        let connection = try await connect()
        do {
            let reply: Reply = try await connection.request(method, message, within: limit)
            await connection.close()
            return reply
        } catch {
            await connection.close()
            throw error
        }
    }

    private static let identity: Hello = {
        var hello = Hello()
        hello.role = .client
        hello.name = "roost"
        hello.pid = getpid()
        hello.executableVersion = Release.version
        return hello
    }()

    // MARK: Saying

    /// A line to the output.
    func say(_ line: String) throws(ReaderGone) { try write(line + "\n") }

    /// Bytes as they are to the output.
    func write(_ text: String) throws(ReaderGone) {
        guard world.write(Array(text.utf8), .output) else { throw ReaderGone() }
    }

    /// An answer for programs, several lines that people can read as well.
    func say(_ value: JSONValue) throws(ReaderGone) { try say(JSONWriter.pretty(value)) }

    /// A line to stderr that is no failure of the command.
    func note(_ line: String) { _ = world.write(Array((line + "\n").utf8), .errors) }

    // MARK: Going on

    /// Runs `body` until it ends, the operator presses Ctrl-C, or nobody reads any more; the last two are no failures.
    func untilUnwanted(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task(executorPreference: world.reactor) { try await body() }
        world.whenUnwanted { task.cancel() }
        do {
            try await task.value
        } catch is CancellationError {}
    }
}
