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
        wantedAtStop = Set(handles.values.filter { handle in handle.assumeIsolated { $0.machine.isWanted } }.map(\.id))
        let inputs: [Input] = [.count("exit_status", status)]
        let noted = record.note(.shutDown, .supervisor, pid: getpid(), because: cause, decision: .init(.stop, inputs))
        say(.notice, "stopping")
        _ = notifier.send(.stopping, .extendTimeout(Self.patience))
        tellStatus()
        watcher = nil
        let stop = Cause(.shutdown, "roostd stops", by: cause.initiator, parent: noted)
        Task { await stopInPhases(because: stop) }
    }

    private func stopInPhases(because cause: Cause) async {
        helpers.endAll()
        // Asked to stop before it has gone on with what it took over.
        for handle in handles.values { await handle.settleGone() }
        let limit = configuration?.supervisor.shutdownTimeout ?? .seconds(60)
        let end = reactor.now.advanced(by: limit)
        for names in stopOrder {
            let phase = handles.values.filter { names.contains($0.id.name) }
            for handle in phase { await handle.handle(.stop(.requested), because: cause) }
            for handle in phase {
                let left = max(reactor.now.duration(to: end), .zero)
                guard await ends(handle, within: left) == false else { continue }
                say(.error, "\(handle.id) did not end within the shutdown timeout: killing it")
                await handle.destroy()
            }
        }
        await endStrays()
        notifications = nil
        leaveNothing()
        await guardKeeper?.end()
        say(.notice, "stopped")
        record.close()
        if let tickTimer { reactor.cancel(tickTimer) }
        finish?(exitStatus)
        finish = nil
    }

    /// How long systemd is asked to wait each time, in addition (sd_notify(3), EXTEND_TIMEOUT_USEC): the shutdown timeout
    /// and the drains of the configuration bound a stop, and not TimeoutStopSec, as long as roostd itself goes on.
    private static let patience = Duration.seconds(5)

    /// Waits for an instance's end, and asks systemd for more time meanwhile; false: it has not ended.
    private func ends(_ handle: WorkerHandle, within limit: Duration) async -> Bool {
        let end = reactor.now.advanced(by: limit)
        while true {
            _ = notifier.send(.extendTimeout(Self.patience))
            let left = reactor.now.duration(to: end)
            let turn = max(min(left, .seconds(1)), .zero)
            if await handle.wait(within: turn, until: { $0.state == .stopped }).state == .stopped { return true }
            if left <= turn { return false }
        }
    }

    /// Ends what workers have left behind, and what that leaves behind in its turn, in a bounded time; helpers have been
    /// killed and are reaped meanwhile.
    private func endStrays() async {
        let end = reactor.now.advanced(by: .seconds(1))
        while reactor.now < end {
            let hasStrays = strays?.sweep() ?? false
            guard hasStrays || !helpers.isEmpty else { return }
            strays?.killAll()
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
