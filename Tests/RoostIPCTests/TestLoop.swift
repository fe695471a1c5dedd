import Foundation
import Glibc
import RoostIPC
import RoostProtocol
import RoostReactor
import RoostWire
import Testing

/// A reactor on a thread of its own, for the length of one test.
final class TestLoop: Sendable {
    let reactor: Reactor
    private let thread: pthread_t

    private init() throws {
        reactor = try Reactor()
        var thread = pthread_t()
        let context = Unmanaged.passRetained(reactor).toOpaque()
        let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            if let context { Unmanaged<Reactor>.fromOpaque(context).takeRetainedValue().run() }
            return nil
        }
        let result = pthread_create(&thread, nil, body, context)
        try #require(result == 0)
        self.thread = thread
        let isRunning = Flag()
        reactor.post { isRunning.set() }
        isRunning.wait()
    }

    /// Runs `body` with a loop, and ends the loop's thread behind it.
    static func run(_ body: (TestLoop) async throws -> Void) async throws {
        let loop = try TestLoop()
        defer {
            loop.reactor.stop()
            pthread_join(loop.thread, nil)
        }
        try await body(loop)
    }

    /// Two ends of one Unix-domain socket, non-blocking, which the caller owns.
    static func pair() throws -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    /// Two open connections to each other.
    func connected(
        client: ConnectionHandler = ConnectionHandler(),
        server: ConnectionHandler,
        limits: SessionLimits = SessionLimits(),
        serverLimits: SessionLimits = SessionLimits()
    ) async throws -> (client: Connection, server: Connection) {
        let (left, right) = try Self.pair()
        let acceptor = Connection(
            try ReactorByteStream(Descriptor(owning: right), on: reactor),
            .acceptor,
            identity: Self.identity("server"),
            handler: server,
            limits: serverLimits
        )
        let dialler = Connection(
            try ReactorByteStream(Descriptor(owning: left), on: reactor),
            .dialler,
            identity: Self.identity("client"),
            handler: client,
            limits: limits
        )
        try await acceptor.start()
        try await dialler.open()
        return (dialler, acceptor)
    }

    static func identity(_ name: String) -> Hello {
        var hello = Hello()
        hello.role = .client
        hello.name = name
        hello.pid = getpid()
        return hello
    }
}

/// Something that is awaited once, from any thread.
final class Flag: @unchecked Sendable {  // a semaphore guards it
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func set() { sem_post(semaphore) }
    func wait() { sem_wait(semaphore) }
}

/// A value that one task gives and another awaits, with a deadline.
actor Box<Value: Sendable> {
    private var values: [Value] = []
    private var waiters: [CheckedContinuation<Value, Never>] = []

    func put(_ value: Value) {
        if waiters.isEmpty { values.append(value) } else { waiters.removeFirst().resume(returning: value) }
    }

    nonisolated func send(_ value: Value) { Task { await put(value) } }

    func take() async -> Value {
        if !values.isEmpty { return values.removeFirst() }
        return await withCheckedContinuation { waiters.append($0) }
    }
}

/// A number that closures count on the loop.
final class Counter: @unchecked Sendable {  // the atomic operations of a lock around an integer
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var count = 0

    init() {
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    @discardableResult
    func add(_ amount: Int = 1) -> Int {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        count += amount
        return count
    }

    var value: Int { add(0) }
}

/// A folder for one test's sockets, short enough for `sun_path`.
func withFolder(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/roost-ipc-XXXXXX".utf8CString)
    let path = String(cString: try #require(mkdtemp(&template)))
    defer { removeFolder(path) }
    try await body(path)
}

private func removeFolder(_ path: String) {
    if let folder = opendir(path) {
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { remove(path + "/" + name) }
        }
        closedir(folder)
    }
    rmdir(path)
}

/// Runs what blocks on a thread of its own: neither on a loop, where the caller's last `await` may have left it, nor
/// on the pool, which has as few threads as the machine has processors.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}
