import Glibc
import RoostConfig
import RoostIPC
import RoostJSON
import RoostPolicy
package import RoostProtocol
import RoostReactor
import RoostSystemd

// A reload is a transaction: read and check everything, bind what is new, let every running worker prepare; then all
// switch. One refusal or silence before the switch, and nothing has changed.
extension Supervisor {
    /// Reads the files again and takes them over, or says why not. One at a time.
    package func reload(by initiator: Initiator) async -> ReloadReply {
        guard reloadQueue.hasRoom else {
            return rejected(["too many configuration changes are waiting; try again"], by: initiator)
        }
        if !reloadQueue.tryEnter() { await withCheckedContinuation { reloadQueue.wait($0) } }
        defer { reloadQueue.leave() }
        guard phase != .stopping, let current = configuration else {
            return rejected(["roostd is not running yet, or stopping"], by: initiator)
        }
        let wasStarting = phase == .starting
        if !wasStarting { phase = .reloading }
        _ = notifier.send(.reloading(since: reactor.now.nanoseconds))
        defer {
            if phase == .reloading { phase = .running }
            if phase != .stopping, !wasStarting { _ = notifier.send(.ready) }
            statusMayHaveChanged()
        }
        return await transaction(from: current, by: initiator)
    }

    private func transaction(from current: Configuration, by initiator: Initiator) async -> ReloadReply {
        let report: ConfigurationReport
        do {
            report = try await loader.load(within: current.supervisor.reload.check, on: reactor)
        } catch {
            return rejected(["\(error)"], by: initiator)
        }
        guard let next = report.configuration else { return rejected(report.errors.map(\.line), by: initiator) }
        let warnings = report.warnings.map(\.line)
        guard next != current || digest != report.digest else {
            problems = []
            await restartChangedExecutables(because: "its executable has changed")
            return accepted(changed: false, warnings)
        }
        var bound: [String] = []
        for listener in next.workers.flatMap(\.listeners) {
            do { _ = try listeners.acquire(listener) } catch { bound.append("\(error)") }
        }
        let refusals = bound.isEmpty ? await prepare(next, generation: generation + 1) : bound
        guard refusals.isEmpty else {
            await abort(generation + 1)
            listeners.retain(only: current.workers.flatMap(\.listeners))
            return rejected(refusals, by: initiator)
        }
        await commit(next, report, from: current, by: initiator)
        return accepted(changed: true, warnings)
    }

    private func accepted(changed: Bool, _ warnings: [String]) -> ReloadReply {
        var reply = ReloadReply()
        reply.accepted = true
        reply.changed = changed
        reply.generation = generation
        reply.warnings = warnings
        return reply
    }

    /// Loud and without effect: status, event, log.
    private func rejected(_ problems: [String], by initiator: Initiator) -> ReloadReply {
        self.problems = problems
        for problem in problems { say(.error, "configuration rejected: \(problem)") }
        tell(
            .configRejected,
            [
                "generation": .integer(Int64(generation)), "initiator": .string("\(initiator)"),
                "problems": .array(problems.map { .string($0) }),
            ]
        )
        var reply = ReloadReply()
        reply.generation = generation
        reply.problems = problems
        return reply
    }
}

// MARK: - Two phases

extension Supervisor {
    private func attached() -> [(handle: WorkerHandle, connection: Connection)] {
        instances.compactMap { handle in
            handle.assumeIsolated { $0.isReady ? $0.connection : nil }.map { (handle, $0) }
        }
    }

    /// Lets every running worker check what it would be told; says what speaks against it. Workers that do not run are
    /// asked through their `--check`.
    private func prepare(_ next: Configuration, generation: UInt64) async -> [String] {
        var refusals: [String] = []
        let limit = next.supervisor.reload.prepare
        for (handle, connection) in attached() {
            guard let worker = next.workers.first(where: { $0.name == handle.id.name }) else { continue }
            let message = preparation(worker, next, generation: generation)
            do {
                let payload = try await connection.request(.prepare, message.encoded(), within: limit)
                let reply = try PrepareReply(decoding: payload)
                refusals += (reply.refused?.problems ?? []).map { "\(handle.id): \($0)" }
            } catch {
                refusals.append("\(handle.id) did not prepare: \(error)")
            }
        }
        for worker in next.workers where worker.instances > 0 && !next.section(of: worker.name).isEmpty {
            let isRunning = handles.values.contains { $0.id.name == worker.name && state(of: $0) == .running }
            if !isRunning { refusals += await check(worker, within: limit) }
        }
        return refusals
    }

    private func check(_ worker: WorkerSpecification, within limit: Duration) async -> [String] {
        let run = try? await CapturedRun.of(
            executablePath(of: worker),
            ["--check", invocation.configuration],
            environment: loader.environment,
            within: limit,
            on: reactor
        )
        guard let run, !run.status.isSuccess, run.status != .code(127) else { return [] }
        return run.errors.split(separator: "\n").map { "\(worker.name): \($0)" }
    }

    private func abort(_ generation: UInt64) async {
        var message = Abort()
        message.generation = generation
        for (_, connection) in attached() {
            // Who cannot hear it keeps a preparation that the next one replaces.
            _ = try? await connection.request(.abort, message.encoded(), within: .seconds(1))
        }
    }

