import Glibc
import RoostConfig
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

// What a change of the configuration does to the workers: told by `roost plan`, carried out by a reload. Both ask the
// same comparison; only the present that goes into it is another one.
extension Supervisor {
    /// What taking over `next` would do now.
    func plan(from current: Configuration, to next: Configuration) -> ConfigurationPlan {
        let scaled = RunningInstances.scaled(scaled, from: current, to: next)
        return ConfigurationPlan(from: current, to: next, running(current, scaled: scaled))
    }

    /// The present. `current` is what instances began with, unless they began with the configuration in force; `failed`
    /// have agreed to switch and have not, `switched` have.
    private func running(
        _ current: Configuration,
        scaled: [String: Int],
        switched: Set<InstanceID>? = nil,
        failed: Set<InstanceID> = []
    ) -> RunningInstances {
        var instances: [String: [RunningInstances.Instance]] = [:]
        for (id, handle) in handles {
            var instance = RunningInstances.Instance(id.instance)
            let known = handle.assumeIsolated { handle in
                instance.isWanted = handle.machine.isWanted
                instance.hasProcess = handle.machine.hasProcess
                instance.isHeldBack = handle.state == .quarantined || handle.state == .backoff
                return handle.isPlain || Self.canBeTold(handle)
            }
            instance.isLeaving = retiring.contains(id)
            // While a reload switches, the configuration in force is the next one.
            instance.hasBegunAnew = switched != nil && begunWith[id] == generation
            instance.isReachable = switched.map { isPlain(id) || $0.contains(id) } ?? known
            instance.hasFailedToSwitch = failed.contains(id)
            let began = instance.hasBegunAnew ? specification(id.name) : current.workers.first { $0.name == id.name }
            instance.hasNewExecutable = began.map { hasNewExecutable(id, $0) } ?? false
            instances[id.name, default: []].append(instance)
        }
        return RunningInstances(instances, scaled: scaled)
    }

    private func isPlain(_ id: InstanceID) -> Bool { handles[id]?.assumeIsolated { $0.isPlain } ?? false }

    /// Whether it works and is connected. A parked worker is one of them: what it waits for may be what changes.
    static func canBeTold(_ handle: isolated WorkerHandle) -> Bool {
        (handle.state == .running || handle.state == .parked) && handle.connection != nil
    }

    private func hasNewExecutable(_ id: InstanceID, _ worker: WorkerSpecification) -> Bool {
        guard let known = stamps[id], let present = ExecutableStamp(executablePath(of: worker)) else { return false }
        return present != known
    }
}

// MARK: - Carrying it out

extension Supervisor {
    /// Who has been told of a change, and with what outcome.
    struct SwitchOutcome {
        var switched: Set<InstanceID> = []
        var failed: Set<InstanceID> = []
    }

    /// Does to the workers what the plan says. The plan is made anew from the present: while workers switched, instances
    /// may have ended, begun, been stopped or scaled. Nothing suspends from here to the end.
    func carryOut(_ next: Configuration, from current: Configuration, _ outcome: SwitchOutcome, because cause: Cause) {
        let present = running(current, scaled: scaled, switched: outcome.switched, failed: outcome.failed)
        let plan = ConfigurationPlan(from: current, to: next, present)
        for worker in plan.workers {
            guard let specification = next.workers.first(where: { $0.name == worker.name }) else {
                for handle in handles.values where handle.id.name == worker.name {
                    retire(handle, because: change("the configuration does not name it any more", by: cause))
                }
                continue
            }
            carryOut(worker, specification.instanceSettings(next.limits), because: cause)
            matchInstances(of: specification, because: change("its configuration has changed", by: cause))
        }
        admit()
    }

    private func carryOut(
        _ worker: ConfigurationPlan.Worker,
        _ settings: InstanceSettings,
        because reason: Cause
    ) {
        for handle in handles.values where handle.id.name == worker.name {
            let replacement = worker.replaced.first { $0.instance == handle.id.instance }
            // A process ends as what it is: how long a program may drain is not for its successor of another kind to say.
            let changesKind = handle.assumeIsolated { $0.isPlain } != settings.isPlain
            if !changesKind { handle.assumeIsolated { $0.apply(settings) } }
            if let replacement {
                let cause: StopCause = replacement.cause == .executable ? .upgrade : .configuration
                let kind = cause == .upgrade ? .upgrade : reason.kind
                renew(handle, as: cause, because: change(worker.reason(for: replacement.cause), kind, by: reason))
            } else if worker.retried.contains(handle.id.instance) {
                let change = change("its configuration or program has changed", by: reason)
                handle.assumeIsolated { $0.handle(.changed, because: change) }
            }
            if changesKind { handle.assumeIsolated { $0.apply(settings) } }
        }
    }

