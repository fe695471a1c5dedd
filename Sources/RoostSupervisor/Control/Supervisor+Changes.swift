import RoostConfig
import RoostIPC
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor

// What operators ask for. Each waits for the outcome and says it; each is recorded with who asked.
extension Supervisor {
    static let mostInstances = 64

    func restart(_ request: RestartRequest, by initiator: Initiator) async throws -> ChangeReply {
        let verb = request.rolling ? "restart --rolling" : "restart"
        let (handles, asked) = try changeable(request.names, verb, by: initiator)
        if request.rolling {
            let limit = Duration.milliseconds(request.timeoutMs)
            return await restartRolling(handles, within: limit) { handle in
                .verb(verb, by: initiator, parent: asked[handle.id.name])
            }
        }
        let before = pids(of: handles)
        for handle in handles {
            await handle.handle(
                .restart(.requested),
                because: .verb("restart", by: initiator, parent: asked[handle.id.name])
            )
        }
        return await outcomes(handles, before, within: .milliseconds(request.timeoutMs)) { glimpse, before in
            switch glimpse.state {
            case .running, .parked: glimpse.pid != before
            case .backoff, .quarantined, .stopped: true
            case .waiting, .starting, .draining: false
            }
        }
    }

    func start(_ names: [String], by initiator: Initiator) async throws -> ChangeReply {
        let (handles, asked) = try changeable(names, "start", by: initiator)
        let before = pids(of: handles)
        for handle in handles {
            await handle.handle(.start, because: .verb("start", by: initiator, parent: asked[handle.id.name]))
        }
        return await outcomes(handles, before, within: .zero) { glimpse, _ in
            switch glimpse.state {
            case .running, .parked, .backoff, .quarantined, .stopped: true
            case .waiting, .starting, .draining: false
            }
        }
    }

    func stop(_ names: [String], by initiator: Initiator) async throws -> ChangeReply {
        let (handles, asked) = try changeable(names, "stop", by: initiator)
        let before = pids(of: handles)
        for handle in handles {
            await handle.handle(.stop(.requested), because: .verb("stop", by: initiator, parent: asked[handle.id.name]))
        }
        return await outcomes(handles, before, wanted: .stopped, within: .zero) { glimpse, _ in
            glimpse.state == .stopped
        }
    }

    func scale(_ request: ScaleRequest, by initiator: Initiator) async throws -> ChangeReply {
        guard let specification = specification(request.name) else { throw unknown(request.name) }
        guard request.instances <= Self.mostInstances else {
            throw RequestFailure(
                .invalidArgument,
                "at most \(Self.mostInstances) instances; \(request.instances) were asked for"
            )
        }
        log("scale", [request.name], by: initiator, ["instances": .integer(Int64(request.instances))])
        let inputs: [Input] = [
            .count("instances", request.instances), .count("instances_before", instanceCount(specification)),
        ]
        let asked = note("scale", request.name, by: initiator, inputs)
        let present = instances.filter { $0.id.name == request.name && !retiring.contains($0.id) }
        let surplus = present.filter { $0.id.instance >= request.instances }
        let before = pids(of: surplus)
        scaled[request.name] = Int(request.instances)
        saveSoon()
        let sentence = "\(initiator) asked to scale \(request.name) to \(request.instances)"
        let cause = Cause(.operator, sentence, by: initiator, parent: asked, inputs: inputs)
        matchInstances(of: specification, because: cause)
        // Those that were there and stay are not touched, and not reported.
        let added = instances.filter { handle in
            handle.id.name == request.name && !present.contains { $0.id == handle.id }
        }
        var reply = await outcomes(added, added.map { _ in nil }, within: .zero) { glimpse, _ in
            glimpse.state != .waiting && glimpse.state != .starting && glimpse.state != .draining
        }
        let stopped = await outcomes(surplus, before, wanted: .stopped, within: .zero) { glimpse, _ in
            glimpse.state == .stopped
        }
        reply.outcomes += stopped.outcomes
        return reply
    }

