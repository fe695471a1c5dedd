import CLinux
import Glibc
import RoostPolicy
import RoostReactor
import RoostSupervisor
import RoostTestSupport

/// Testing has an `ExitStatus` of its own.
typealias ChildStatus = RoostPolicy.ExitStatus

/// A reactor that the test's own thread turns: nothing happens unless the test lets it.
final class Bench {
    let reactor: Reactor
    /// Moves the reactor's time if the bench is virtual.
    let clock = VirtualClock()
    let scratch: Scratch

    init(isVirtual: Bool = false) throws {
        reactor = try Reactor(clock: isVirtual ? .virtual(clock) : .monotonic)
        scratch = try Scratch()
        // As in a process, where the loop ends last: a task may still be on its way to it.
        _ = Unmanaged.passRetained(reactor)
    }

    /// Turns the loop until the condition holds.
    ///
    /// - Throws: `TestFailure` when it does not within 20 seconds.
    func turn(until what: String, _ holds: () throws -> Bool) throws {
        let end = ContinuousClock.now.advanced(by: .seconds(8))
        reactor.runUntilIdle()
        while try !holds() {
            guard ContinuousClock.now < end else { throw TestFailure("not in time: \(what)") }
            usleep(200)  // what is waited for happens in another process
            reactor.runUntilIdle()
        }
    }

    /// The outcome of asynchronous work on the loop.
    func outcome<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
        let slot = Slot<Result<Value, any Error>>()
        reactor.start {
            do { slot.value = .success(try await work()) } catch { slot.value = .failure(error) }
        }
        try turn(until: "the end of asynchronous work") { slot.value != nil }
        return try slot.require().get()
    }

    /// Turns until nothing is watched any more, so that every child is reaped: a zombie that stays would be found again
    /// and again by whoever in this process waits for any child, as Testing does.
    func finish() {
        try? turn(until: "nothing is watched") { reactor.sourceCount == 0 }
    }

    /// Moves the virtual time and lets what is due happen.
    func advance(_ duration: Duration) {
        clock.advance(by: duration)
        reactor.runUntilIdle()
    }

    /// A shell with the null device as stdin and, unless said otherwise, as its output.
    static func shell(_ script: String, descriptors: [Int32] = [null, null, null]) -> SpawnRequest {
        SpawnRequest(
            path: "/bin/sh",
            arguments: ["/bin/sh", "-c", script],
            environment: ["PATH=/usr/bin:/bin"],
            descriptors: descriptors
        )
    }

    /// Two connected, non-blocking Unix-domain sockets; the caller's to close.
    static func socketPair() throws -> [Int32] {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw TestFailure("no socket pair") }
        return ends
    }

    /// The null device, open for the whole test run.
    static let null = roost_open("/dev/null", O_RDWR, 0)
}

/// A value that comes later, on the one thread of a test.
final class Slot<Value>: @unchecked Sendable {  // used on the thread of the bench only
    var value: Value?

    init(_ value: Value? = nil) { self.value = value }

    func require() throws -> Value {
        guard let value else { throw TestFailure("nothing has come") }
        return value
    }
}

/// A pipe whose ends are closed with it, non-blocking at both.
final class Pipe {
    let readEnd: Int32
    private(set) var writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard roost_pipe(&ends) == 0 else { throw TestFailure("no pipe") }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeWriteEnd()
        close(readEnd)
    }

    func closeWriteEnd() {
        if writeEnd >= 0 { close(writeEnd) }
        writeEnd = -1
    }

    /// What is in the pipe now.
    func content() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(readEnd, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    var text: String { String(decoding: content(), as: UTF8.self) }

    /// Fills it until nothing fits.
    func fill() {
        let bytes = [UInt8](repeating: 120, count: 4096)
        while write(writeEnd, bytes, bytes.count) > 0 {}
        while write(writeEnd, bytes, 1) > 0 {}
    }
}
