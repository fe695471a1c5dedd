import RoostConfig
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

// What a candidate has to show before it may serve, and the word that it may.
extension WorkerHandle {
    /// Asks the candidate over its connection whether it works, and then through each of its own listening sockets.
    func probe(_ roll: Roll, within limit: Duration) {
        guard let candidate = other else { return }
        let (pid, connection, probes) = (candidate.pid, candidate.connection, roll.probes)
        Task {
            let failure = await failure(of: connection, probes, within: limit)
            guard pid == other?.pid else { return }
            feed(.probed(failure: failure))
        }
    }

    private func failure(of connection: Connection?, _ probes: [Listener], within limit: Duration) async -> String? {
        guard let connection else { return "has not dialled the supervisor" }
        do {
            let payload = try await connection.request(.probe, Probe().encoded(), within: limit)
            let reply = try ProbeReply(decoding: payload)
            guard reply.healthy else {
                return "says that it does not work" + (reply.reason.isEmpty ? "" : ": \(reply.reason)")
            }
        } catch {
            return "did not answer whether it works: \(error)"
        }
        for listener in probes {
            let probe = ListenerProbe(listener.address, on: reactor)
            if let failure = await probe.run(within: limit) {
                return "failed the probe of \(listener.name): \(failure)"
            }
        }
        return nil
    }

    /// Tells the candidate to serve what it was given.
    func enter(within limit: Duration) {
        if let objection = surroundings.objection(id) { return feed(.unfit(objection)) }
        guard let candidate = other else { return }
        guard let connection = candidate.connection else {
            return feed(.entered(failure: "has lost its connection to the supervisor"))
        }
        let pid = candidate.pid
        Task {
            let failure = await promotionFailure(connection, within: limit)
            entered(pid, failure)
        }
    }

    /// The serving process was a candidate and has not been told to serve: does so as soon as it can be told.
    func enterCurrent() {
        guard let current, current.isHeld, let connection = current.connection else { return }
        let pid = current.pid
        Task {
            let failure = await promotionFailure(connection, within: settings.lifecycle.startTimeout)
            entered(pid, failure)
        }
    }

    private func entered(_ pid: Int32, _ failure: String?) {
        guard let incarnation = incarnation(pid) else { return }
        if failure == nil { incarnation.isHeld = false }
        if incarnation === other { return feed(.entered(failure: failure)) }
        // It is the serving process by now, and nobody else serves.
        guard let failure, incarnation.isHeld, incarnation.connection != nil else { return }
        say(.error, "\(id) \(failure)")
        handle(.hung, because: Cause(.rollFailed, failure, by: .supervisor))
    }

    private func promotionFailure(_ connection: Connection, within limit: Duration) async -> String? {
        do {
            _ = try await connection.request(.promote, Promote().encoded(), within: limit)
            return nil
        } catch {
            return "did not take its listeners: \(error)"
        }
    }
}
