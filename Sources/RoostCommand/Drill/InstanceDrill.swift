import Glibc
import RoostPolicy
import RoostProtocol
import RoostReactor

/// Kills or stops one process, and watches.
struct InstanceDrill {
    private let call: Call
    private let request: DrillRequest
    private let promises: DrillReply
    private let fault: InstanceJudgement.Fault

    /// Added to what is promised before the watch is given up: to tell late from never.
    private static let patience = Duration.seconds(5)

    init(_ call: Call, _ request: DrillRequest, _ promises: DrillReply, _ fault: InstanceJudgement.Fault) {
        (self.call, self.request, self.promises, self.fault) = (call, request, promises, fault)
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

    private func run(on line: DrillLine) async throws -> DrillVerdict {
        let reactor = line.reactor
        let before = try await line.status()
        let watch = ListenerWatch(before.listeners(of: promises.name), on: reactor)
        watch.start()
        let (reply, start) = try await line.inject(request)
        let limit = InstanceJudgement.limit(fault, reply) + .milliseconds(reply.startTimeoutMs) + Self.patience
        let deadline = start.advanced(by: limit)
        var replacedAfter: Duration?
        let last = try await line.watch(reply.title, until: deadline) { worker in
            guard let pid = worker.pid, pid != reply.pid else { return false }
            if replacedAfter == nil {
                // The process is older than this look at it.
                let age = Duration.nanoseconds(Int64(max(0, worker.uptimeSeconds) * 1e9))
                replacedAfter = max(start.duration(to: reactor.now) - age, .zero)
                watch.lookClosely()
            }
            return worker.ready
        }
        let isReady = last.map { $0.ready && $0.pid != reply.pid } ?? false
        let readyAfter = isReady ? start.duration(to: reactor.now) : nil
        let listeners = watch.stop()
        let judgement = InstanceJudgement(
            fault: fault,
            promises: reply,
            before: before.workers,
            after: try await line.status().workers,
            replacedAfter: replacedAfter,
            readyAfter: readyAfter,
            listeners: listeners,
            history: try await line.history(of: reply.title, backTo: reply.record),
            uid: getuid()
        )
        return judgement.verdict
    }
}

extension StatusReply {
    /// Those that a worker serves; named `proxy.listen`.
    func listeners(of worker: String) -> [ListenerStatus] {
        (supervisor?.listeners ?? []).filter { $0.name.hasPrefix(worker + ".") }
    }
}
