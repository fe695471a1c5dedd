import Glibc
import RoostConfig
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor

// What this supervisor leaves behind, and what it takes over from the one before it. Processes are adopted before any is
// started; what died meanwhile is replaced as if its end had been seen.
extension Supervisor {
    // MARK: Leaving

    /// Saves the state before the loop next waits: once, however much changes in a turn.
    func saveSoon() {
        guard stateFile != nil, !isSaving else { return }
        isSaving = true
        reactor.beforeWait { [unowned self] in
            assumeIsolated { supervisor in
                supervisor.isSaving = false
                supervisor.save()
            }
        }
    }

    /// Saves the state now; called after a spawn, whose process nothing else tells of.
    func save() {
        guard let stateFile, phase != .stopping || !handles.isEmpty else { return }
        do {
            try stateFile.save(savedState)
            stateFile.endSpawn()
            keepLogs()
        } catch {
            say(.error, "a successor would not find the present state: \(error)")
        }
    }

    private var savedState: SavedState {
        var state = SavedState()
        state.supervisorPid = getpid()
        state.version = Self.version
        state.generation = generation
        state.digest = digest
        state.problems = problems
        state.leaseMs = (configuration?.supervisor.lease ?? .seconds(10)).milliseconds
        state.switching = isSwitching
        state.scaled = scaled.map { name, count in
            var scale = SavedScale()
            (scale.name, scale.instances) = (name, UInt32(clamping: count))
            return scale
        }
        state.strays = (strays?.strays ?? []).compactMap { pid in
            guard let entry = ProcessCensus.Entry(pid: pid) else { return nil }
            var process = SavedProcess()
            (process.pid, process.startTime, process.plain) = (pid, entry.startTime, true)
            return process
        }
        state.instances = handles.values.map { handle in
            var saved = handle.assumeIsolated { $0.saved }
            saved.retiring = retiring.contains(handle.id)
            saved.wanted = saved.wanted || wantedAtStop.contains(handle.id)
            saved.renewal = renewals[handle.id].map { .init($0.exitReason) } ?? .unspecified
            saved.begunWith = begunWith[handle.id] ?? 0
            saved.stamp = stamps[handle.id]?.saved
            return saved
        }
        return state
    }

    /// Keeps the checked configuration for a successor, which so needs neither the files nor the helper.
    func leaveConfiguration(_ report: ConfigurationReport) {
        guard stateFile != nil else { return }
        do {
            try AtomicFile.write(report.encoded(), to: configurationCopy, mode: 0o600)
        } catch {
            say(.error, "a successor would have to read the configuration files again: \(error)")
        }
    }

    private var configurationCopy: String { invocation.runtimeDirectory + "/configuration" }

    /// A start that has failed leaves what was there before, for another try, and nothing of its own.
    func leaveNothingNew() {
        if handles.isEmpty { leaveNothing() }
    }

    /// A clean end: there is nothing to take over.
    func leaveNothing() {
        stateFile?.forget()
        stateFile = nil
        unlink(stateFilePath)
        unlink(configurationCopy)
        logs.feed.ring.remove()
        events.ring.remove()
        for name in workerSockets.keys { unlink("\(invocation.runtimeDirectory)/\(name).sock") }
        unlink("\(invocation.runtimeDirectory)/roostd.sock")
    }

    private var stateFilePath: String { invocation.runtimeDirectory + "/state" }

    // MARK: Taking over

    /// Opens the state file; says what a supervisor of this boot has left, with the configuration that it worked with.
    func openState() -> (state: SavedState, report: ConfigurationReport)? {
        do {
            let file = try StateFile(stateFilePath)
            stateFile = file
            guard let state = file.recover() else { return nil }
            guard let bytes = AtomicFile.read(configurationCopy, limit: 64 << 20),
                let report = try? ConfigurationReport(decoding: bytes), report.configuration != nil
            else {
                say(.warning, "the configuration of the supervisor before is not readable: its workers are replaced")
                return (state, ConfigurationReport(findings: [], files: [], digest: [], configuration: nil))
            }
            return (state, report)
        } catch {
            say(.error, "no successor will be able to take over: \(error)")
            return nil
        }
    }

    /// What was to be replaced is replaced now.
    private func renewAgain() {
        isSwitching = false
        for (id, stopCause) in renewals {
            guard let handle = handles[id], !retiring.contains(id),
                handle.assumeIsolated({ $0.machine.isWanted && $0.machine.hasProcess })
            else {
                renewals[id] = nil
                continue
            }
            let sentence = "was to be replaced when its supervisor was"
            let kind: Cause.Kind = stopCause == .upgrade ? .upgrade : .configuration
            renew(
                handle,
                as: stopCause,
                because: Cause(kind, sentence, by: .generation(generation), parent: bootRecord)
            )
        }
        saveSoon()
    }

    typealias UnfinishedSpawn = (name: String, instance: UInt32, process: SavedProcess)

