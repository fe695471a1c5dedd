import Glibc
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

/// Has one process crash again and again until it is quarantined, watches, and lifts the quarantine.
struct CrashLoopDrill {
    private let call: Call
    private let request: DrillRequest
    private let promises: DrillReply

    /// Added to what is promised before a wait is given up.
    private static let patience = Duration.seconds(5)

    init(_ call: Call, _ request: DrillRequest, _ promises: DrillReply) {
        (self.call, self.request, self.promises) = (call, request, promises)
    }

    func run() async throws -> DrillVerdict {
        let line = try await DrillLine(call)
        do {
            let verdict = try await run(on: line)
            await line.close()
            return verdict
        } catch {
            await line.close()
            throw error
        }
    }

    /// What the loop has come to.
    private struct Loop {
        var deaths = 0
        var firstDrill: UInt64 = 0
        var lastDrill: UInt64 = 0
        var quarantinedAfter: Duration?
    }

    private func run(on line: DrillLine) async throws -> DrillVerdict {
        let reactor = line.reactor
        let title = promises.title
        let before = try await line.status()
        let watch = ListenerWatch(before.listeners(of: promises.name), on: reactor)
        watch.start()
        let loop = try await crash(line, watch)
        let during = try await line.status().workers
        let lifted = reactor.now
        try await Self.start(title, line)
        let deadline = reactor.now.advanced(by: .milliseconds(promises.startTimeoutMs) + Self.patience)
        let last = try await line.watch(title, until: deadline) { $0.ready }
        let readyAfter = last?.ready == true ? lifted.duration(to: reactor.now) : nil
        let listeners = watch.stop()
        let judgement = CrashLoopJudgement(
            promises: promises,
            before: before.workers,
            during: during,
            after: try await line.status().workers,
            deaths: loop.deaths,
            quarantinedAfter: loop.quarantinedAfter,
            readyAfter: readyAfter,
            listeners: listeners,
            history: try await line.history(of: title, backTo: loop.firstDrill),
            lastDrill: loop.lastDrill,
            uid: getuid()
        )
        return judgement.verdict
    }

    private func crash(_ line: DrillLine, _ watch: ListenerWatch) async throws -> Loop {
        let reactor = line.reactor
        let start = reactor.now
        let pause = Duration.milliseconds(promises.backoffMs) + .milliseconds(promises.startTimeoutMs) + Self.patience
        var loop = Loop()
        var pid = promises.pid
        while loop.deaths < CrashLoopJudgement.mostDeaths(promises) {
            var request = request
            request.pid = pid
            let (reply, _) = try await line.inject(request)
            watch.lookClosely()
            loop.deaths += 1
            if loop.firstDrill == 0 { loop.firstDrill = reply.record }
            loop.lastDrill = reply.record
            let worker = try await line.watch(promises.title, until: reactor.now.advanced(by: pause)) { worker in
                worker.state == .quarantined || (worker.ready && worker.pid != nil && worker.pid != pid)
            }
            if worker?.state == .quarantined {
                loop.quarantinedAfter = start.duration(to: reactor.now)
                return loop
            }
            guard let worker, worker.ready, let next = worker.pid, next != pid else { return loop }
            pid = next
        }
        return loop
    }

    private static func start(_ title: String, _ line: DrillLine) async throws {
        var request = StartRequest()
        request.names = [title]
        // Whether it comes up is seen afterwards; the supervisor has limits of its own for the reply.
        let _: ChangeReply = try await line.connection.request(.start, request, within: .seconds(120))
    }

    /// After a drill that was broken off: what is quarantined runs again.
    static func lift(_ title: String, on call: Call) async throws {
        let line = try await DrillLine(call)
        if try await line.worker(title)?.state == .quarantined { try await start(title, line) }
        await line.close()
    }
}
