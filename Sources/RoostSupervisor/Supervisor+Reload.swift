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
        guard await takeTurn() else {
            return rejected(["too many configuration changes are waiting; try again"], because: .reload(by: initiator))
        }
        defer { reloadQueue.leave() }
        return await reloadInTurn(because: .reload(by: initiator))
    }

    /// Waits until no other change of the configuration is under way; false: too many wait already. `reloadQueue.leave`
    /// ends the turn.
    func takeTurn() async -> Bool {
        guard reloadQueue.hasRoom else { return false }
        if !reloadQueue.tryEnter() { await withCheckedContinuation { reloadQueue.wait($0) } }
        return true
    }

    func reloadInTurn(because cause: Cause) async -> ReloadReply {
        guard phase != .stopping, let current = configuration else {
            return rejected(["roostd is not running yet, or stopping"], because: cause)
        }
        let wasStarting = phase == .starting
        if !wasStarting { phase = .reloading }
        _ = notifier.send(.reloading(since: reactor.now.nanoseconds))
        defer {
            if phase == .reloading { phase = .running }
            if phase != .stopping, !wasStarting { _ = notifier.send(.ready) }
            if phase != .stopping { watchFiles() }
            statusMayHaveChanged()
        }
        return await transaction(from: current, because: cause)
    }

    private func transaction(from current: Configuration, because cause: Cause) async -> ReloadReply {
        let report: ConfigurationReport
        do {
            report = try await loader.load(within: current.supervisor.reload.check, on: reactor)
        } catch {
            return rejected(["\(error)"], because: cause)
        }
        guard phase != .stopping else { return rejected([Self.isStopping], because: cause) }
        guard let next = report.configuration else { return rejected(report.errors.map(\.line), because: cause) }
        let warnings = report.warnings.map(\.line)
        guard next != current || digest != report.digest else {
            problems = []
            await restartChangedExecutables(by: cause.initiator)
            return accepted(changed: false, warnings)
        }
        var (refusals, files) = acquire(next)
        if refusals.isEmpty { refusals = await prepare(next, generation: generation + 1) }
        if phase == .stopping { refusals.append(Self.isStopping) }
        guard refusals.isEmpty else {
            await abort(generation + 1)
            release(allBut: current)
            return rejected(refusals, because: cause)
        }
        await commit(next, report, files, from: current, because: cause)
        return accepted(changed: true, warnings)
    }

    private static let isStopping = "roostd is stopping"

    /// Takes everything that the configuration needs and that can fail: ports, sockets, and what workers start with.
    private func acquire(_ next: Configuration) -> (refusals: [String], files: [String: SharedDescriptor]) {
        var refusals: [String] = []
        for listener in next.workers.flatMap(\.listeners) {
            do { try hold(listener) } catch { refusals.append("\(error)") }
        }
        for worker in next.workers where !worker.isPlain {
            do { try openWorkerSocket(worker.name) } catch { refusals.append("\(error)") }
        }
        do {
            return (refusals, try makeConfigurationFiles(next, generation: generation + 1))
        } catch {
            return (refusals + ["\(error)"], [:])
        }
    }

    /// Gives back what only another configuration needs. Whoever still runs has its own copies.
    private func release(allBut configuration: Configuration) {
        listeners.retain(only: configuration.workers.flatMap(\.listeners))
        keepListeners(configuration)
        let names = Set(configuration.workers.filter { !$0.isPlain }.map(\.name))
        for name in Array(workerSockets.keys) where !names.contains(name) {
            workerSockets[name] = nil
            descriptors.drop("\(name).sock")
            unlink("\(invocation.runtimeDirectory)/\(name).sock")
        }
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
    private func rejected(_ problems: [String], because cause: Cause) -> ReloadReply {
        self.problems = problems
        saveSoon()
        for problem in problems { say(.error, "configuration rejected: \(problem)") }
        let noted = noteRejection(problems, because: cause)
        tell(
            .configRejected,
            [
                "generation": .integer(Int64(generation)), "initiator": .string("\(cause.initiator)"),
                "problems": .array(problems.map { .string($0) }), "record": .integer(Int64(clamping: noted)),
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
    /// Who works and can be asked. A parked worker is one of them: what it waits for may be what changes.
    private func attached() -> [(handle: WorkerHandle, connection: Connection)] {
        instances.compactMap { handle in
            handle.assumeIsolated { handle in
                handle.state == .running || handle.state == .parked ? handle.connection : nil
            }
            .map { (handle, $0) }
        }
    }

    /// Lets every running worker check what it would be told; says what speaks against it. Workers that do not run are
    /// asked through their `--check`.
    private func prepare(_ next: Configuration, generation: UInt64) async -> [String] {
        let limit = next.supervisor.reload.prepare
        let attached = attached()
        return await withTaskGroup(of: [String].self) { group in
            for (handle, connection) in attached {
                guard let worker = next.workers.first(where: { $0.name == handle.id.name }) else { continue }
                let message = preparation(worker, next, generation: generation)
                group.addTask { await Self.prepare(handle.id, connection, message, within: limit) }
            }
            for worker in next.workers where !worker.isPlain && worker.instances > 0 {
                guard !next.section(of: worker.name).isEmpty else { continue }
                guard !attached.contains(where: { $0.handle.id.name == worker.name }) else { continue }
                group.addTask { await self.check(worker, within: limit) }
            }
            var refusals: [String] = []
            for await found in group { refusals += found }
            return refusals.sorted()
        }
    }

    private static func prepare(
        _ id: InstanceID,
        _ connection: Connection,
        _ message: Prepare,
        within limit: Duration
    ) async -> [String] {
        do {
            let payload = try await connection.request(.prepare, message.encoded(), within: limit)
            let reply = try PrepareReply(decoding: payload)
            guard reply.prepared == nil else { return [] }
            let problems = reply.refused?.problems ?? []
            return problems.isEmpty ? ["\(id) refused and did not say why"] : problems.map { "\(id): \($0)" }
        } catch {
            return ["\(id) did not prepare: \(error)"]
        }
    }

    private func check(_ worker: WorkerSpecification, within limit: Duration) async -> [String] {
        do {
            let run = try await CapturedRun.of(
                executablePath(of: worker),
                ["--check", invocation.configuration],
                environment: loader.environment,
                within: limit,
                on: reactor
            )
            guard !run.status.isSuccess, run.status != .code(127) else { return [] }
            let lines = run.errors.split(separator: "\n").map { "\(worker.name): \($0)" }
            return lines.isEmpty ? ["\(worker.name): its check failed and did not say why"] : lines
        } catch CapturedRun.Failure.notStarted {
            return []  // a program that is not there has no opinion; its start will say so
        } catch {
            return ["\(worker.name): \(error)"]
        }
    }

    private func abort(_ generation: UInt64) async {
        var message = Abort()
        message.generation = generation
        let payload = message.encoded()
        await withDiscardingTaskGroup { group in
            for (_, connection) in attached() {
                // Who cannot hear it keeps a preparation that the next one replaces.
                group.addTask { _ = try? await connection.request(.abort, payload, within: .seconds(1)) }
            }
        }
    }

    /// Everybody has agreed. From here on nothing fails as a whole: an instance that does not switch is replaced.
    private func commit(
        _ next: Configuration,
        _ report: ConfigurationReport,
        _ files: [String: SharedDescriptor],
        from current: Configuration,
        because cause: Cause
    ) async {
        let initiator = cause.initiator
        generation += 1
        configuration = next
        problems = []
        // What `roost scale` has set holds until the configuration says another number.
        for worker in next.workers {
            let before = current.workers.first { $0.name == worker.name }
            if before?.instances != worker.instances { scaled[worker.name] = nil }
        }
        apply(next.supervisor)
        configurationFiles = files
        digest = report.digest
        remember(report, initiator: initiator)
        leaveConfiguration(report)
        saveSoon()
        let noted = noteGeneration(because: cause)
        let switched = await switchOver(next)
        guard phase != .stopping else { return }  // who stops is not to be started again
        applyWorkers(next, from: current, switched, because: cause.following(noted))
        release(allBut: next)
        tell(
            .configChanged,
            [
                "generation": .integer(Int64(generation)), "initiator": .string("\(initiator)"),
                "record": .integer(Int64(clamping: noted)),
            ]
        )
        say(.notice, "configuration generation \(generation) is in force, by \(initiator)")
    }

    /// Tells every running worker to switch; says who has.
    private func switchOver(_ next: Configuration) async -> Set<InstanceID> {
        var message = Commit()
        message.generation = generation
        let payload = message.encoded()
        let limit = next.supervisor.reload.commit
        return await withTaskGroup(of: InstanceID?.self) { group in
            for (handle, connection) in attached() {
                guard next.workers.contains(where: { $0.name == handle.id.name }) else { continue }
                group.addTask { await self.commit(payload, handle, connection, within: limit) ? handle.id : nil }
            }
            var switched: Set<InstanceID> = []
            for await case let id? in group { switched.insert(id) }
            return switched
        }
    }

    private func commit(
        _ payload: [UInt8],
        _ handle: WorkerHandle,
        _ connection: Connection,
        within limit: Duration
    ) async -> Bool {
        do {
            _ = try await connection.request(.commit, payload, within: limit)
            await handle.setGeneration(generation)
            return true
        } catch {
            say(.error, "\(handle.id) did not switch to generation \(generation): \(error); replacing it")
            return false
        }
    }

    private func applyWorkers(
        _ next: Configuration,
        from current: Configuration,
        _ switched: Set<InstanceID>,
        because cause: Cause
    ) {
        let names = Set(next.workers.map(\.name))
        let change = change("its configuration has changed", by: cause)
        for handle in handles.values where !names.contains(handle.id.name) {
            retire(handle, because: self.change("the configuration does not name it any more", by: cause))
        }
        for worker in next.workers {
            let before = current.workers.first { $0.name == worker.name }
            let isChanged = worker != before || next.section(of: worker.name) != current.section(of: worker.name)
            let needsNewProcess = before.map { worker.needsNewProcess(comparedTo: $0) } ?? true
            for handle in handles.values where handle.id.name == worker.name {
                // Also who was starting, or out of reach, and so could not be told; not who began with it.
                let isBehind = !worker.isPlain && !switched.contains(handle.id) && begunWith[handle.id] != generation
                handle.assumeIsolated { handle in
                    handle.apply(worker.instanceSettings(next.limits))
                    // What an operator has stopped stays so, and a quarantine is lifted by a change of its own only.
                    let isReplaced =
                        (needsNewProcess || isBehind) && handle.machine.hasProcess && handle.machine.isWanted
                    guard isReplaced || (isChanged && handle.machine.isWanted) else { return }
                    handle.handle(isReplaced ? .restart(.configuration) : .changed, because: change)
                }
            }
            matchInstances(of: worker, because: change)
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
    private func restartChangedExecutables(by initiator: Initiator) async {
        for handle in instances {
            guard await handle.machine.isWanted,
                let worker = specification(handle.id.name), let known = stamps[handle.id],
                let present = ExecutableStamp(executablePath(of: worker)), present != known
            else { continue }
            let path = executablePath(of: worker)
            let cause = Cause(.upgrade, "its executable has changed", by: initiator, inputs: [.text("path", path)])
            await handle.handle(.restart(.upgrade), because: cause)
        }
    }
}

// MARK: - Watching the files

extension Supervisor {
    /// Watches what there is to watch now; called after every reload, since `rules.d` may come and go.
    func watchFiles() {
        guard configuration?.supervisor.watchDebounce != nil else {
            (watcher, watched) = (nil, [])
            return
        }
        let file = invocation.configuration
        let directory = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        let rules = directory + "/rules.d"
        let directories = [directory] + (access(rules, F_OK) == 0 ? [rules] : [])
        let present = directories.map { FileIdentity($0) }
        // Replacing a watcher loses what it has not told yet, so it stays as long as the directories do.
        guard watcher == nil || present != watched else { return }
        let isFirst = watcher == nil
        (watcher, watched) = (nil, present)
        do {
            watcher = try FileWatcher(reactor, directories: directories) { [unowned self] name in
                assumeIsolated { $0.fileChanged(name) }
            }
            if !isFirst { look() }  // nobody has watched since the files were read
        } catch {
            say(.warning, "cannot watch the configuration for changes (\(error)); use `roost reload`")
        }
    }

    private func fileChanged(_ name: String) {
        let isMain = invocation.configuration.hasSuffix("/" + name)
        guard name.isEmpty || name.hasSuffix(".yaml") || name == "rules.d" || isMain else { return }
        look()
    }

    /// Waits until the files have been quiet for a moment: editors and package managers write in several steps.
    func look() {
        guard let debounce = configuration?.supervisor.watchDebounce else { return }
        if let watchTimer { reactor.cancel(watchTimer) }
        watchTimer = reactor.schedule(after: debounce) { [unowned self] in assumeIsolated { $0.filesAreQuiet() } }
    }

    /// A task that captures an unowned actor gives back a reference that it never took (Swift 6.3.1): each saved file
    /// would bring the supervisor nearer to its end. Here it captures a strong one.
    private func filesAreQuiet() {
        Task { _ = await reload(by: .watch) }
    }
}