    /// Replaces the process of an instance with one of the present configuration and executable: the only place that
    /// does what a plan calls a rolling restart.
    ///
    /// What does not serve is simply started anew. So is a plain program, and what becomes one: whether two of it may run
    /// at a time only its operator knows.
    func renew(_ handle: WorkerHandle, as stopCause: StopCause = .configuration, because cause: Cause) {
        guard handle.assumeIsolated({ $0.state == .running && !$0.isPlain }),
            specification(handle.id.name)?.isPlain == false
        else {
            renewals[handle.id] = nil
            return handle.assumeIsolated { $0.handle(.restart(stopCause), because: cause) }
        }
        renewals[handle.id] = stopCause
        saveSoon()
        Task {
            _ = await roll(handle, for: stopCause, because: cause)  // how it goes is told by events and the log
            renewals[handle.id] = nil
            saveSoon()
        }
    }
}

// MARK: - Telling it

extension Supervisor {
    /// What a reload would do, with the files of roostd or with others. Nothing is prepared and nobody is asked.
    func plan(_ request: PlanRequest) async throws -> PlanReply {
        guard phase != .stopping, configuration != nil else {
            throw RequestFailure(.unavailable, "roostd is not running yet, or stopping")
        }
        // Readers are processes: one at a time, so that many callers cannot crowd the host, nor reloads wait for them.
        guard planQueue.hasRoom else {
            throw RequestFailure(.exhausted, "too many plans are being made; try again")
        }
        if !planQueue.tryEnter() { await withCheckedContinuation { planQueue.wait($0) } }
        defer { planQueue.leave() }
        var loader = loader
        if !request.file.isEmpty { loader.file = request.file }
        let limit = configuration?.supervisor.reload.check ?? .seconds(10)
        var reply = PlanReply()
        let report: ConfigurationReport
        do {
            report = try await loader.load(within: limit, on: reactor)
        } catch {
            reply.problems = ["\(error)"]
            reply.generation = generation
            return reply
        }
        // Compared with what is in force now, which may be another one than when the files were read.
        guard phase != .stopping, let current = configuration else {
            throw RequestFailure(.unavailable, "roostd is stopping")
        }
        reply.generation = generation
        reply.warnings = report.warnings.map(\.line)
        guard let next = report.configuration else {
            reply.problems = report.errors.map(\.line)
            return reply
        }
        reply.valid = true
        reply.changed = digest != report.digest || next != current
        reply.take(plan(from: current, to: next))
        return reply
    }
}

extension PlanReply {
    fileprivate mutating func take(_ plan: ConfigurationPlan) {
        supervisor = plan.supervisor.map { PlannedKey($0) }
        workers = plan.workers.map { PlannedWorker($0) }
        rules = plan.rules.map { rule in
            var message = PlannedRule()
            message.name = rule.name
            message.step = rule.step.rawValue
            message.keys = rule.keys.map { PlannedKey($0) }
            return message
        }
    }
}

extension PlannedWorker {
    fileprivate init(_ worker: ConfigurationPlan.Worker) {
        self.init()
        name = worker.name
        step =
            switch worker.step {
            case .unchanged: .unchanged
            case .live: .live
            case .rolling: .rollingRestart
            case .stop: .stop
            case .start: .start
            }
        keys = worker.keys.map { PlannedKey($0) }
        replaced = worker.replaced.map { replacement in
            var message = PlannedReplacement()
            message.instance = UInt32(clamping: replacement.instance)
            message.cause = replacement.cause.rawValue
            return message
        }
        started = worker.started.map { UInt32(clamping: $0) }
        stopped = worker.stopped.map { UInt32(clamping: $0) }
        retried = worker.retried.map { UInt32(clamping: $0) }
    }
}

extension PlannedKey {
    fileprivate init(_ key: KeyChange) {
        self.init()
        self.key = key.key
        change =
            switch key.change {
            case .live: .live
            case .rolling: .rollingRestart
            case .supervisor: .supervisor
            }
        old = key.old
        new = key.new
        secret = key.isSecret
    }
}
