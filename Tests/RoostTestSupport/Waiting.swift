import CLinux
import Glibc

/// Looks again and again until `look` gives a value; for what cannot be waited for.
///
/// - Throws: `TestFailure` after `limit`; what `look` throws.
package func eventually<Value>(
    _ what: String,
    within limit: Duration = .seconds(30),
    _ look: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now.advanced(by: limit)
    while true {
        if let value = try await look() { return value }
        guard ContinuousClock.now < end else { throw TestFailure("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// As above, for a condition.
package func eventually(
    _ what: String,
    within limit: Duration = .seconds(30),
    _ holds: () async throws -> Bool
) async throws {
    _ = try await eventually(what, within: limit) { try await holds() ? true : nil }
}

/// Runs what blocks on a thread of its own, so that tests do not wait for each other's.
package func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let started = startThread { continuation.resume(with: Result { try body() }) }
        if !started { continuation.resume(throwing: TestFailure("no thread could be started")) }
    }
}

/// Starts a detached thread; false if there is none.
@discardableResult
package func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    final class Start {
        let body: @Sendable () -> Void; init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(body))
    let result = pthread_create(
        &thread,
        nil,
        { context in
            if let context { Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body() }
            return nil
        },
        start.toOpaque()
    )
    guard result == 0 else {
        start.release()
        return false
    }
    pthread_detach(thread)
    return true
}

/// Lets a bounded number of callers in at once, the others in their order: two cores do not carry every test's
/// processes at the same time.
package actor Turnstile {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    package init(_ capacity: Int) { free = capacity }

    package func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    package func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
