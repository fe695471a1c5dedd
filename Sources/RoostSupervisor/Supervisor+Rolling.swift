import RoostConfig
import RoostJSON
package import RoostPolicy
import RoostProtocol
import RoostReactor

// Rolling restarts, as far as they concern more than the instance itself.
extension Supervisor {
    /// How often a candidate may be overtaken by a changed configuration before the caller hears of it.
    private static let mostAttempts = 3

    /// Replaces the process of an instance by a new one that has proved itself, without a gap; if that fails, the old
    /// one serves on. Returns when the new process serves; the old one then still finishes what it has.
    ///
    /// - Parameters:
    ///   - stopCause: Under which reason the end of the old process is recorded.
    ///   - limit: How long the caller waits; nil: as long as it takes.
    package func roll(
        _ handle: WorkerHandle,
        for stopCause: StopCause = .requested,
        because cause: Cause,
        within limit: Duration? = nil
    ) async -> RollOutcome {
        var outcome = RollOutcome.notRunning
        for _ in 0..<Self.mostAttempts {
            let generation = generation
            outcome = await handle.roll(for: stopCause, because: cause, within: limit)
            guard case .failed = outcome, generation != self.generation, phase != .stopping else { break }
        }
        return outcome
    }

    /// What to start beside the serving process: the sockets that both have are held back until it is promoted, and it has
    /// listeners of its own for the probe.
    func candidateRequest(for id: InstanceID) throws -> CandidateRequest {
        guard let specification = specification(id.name), !specification.isPlain else {
            let request = try spawnRequest(for: id, held: "")
            candidates[id] = (ExecutableStamp(request.path), generation)
            return CandidateRequest(request)
        }
        var request = try spawnRequest(for: id, held: "held.")
        let own = try specification.listeners.map { (name: $0.name, socket: try PrivateListener()) }
        for listener in own {
            request.listenerNames.append(listener.name)
            request.descriptors.append(listener.socket.descriptor)
        }
        candidates[id] = (ExecutableStamp(request.path), generation)
        return CandidateRequest(
            request,
            probes: own.map { Listener(name: $0.name, address: $0.socket.address) },
            release: { withExtendedLifetime(own) {} }
        )
    }

    /// A candidate that began with another configuration than the one in force has not taken part in the change.
    func objection(toCandidateOf id: InstanceID) -> String? {
        guard let begun = candidates[id]?.generation, begun != generation else { return nil }
        return "began with configuration \(begun), and \(generation) has come into force meanwhile; try again"
    }

    func rolled(_ id: InstanceID, _ news: RollNews) {
        var data: JSONObject = [
            "name": .string(id.name), "instance": .integer(Int64(id.instance)), "roll": .string(news.step.rawValue),
            "former_pid": .integer(Int64(news.formerPID)), "cause": .string(news.cause.exitReason.rawValue),
            "reason": .string(news.reason),
        ]
        if let pid = news.pid { data["pid"] = .integer(Int64(pid)) }
        if let exit = news.exit { data["exit"] = .object(exit.json) }
        if let handle = handles[id] { data["state"] = .string(state(of: handle).rawValue) }
        tell(.worker, data)
        say(news.step == .failed ? .error : .notice, sentence(id, news), data)
        switch news.step {
        case .begun: return
        case .retired: return saveSoon()
        case .started: return save()
        case .promoted, .incumbentEnded: if news.pid != nil { candidateServes(id) }
        case .failed: candidates[id] = nil
        }
        save()  // before the old process hears of anything
        admission.startEnded(id)
        admit()
    }

    private func candidateServes(_ id: InstanceID) {
        guard let candidate = candidates.removeValue(forKey: id) else { return }
        (stamps[id], begunWith[id], renewals[id]) = (candidate.stamp, candidate.generation, nil)
        // Between the word that it may serve and now, a change may have been told to the process before it.
        guard candidate.generation != generation, let handle = handles[id], !handle.assumeIsolated({ $0.isPlain })
        else {
            return
        }
        let cause = change("its configuration has changed", .configuration, by: .reload(by: .supervisor))
        Task { _ = await roll(handle, for: .configuration, because: cause) }
    }

