import Glibc
import RoostPolicy
import RoostReactor

/// Uses everything of Swift concurrency that would start threads elsewhere, on the reactor as the process's executor;
/// then prints what came out, one `name value` a line, and last how many threads there are.
@main enum Main {
    static func main() throws {
        let reactor = try Reactor()
        reactor.becomeProcessExecutor()
        probe(on: reactor)
        reactor.run()
    }
}

private nonisolated func probe(on reactor: Reactor) {
    reactor.schedule(after: .seconds(20)) { exit(2) }
    Task {
        report("detached", await Task.detached { reactor.isOnLoop }.value)
        report("group", await groupRunsOnLoop(reactor))
        async let one = reactor.isOnLoop
        async let other = concurrent(reactor)
        report("async-let", await one)
        report("concurrent", await other)
        report("stream", await streamSum() == 4950)
        report("actor", await Plain().isOnLoop(reactor))
        report("main-actor", await onMainActor(reactor))
        let before = reactor.now
        try? await Task.sleep(for: .milliseconds(20))
        report("sleep", before.duration(to: reactor.now) >= .milliseconds(20) && reactor.isOnLoop)
        report("cancelled-sleep", await cancelledSleepThrows())
        print("threads", threadCount())
        fflush(nil)
        reactor.stop()
    }
}

private func report(_ name: String, _ isGood: Bool) { print(name, isGood) }

private actor Plain {
    func isOnLoop(_ reactor: Reactor) -> Bool { reactor.isOnLoop }
}

@MainActor private func onMainActor(_ reactor: Reactor) -> Bool { reactor.isOnLoop }
@concurrent private func concurrent(_ reactor: Reactor) async -> Bool { reactor.isOnLoop }

private func groupRunsOnLoop(_ reactor: Reactor) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<20 {
            group.addTask {
                await Task.yield()
                return reactor.isOnLoop
            }
        }
        return await group.allSatisfy { $0 }
    }
}

private func streamSum() async -> Int {
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingOldest(100))
    Task {
        for number in 0..<100 { continuation.yield(number) }
        continuation.finish()
    }
    return await stream.reduce(0, +)
}

private func cancelledSleepThrows() async -> Bool {
    let sleeper = Task { try await Task.sleep(for: .seconds(3600)) }
    await Task.yield()
    sleeper.cancel()
    do { try await sleeper.value } catch { return error is CancellationError }
    return false
}

private func threadCount() -> Int {
    guard let directory = opendir("/proc/self/task") else { return -1 }
    defer { closedir(directory) }
    var count = 0
    while let entry = readdir(directory) {
        if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
    }
    return count
}
