import RoostConfig
import RoostProtocol

// What the guard has to know, saved at each step of an instance's life.
extension Supervisor {
    func openStateFile() {
        do {
            stateFile = try StateFile(invocation.runtimeDirectory + "/state")
            saveState()
        } catch {
            say(.error, "this supervisor leaves nothing to a successor: \(error)")
        }
    }

    func saveState() {
        guard let stateFile else { return }
        var state = SavedState()
        state.leaseMs = (configuration?.supervisor.lease ?? .seconds(10)).milliseconds
        state.strays = (strays?.strays ?? []).compactMap(SavedProcess.init(running:))
        for index in state.strays.indices { state.strays[index].plain = true }
        state.instances = instances.compactMap { handle in
            guard let pid = handle.assumeIsolated({ $0.pid }), var process = SavedProcess(running: pid) else {
                return nil
            }
            process.plain = handle.assumeIsolated { $0.isPlain }
            var instance = SavedInstance()
            instance.name = handle.id.name
            instance.instance = UInt32(clamping: handle.id.instance)
            instance.process = process
            return instance
        }
        do { try stateFile.save(state) } catch { say(.error, "\(error)") }
    }
}

extension SavedProcess {
    /// The process with this number; nil if there is none.
    fileprivate init?(running pid: Int32) {
        guard let entry = ProcessCensus.Entry(pid: pid) else { return nil }
        self.init()
        self.pid = pid
        startTime = entry.startTime
    }
}