    /// Whom a verb is for, and the entry of the record about its being asked, by worker.
    private func changeable(
        _ names: [String],
        _ verb: String,
        by initiator: Initiator
    ) throws -> (handles: [WorkerHandle], asked: [String: UInt64]) {
        guard phase != .stopping else { throw RequestFailure(.unavailable, "roostd is stopping") }
        guard !names.isEmpty else { throw RequestFailure(.invalidArgument, "name the workers to \(verb)") }
        let handles = try targets(names)
        guard !handles.isEmpty else {
            let list = names.joined(separator: ", ")
            throw RequestFailure(.conflict, "\(list) has no instances; `roost scale \(list) 1` gives it one")
        }
        log(verb, names, by: initiator)
        var asked: [String: UInt64] = [:]
        for name in handles.map(\.id.name) where asked[name] == nil { asked[name] = note(verb, name, by: initiator) }
        return (handles, asked)
    }

    private func note(_ verb: String, _ name: String, by initiator: Initiator, _ inputs: [Input] = []) -> UInt64 {
        let sentence = "\(initiator) asked to \(verb) it"
        let cause = Cause(.operator, sentence, by: initiator, inputs: [.text("verb", verb)] + inputs)
        return record.note(.asked, .worker(name), because: cause)
    }

    private func pids(of handles: [WorkerHandle]) -> [Int32?] {
        handles.map { handle in handle.assumeIsolated { $0.pid } }
    }

    /// Every change is in the log with its caller.
    func log(_ verb: String, _ names: [String], by initiator: Initiator, _ more: JSONObject = [:]) {
        var metadata: JSONObject = [
            "verb": .string(verb), "initiator": .string("\(initiator)"),
            "workers": .array(names.map { .string($0) }),
        ]
        for member in more.members { metadata[member.key] = member.value }
        say(.notice, "\(verb) \(names.joined(separator: " ")) by \(initiator)", metadata)
    }

    /// Waits for every handle in turn; a limit of zero means what the worker's own limits add up to.
    private func outcomes(
        _ handles: [WorkerHandle],
        _ before: [Int32?],
        wanted: RoostPolicy.WorkerState = .running,
        within limit: Duration,
        until isDone: @escaping @Sendable (WorkerHandle.Glimpse, _ before: Int32?) -> Bool
    ) async -> ChangeReply {
        let start = reactor.now
        var reply = ChangeReply()
        for (handle, before) in zip(handles, before) {
            let settings = await handle.machine.settings
            let own = settings.startTimeout + settings.drain + settings.stopTimeout * 2 + .seconds(5)
            let end = start.advanced(by: limit == .zero ? own : limit)
            let glimpse = await handle.wait(within: max(reactor.now.duration(to: end), .zero)) { isDone($0, before) }
            reply.outcomes.append(outcome(handle, before, glimpse, wanted: wanted, inTime: isDone(glimpse, before)))
        }
        return reply
    }

    private func outcome(
        _ handle: WorkerHandle,
        _ before: Int32?,
        _ glimpse: WorkerHandle.Glimpse,
        wanted: RoostPolicy.WorkerState,
        inTime: Bool
    ) -> InstanceOutcome {
        var outcome = InstanceOutcome()
        outcome.name = handle.id.name
        outcome.instance = UInt32(clamping: handle.id.instance)
        outcome.state = .init(glimpse.state)
        outcome.pidBefore = before
        outcome.pidAfter = glimpse.pid
        outcome.succeeded = inTime && (glimpse.state == wanted || (wanted == .running && glimpse.state == .parked))
        let (reason, exit) = handle.assumeIsolated { ($0.reason, $0.lastExit) }
        outcome.message =
            if outcome.succeeded {
                wanted == .stopped ? "\(handle.id) is stopped" : "\(handle.id) is \(glimpse.state.rawValue)"
            } else if !inTime {
                "\(handle.id) is still \(glimpse.state.rawValue); `roost logs \(handle.id.name)` tells more"
            } else {
                "\(handle.id) is \(glimpse.state.rawValue): " + (reason.isEmpty ? exit?.sentence ?? "" : reason)
                    + "; `roost logs \(handle.id.name)` tells more"
            }
        return outcome
    }
}