    private func sentence(_ id: InstanceID, _ news: RollNews) -> String {
        let new = news.pid.map { "the new process, pid \($0)," } ?? "the new process"
        return switch news.step {
        case .begun: "replacing pid \(news.formerPID) of \(id): \(news.reason)"
        case .started: "\(id): \(new) is started beside pid \(news.formerPID)"
        case .promoted: "\(id): \(new) serves; pid \(news.formerPID) finishes what it has"
        case .failed: "\(id): \(new) \(news.reason); the old process, pid \(news.formerPID), serves on"
        case .incumbentEnded:
            "\(id): pid \(news.formerPID) ended before \(new) was proved"
                + (news.pid == nil ? "" : ", which takes its place")
        case .retired: "\(id): pid \(news.formerPID), replaced, \(news.exit?.sentence ?? "ended")"
        }
    }
}

// MARK: - As operators ask for it

extension Supervisor {
    /// One instance after another; after a failure the others are left alone.
    func restartRolling(
        _ handles: [WorkerHandle],
        within limit: Duration,
        because cause: (WorkerHandle) -> Cause
    ) async -> ChangeReply {
        let end = limit == .zero ? nil : reactor.now.advanced(by: limit)
        var reply = ChangeReply()
        var failed: InstanceID?
        for handle in handles {
            let before = await handle.pid
            var message: String?
            if let failed {
                message = "was left alone, because \(failed) failed"
            } else {
                let left = end.map { max(reactor.now.duration(to: $0), .zero) }
                message = await replace(handle, within: left, because: cause(handle))
                if message != nil { failed = handle.id }
            }
            reply.outcomes.append(outcome(of: handle, before, failure: message))
        }
        return reply
    }

    /// Nil: it was replaced; else what to tell of the instance.
    private func replace(_ handle: WorkerHandle, within limit: Duration?, because cause: Cause) async -> String? {
        switch await roll(handle, because: cause, within: limit) {
        case .promoted: return nil
        case .failed(let reason, let pid?):
            return "was not replaced: the new process \(reason); the old process, pid \(pid), serves on"
        case .failed(let reason, nil): return "was not replaced: \(reason)"
        case .notYet: return "is still being replaced; `roost status` tells how far it is"
        case .notRunning:
            guard phase != .stopping, !retiring.contains(handle.id) else { return "is being stopped" }
            await handle.handle(.restart(.requested), because: cause)
        case .incumbentEnded: break  // another process comes, or is there
        }
        let settings = await handle.machine.settings
        let own = settings.startTimeout + settings.drain + settings.stopTimeout * 2 + .seconds(5)
        let before = await handle.state == .draining ? await handle.pid : nil
        let glimpse = await handle.wait(within: limit ?? own) { glimpse in
            switch glimpse.state {
            case .running, .parked: glimpse.pid != before
            case .backoff, .quarantined, .stopped: true
            case .waiting, .starting, .draining: false
            }
        }
        guard glimpse.state != .running, glimpse.state != .parked else { return nil }
        return "is \(glimpse.state.rawValue)"
    }

    private func outcome(of handle: WorkerHandle, _ before: Int32?, failure: String?) -> InstanceOutcome {
        let (state, pid) = handle.assumeIsolated { ($0.state, $0.pid) }
        var outcome = InstanceOutcome()
        outcome.name = handle.id.name
        outcome.instance = UInt32(clamping: handle.id.instance)
        outcome.state = .init(state)
        outcome.pidBefore = before
        outcome.pidAfter = pid
        outcome.succeeded = failure == nil
        outcome.message = "\(handle.id) " + (failure ?? "is \(state.rawValue)")
        return outcome
    }
}
