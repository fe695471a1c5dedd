import CLinux
import Glibc
import RoostPolicy
import RoostReactor
import Testing

extension Reactor {
    /// Runs on this thread until `stop`; a loop that nobody stops is a failed test, not a hanging one.
    func runUntilStopped(limit: Duration = .seconds(20), _ location: SourceLocation = #_sourceLocation) {
        let watchdog = schedule(after: limit) { [unowned self] in
            Issue.record("the loop was not stopped within \(limit)", sourceLocation: location)
            stop()
        }
        run()
        cancel(watchdog)
    }
}

/// A pipe that closes itself.
struct Pipe: ~Copyable {
    let reader: Int32
    let writer: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(roost_pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
    }

    deinit {
        close(reader)
        close(writer)
    }

    func put(_ count: Int = 1) { write(writer, Array(repeating: UInt8(ascii: "x"), count: count), count) }
    /// How many bytes were there.
    @discardableResult
    func take(_ limit: Int = 4096) -> Int {
        var bytes = [UInt8](repeating: 0, count: limit)
        return read(reader, &bytes, limit)
    }
}

/// An actor on a reactor.
actor Resident {
    nonisolated let reactor: Reactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
    var count = 0

    init(_ reactor: Reactor) { self.reactor = reactor }

    /// Whether it ran on the loop.
    func bump() -> Bool {
        count += 1
        return reactor.isOnLoop
    }

    func bump(through other: Resident) async -> [Bool] {
        let before = bump()
        let there = await other.bump()
        return [before, there, bump()]
    }

    func bumpInTask() -> Task<Bool, Never> { Task { self.bump() } }
}