    /// Everybody has agreed. From here on nothing fails as a whole: an instance that does not switch is replaced.
    private func commit(
        _ next: Configuration,
        _ report: ConfigurationReport,
        from current: Configuration,
        by initiator: Initiator
    ) async {
        let prepared = attached()
        generation += 1
        configuration = next
        problems = []
        // What `roost scale` has set holds until the configuration says another number.
        for worker in next.workers {
            let before = current.workers.first { $0.name == worker.name }
            if before?.instances != worker.instances { scaled[worker.name] = nil }
        }
        apply(next.supervisor)
        if let files = try? makeConfigurationFiles(next, generation: generation) { configurationFiles = files }
        digest = report.digest
        remember(report, initiator: initiator)
        var message = Commit()
        message.generation = generation
        for (handle, connection) in prepared where next.workers.contains(where: { $0.name == handle.id.name }) {
            do {
                let limit = next.supervisor.reload.commit
                _ = try await connection.request(.commit, message.encoded(), within: limit)
                await handle.setGeneration(generation)
            } catch {
                say(.error, "\(handle.id) did not switch to generation \(generation): \(error); replacing it")
                await handle.handle(.restart(.configuration), because: "it did not switch")
            }
        }
        replaceBystanders(of: Set(prepared.map(\.handle.id)))
        applyWorkers(next, from: current)
        listeners.retain(only: next.workers.flatMap(\.listeners))
        watchFiles()
        tell(
            .configChanged,
            ["generation": .integer(Int64(generation)), "initiator": .string("\(initiator)")]
        )
        say(.notice, "configuration generation \(generation) is in force, by \(initiator)")
    }

    /// Whoever was starting or parked was not asked and works with what it was started with: a new process does not.
    private func replaceBystanders(of asked: Set<InstanceID>) {
        for handle in instances where !asked.contains(handle.id) && startedWith[handle.id] != generation {
            handle.assumeIsolated { handle in
                guard !handle.isPlain, handle.machine.hasProcess, handle.machine.isWanted else { return }
                handle.handle(.restart(.configuration), because: "it started with an earlier configuration")
            }
        }
    }

    private func applyWorkers(_ next: Configuration, from current: Configuration) {
        let names = Set(next.workers.map(\.name))
        for handle in handles.values where !names.contains(handle.id.name) {
            retire(handle, because: "the configuration does not name it any more")
        }
        for worker in next.workers {
            if !worker.isPlain { try? openWorkerSocket(worker.name) }
            let before = current.workers.first { $0.name == worker.name }
            let isChanged = worker != before || next.section(of: worker.name) != current.section(of: worker.name)
            for handle in handles.values where handle.id.name == worker.name {
                handle.assumeIsolated { handle in
                    handle.apply(worker.instanceSettings(next.limits))
                    guard let before, handle.machine.isWanted else { return }
                    guard worker.needsNewProcess(comparedTo: before) else {
                        guard isChanged else { return }
                        return handle.handle(.changed, because: "its configuration has changed")
                    }
                    handle.handle(.restart(.configuration), because: "its configuration has changed")
                }
            }
            matchInstances(of: worker, because: "its configuration has changed")
        }
        admit()
    }

    func executablePath(of worker: WorkerSpecification) -> String {
        switch worker.program {
        case .worker(let executable): executable ?? installation.program("roost-\(worker.name)")
        case .plain(let command):
            Installation.find(command.first ?? "", path: getenv("PATH").map { String(cString: $0) })
        }
    }

    /// A reload also takes over programs that were installed anew.
    private func restartChangedExecutables(because reason: String) async {
        for handle in instances {
            guard let worker = specification(handle.id.name), let known = stamps[worker.name],
                let present = ExecutableStamp(executablePath(of: worker)), present != known
            else { continue }
            await handle.handle(.restart(.upgrade), because: reason)
        }
    }
}

// MARK: - Watching the files

extension Supervisor {
    func watchFiles() {
        watcher = nil
        guard let debounce = configuration?.supervisor.watchDebounce else { return }
        let file = invocation.configuration
        let directory = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        let rules = directory + "/rules.d"
        let directories = [directory] + (access(rules, F_OK) == 0 ? [rules] : [])
        do {
            watcher = try FileWatcher(reactor, directories: directories) { [unowned self] name in
                assumeIsolated { $0.fileChanged(name, debounce: debounce) }
            }
        } catch {
            say(.warning, "cannot watch the configuration for changes (\(error)); use `roost reload`")
        }
    }

    /// Waits until the files have been quiet for a moment: editors and package managers write in several steps.
    private func fileChanged(_ name: String, debounce: Duration) {
        guard name.isEmpty || name.hasSuffix(".yaml") || name == "rules.d" else { return }
        // A watched directory was made anew, or the kernel has lost count.
        if name.isEmpty || name == "rules.d" { watchFiles() }
        if let watchTimer { reactor.cancel(watchTimer) }
        watchTimer = reactor.schedule(after: debounce) { [unowned self] in
            Task { _ = await self.reload(by: .watch) }
        }
    }
}