    /// A process that the supervisor before was starting when it died, if it is there: the number may have been given out
    /// again since, but not within a moment, and not to the leader of a group of its own.
    private var unfinishedSpawn: UnfinishedSpawn? {
        guard let spawn = stateFile?.unfinishedSpawn, let instance = UInt32(exactly: spawn.instance),
            let entry = ProcessCensus.Entry(pid: spawn.pid), entry.group == spawn.pid
        else { return nil }
        let tick = 1_000_000_000 / Int64(max(sysconf(Int32(_SC_CLK_TCK)), 1))
        let started = Int64(clamping: entry.startTime).multipliedReportingOverflow(by: tick)
        let earliest = spawn.begun.subtractingReportingOverflow(2 * tick)
        let latest = spawn.begun.addingReportingOverflow(Self.longestClone)
        guard !started.overflow, !earliest.overflow, !latest.overflow,
            earliest.partialValue...latest.partialValue ~= started.partialValue
        else { return nil }
        var process = SavedProcess()
        (process.pid, process.startTime) = (entry.pid, entry.startTime)
        return (spawn.name, instance, process)
    }

    /// Nanoseconds from the note that a process will be started until the kernel has made it, on a very busy machine.
    private static let longestClone: Int64 = 5_000_000_000

    /// Makes the instances that the supervisor before had, with those of their processes that still run.
    func restore(_ state: SavedState) {
        guard let configuration else { return }
        let unfinished = unfinishedSpawn
        let recorded = logs.tapeEnds()
        for scale in state.scaled { scaled[scale.name] = min(Int(scale.instances), Self.mostInstances) }
        problems = state.problems
        var left = state.instances
        // The first process of an instance, which no state names yet.
        if let unfinished, !left.contains(where: { $0.name == unfinished.name && $0.instance == unfinished.instance }) {
            left.append(SavedInstance(startedBy: unfinished, state.generation))
        }
        var pids: Set<Int32> = []
        for var saved in left {
            let id = InstanceID(name: saved.name, instance: Int(saved.instance))
            guard handles[id] == nil else { continue }
            // A process is of one instance only, whatever the file says.
            if let pid = saved.process?.pid, !pids.insert(pid).inserted { saved.process = nil }
            if let pid = saved.roll?.process?.pid, !pids.insert(pid).inserted { saved.roll = nil }
            let specification = specification(saved.name)
            let settings = specification?.instanceSettings(configuration.limits) ?? .leaving
            let handle = makeHandle(id, settings)
            handles[id] = handle
            begunWith[id] = saved.begunWith
            stamps[id] = saved.stamp.map { ExecutableStamp($0) }
            renewals[id] = StopCause(saved.renewal)
            if isSwitching, saved.begunWith < generation { renewals[id] = .configuration }
            if saved.retiring || specification == nil { retiring.insert(id) }
            let spawned = unfinished.flatMap { unfinished -> SavedProcess? in
                guard unfinished.name == saved.name, unfinished.instance == saved.instance else { return nil }
                var process = unfinished.process
                process.plain = settings.isPlain
                return process
            }
            handle.assumeIsolated { handle in
                handle.restore(saved, spawned: spawned) { process in
                    self.assumeIsolated { $0.logEnds(of: process, recorded) }
                }
            }
        }
        let adopted = handles.values.compactMap { handle in handle.assumeIsolated { $0.pid } }
        say(
            .notice,
            "took over from roostd \(state.version) (pid \(state.supervisorPid)): \(adopted.count) processes",
            [
                "pids": .array(adopted.map { .integer(Int64($0)) }), "monotonic_ns": .integer(reactor.now.nanoseconds),
            ]
        )
    }

    /// Goes on with every instance that was restored.
    func resumeInstances() {
        let adoption = Cause(.adoption, "a new roostd found it running", by: .supervisor, parent: bootRecord)
        for handle in instances { handle.assumeIsolated { $0.resume(because: adoption) } }
        let removal = Cause(
            .configuration,
            "the configuration does not name it any more",
            by: .generation(generation),
            parent: bootRecord
        )
        for id in retiring {
            if let handle = handles[id] { retire(handle, because: removal) }
        }
        renewAgain()
    }
}

extension SavedInstance {
    /// An instance that a supervisor was starting for the first time.
    fileprivate init(startedBy spawn: Supervisor.UnfinishedSpawn, _ generation: UInt64) {
        self.init()
        (name, instance, wanted, incarnations, begunWith) = (spawn.name, spawn.instance, true, 0, generation)
        phase = SavedPhase(.waiting)
    }
}

extension InstanceSettings {
    /// Of an instance that no configuration names any more.
    fileprivate static var leaving: InstanceSettings {
        InstanceSettings(
            lifecycle: WorkerStateMachine.Settings(),
            heartbeatDeadline: .seconds(2),
            memory: MemoryCeiling(soft: nil, hard: nil),
            isPlain: false
        )
    }
}

extension ExecutableStamp {
    var saved: SavedStamp {
        var stamp = SavedStamp()
        stamp.device = UInt64(device)
        stamp.inode = UInt64(inode)
        stamp.size = Int64(size)
        stamp.seconds = Int64(seconds)
        stamp.nanoseconds = Int64(nanoseconds)
        return stamp
    }

    init(_ saved: SavedStamp) {
        device = UInt(saved.device)
        inode = UInt(saved.inode)
        size = Int(saved.size)
        seconds = Int(saved.seconds)
        nanoseconds = Int(saved.nanoseconds)
    }
}
