import Glibc
import RoostConfig
import RoostPolicy
import RoostReactor
import RoostSystemd

extension Supervisor {
    /// Stops everything, what depends on others first, and ends with the status. Asked again, it only takes the more
    /// serious status.
    package func stop(exitStatus status: Int32, because cause: Cause) {
        exitStatus = max(exitStatus, status)
        guard phase != .stopping else { return }
        phase = .stopping
        let inputs: [Input] = [.count("exit_status", status)]
        let noted = record.note(.shutDown, .supervisor, pid: getpid(), because: cause, decision: .init(.stop, inputs))
        say(.notice, "stopping")
        _ = notifier.send(.stopping)
        statusMayHaveChanged()
        watcher = nil
        let stop = Cause(.shutdown, "roostd stops", by: cause.initiator, parent: noted)
        Task { await stopInPhases(because: stop) }
    }

    private func stopInPhases(because cause: Cause) async {
        let limit = configuration?.supervisor.shutdownTimeout ?? .seconds(60)
        let end = reactor.now.advanced(by: limit)
        for names in stopOrder {
            let phase = handles.values.filter { names.contains($0.id.name) }
            for handle in phase { await handle.handle(.stop(.requested), because: cause) }
            for handle in phase {
                let left = max(reactor.now.duration(to: end), .zero)
                let glimpse = await handle.wait(within: left) { $0.state == .stopped }
                guard glimpse.state != .stopped else { continue }
                say(.error, "\(handle.id) did not end within the shutdown timeout: killing it")
                await handle.destroy()
            }
        }
        await endStrays()
        notifications = nil
        leaveNothing()
        say(.notice, "stopped")
        record.close()
        if let tickTimer { reactor.cancel(tickTimer) }
        finish?(exitStatus)
        finish = nil
    }

    /// Ends what workers have left behind, and what that leaves behind in its turn, in a bounded time.
    private func endStrays() async {
        let end = reactor.now.advanced(by: .seconds(1))
        while let strays, strays.sweep(), reactor.now < end {
            strays.killAll()
            try? await reactor.sleep(for: .milliseconds(2))  // never cancelled
        }
    }

    /// The start order, backwards; workers that no configuration names any more come first.
    private var stopOrder: [[String]] {
        let workers = configuration?.workers ?? []
        let dependencies = Dictionary(workers.map { ($0.name, $0.after) }) { first, _ in first }
        let known = workers.map(\.name)
        let unknown = Set(handles.keys.map(\.name)).subtracting(known)
        let order = try? StartOrder(names: known, dependencies: dependencies)
        return [Array(unknown)] + (order?.phases.reversed() ?? [known])
    }
}

extension WorkerHandle {
    /// SIGKILL to the whole group, and a last, bounded wait.
    func destroy() async {
        killGroup()
        _ = await wait(within: .seconds(1)) { $0.state == .stopped }
    }
}
