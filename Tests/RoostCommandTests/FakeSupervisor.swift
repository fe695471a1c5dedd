import Glibc
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import Testing

@testable import RoostCommand

/// A socket that answers as the test says, and a world for commands that ask it. Both are on a loop of their own
/// thread, for the length of one test.
final class FakeSupervisor: Sendable {
    /// What a command has done.
    struct Outcome: Sendable, Equatable {
        var status: Int32
        var output: String
        var errors: String
    }

    let directory: String
    let reactor: Reactor
    private let thread: pthread_t
    let written = Written()

    private init() throws {
        var template = Array("/tmp/roost-command-XXXXXX".utf8CString)
        directory = String(cString: try #require(mkdtemp(&template)))
        reactor = try Reactor()
        var thread = pthread_t()
        let context = Unmanaged.passRetained(reactor).toOpaque()
        let result = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Reactor>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            context
        )
        try #require(result == 0)
        self.thread = thread
        // Until the loop runs on its own thread, `isOnLoop` would say the wrong thing here.
        let reactor = reactor
        await_(reactor)
    }

    private func await_(_ reactor: Reactor) {
        var ready = sem_t()
        sem_init(&ready, 0, 0)
        withUnsafeMutablePointer(to: &ready) { pointer in
            let address = UInt(bitPattern: pointer)
            reactor.post { _ = UnsafeMutablePointer<sem_t>(bitPattern: address).map { sem_post($0) } }
            sem_wait(pointer)
        }
        sem_destroy(&ready)
    }

    /// Runs `body` beside a supervisor that answers; without `answer` nobody listens.
    static func run(
        admit: (@Sendable (PeerCredentials, Hello) throws(RequestFailure) -> Void)? = nil,
        answer: (@Sendable (IncomingRequest) -> Answer)? = nil,
        _ body: (FakeSupervisor) async throws -> Void
    ) async throws {
        let fake = try FakeSupervisor()
        var listener: RoostIPC.Listener?
        if let answer {
            var handler = ConnectionHandler(request: answer)
            if let admit { handler.admit = admit }
            var identity = Hello()
            identity.name = "roostd"
            identity.executableVersion = "9.9.9"
            let made = RoostIPC.Listener(
                try UnixSocket.bind(fake.directory + "/roostd.sock"),
                on: fake.reactor,
                identity: identity,
                handler: handler
            )
            try await made.start()
            listener = made
        }
        var failure: (any Error)?
        do { try await body(fake) } catch { failure = error }
        await listener?.close()
        fake.reactor.stop()
        pthread_join(fake.thread, nil)
        unlink(fake.directory + "/roostd.sock")
        rmdir(fake.directory)
        if let failure { throw failure }
    }

    /// Runs `roost` with these arguments and this supervisor's directory.
    func roost(_ arguments: String..., change: (inout World) -> Void = { _ in }) async -> Outcome {
        let written = written
        written.clear()
        let directory = directory
        var world = World(
            reactor: reactor,
            environment: { $0 == "ROOST_RUNTIME" ? directory : nil },
            write: { bytes, stream in written.append(bytes, stream) },
            now: { WallTime(nanoseconds: 1_772_366_400_000_000_000) }
        )
        change(&world)
        let status = await RoostProgram.run(arguments: arguments, in: world)
        return Outcome(status: status, output: written.text(.output), errors: written.text(.errors))
    }
}

/// What was written, from any thread.
final class Written: @unchecked Sendable {  // behind a pthread mutex
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var output: [UInt8] = []
    private var errors: [UInt8] = []
    /// After so many writes to the output nobody reads any more.
    private var writesLeft = Int.max

    init() {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    func clear() {
        locked {
            output = []
            errors = []
        }
    }

    func closeAfter(_ writes: Int) { locked { writesLeft = writes } }

    func append(_ bytes: [UInt8], _ stream: World.Stream) -> Bool {
        locked {
            guard stream == .output else {
                errors += bytes
                return true
            }
            guard writesLeft > 0 else { return false }
            writesLeft -= 1
            output += bytes
            return true
        }
    }

    func text(_ stream: World.Stream) -> String {
        locked { String(decoding: stream == .output ? output : errors, as: UTF8.self) }
    }
}
