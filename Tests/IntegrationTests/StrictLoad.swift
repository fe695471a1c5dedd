import Glibc
import RoostTestSupport
import Synchronization

/// Clients with a kept connection each that take nothing amiss but `Connection: close`: any refused connection, reset,
/// missing or wrong answer is a failure.
final class StrictLoad: Sendable {
    let served = Counter()
    /// Connections that were ended by an answer with `Connection: close`.
    let closed = Counter()
    let failed = Counter()
    private let running = Counter()
    private let isOver = Counter()
    private let stories = Mutex<[String]>([])

    /// The first failures.
    var failures: [String] { stories.withLock { $0 } }

    /// - Parameter pause: microseconds between an answer and the next request of a client.
    init(port: UInt16, connections: Int, pause: UInt32 = 0) {
        for _ in 0..<connections {
            running.add()
            startThread { [self] in
                run(port, pause)
                running.add(-1)
            }
        }
    }

    private func run(_ port: UInt16, _ pause: UInt32) {
        while isOver.count == 0 {
            var asked = 0
            do throws(HTTPSocket.Failure) {
                let socket = try HTTPSocket(port: port)
                while isOver.count == 0 {
                    asked += 1
                    let response = try socket.get("/")
                    guard response.status == 200 else {
                        note("status \(response.status)")
                        break
                    }
                    served.add()
                    if response.closes {
                        closed.add()
                        break
                    }
                    if pause > 0 { usleep(pause) }
                }
            } catch {
                note("\(error), request \(asked) of its connection")
            }
        }
    }

    private func note(_ story: String) {
        failed.add()
        stories.withLock { if $0.count < 10 { $0.append(story) } }
    }

    /// Waits until everybody has been served some more.
    func goesOn(_ requests: Int = 64) async throws {
        let before = served.count
        try await eventually("requests are served") { served.count > before + requests }
    }

    /// - Throws: `TestFailure` when the clients do not end.
    func end() async throws {
        isOver.add()
        try await eventually("the clients end") { running.count == 0 }
    }
}
