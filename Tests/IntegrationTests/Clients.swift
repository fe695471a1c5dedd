import Glibc
import RoostTestSupport
import Synchronization

/// Callers that connect one after the other and go away, while something else happens.
enum Clients {
    struct Counts {
        var connected = 0
        /// Where nobody listened: ECONNREFUSED.
        var refused = 0
    }

    static func run(port: UInt16, _ body: () async throws -> Void) async throws -> Counts {
        let isOver = Flag()
        async let counts = onThread {
            var counts = Counts()
            while !isOver.value.withLock({ $0 }) {
                do throws(HTTPSocket.Failure) {
                    _ = try HTTPSocket(port: port)
                    counts.connected += 1
                } catch {
                    if error == .connect(ECONNREFUSED) { counts.refused += 1 }
                }
                usleep(200)
            }
            return counts
        }
        do {
            try await body()
        } catch {
            isOver.value.withLock { $0 = true }
            _ = try? await counts
            throw error
        }
        isOver.value.withLock { $0 = true }
        return try await counts
    }

    private final class Flag: Sendable { let value = Mutex(false) }
}
