import RoostReactor
import RoostTestSupport
import Testing

/// Gives each test a thread of its own: it turns its loop there, and would otherwise hold one of the few threads that
/// all of Swift's concurrency shares.
struct OwnThread: TestTrait, SuiteTrait, TestScoping {
    /// Tests with processes at a time: two cores do not carry more.
    private static let turnstile = Turnstile(4)

    let isRecursive = true

    @concurrent func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        await Self.turnstile.enter()
        let outcome: Result<Void, any Error>
        do {
            let loop = try LoopThread()
            await loop.isRunning()
            defer { loop.end() }
            outcome = await withTaskExecutorPreference(loop.reactor) {
                do { return .success(try await function()) } catch { return .failure(error) }
            }
        } catch {
            outcome = .failure(error)
        }
        await Self.turnstile.leave()
        try outcome.get()
    }
}

extension Trait where Self == OwnThread {
    static var ownThread: OwnThread { OwnThread() }
}
