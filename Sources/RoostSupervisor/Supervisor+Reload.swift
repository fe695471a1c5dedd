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
            return refused("too many configuration changes are waiting; try again", because: .reload(by: initiator))
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
            return refused("roostd is not running yet, or stopping", because: cause)
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
            return phase == .stopping
                ? refused(Self.isStopping, because: cause) : rejected(["\(error)"], because: cause)
        }
        guard phase != .stopping else { return refused(Self.isStopping, because: cause) }
        guard let next = report.configuration else { return rejected(report.errors.map(\.line), because: cause) }
        let warnings = report.warnings.map(\.line)
        guard next != current || digest != report.digest else {
            problems = []
            // A reload also takes over programs that were installed anew.
            carryOut(current, from: current, SwitchOutcome(), because: cause)
            return accepted(changed: false, warnings)
        }
        var (refusals, files) = acquire(next)
        var prepared: [Attached] = []
        if refusals.isEmpty { (prepared, refusals) = await prepare(next, plan(from: current, to: next)) }
        guard refusals.isEmpty, phase != .stopping else {
            await abort(generation + 1)
            release(allBut: current)
            return phase == .stopping ? refused(Self.isStopping, because: cause) : rejected(refusals, because: cause)
        }
        await commit(next, report, files, to: prepared, from: current, because: cause)
        return accepted(changed: true, warnings)
    }

    private static let isStopping = "roostd is stopping"

    /// Takes everything that the configuration needs and that can fail: ports, sockets, and what workers start with.
    private func acquire(_ next: Configuration) -> (refusals: [String], files: [String: SharedDescriptor]) {
        var refusals: [String] = []
        for listener in next.workers.flatMap(\.listeners) {
            do { try listeners.reserve(listener) } catch { refusals.append("\(error)") }
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

    /// A reload that was not tried: it says nothing about the files.
    private func refused(_ reason: String, because cause: Cause) -> ReloadReply {
        let refusal = Cause(.refusal, reason, by: cause.initiator, inputs: [.text("asked_by", cause.sentence)])
        record.note(.refused, .configuration, because: refusal, decision: .init(.keep))
        var reply = ReloadReply()
        reply.generation = generation
        reply.problems = [reason]
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
    /// An instance and the connection that leads to its present process.
    typealias Attached = (handle: WorkerHandle, connection: Connection)

    /// Who works and can be asked.
    private func attached() -> [Attached] {
        instances.compactMap { handle in
            handle.assumeIsolated { Self.canBeTold($0) ? $0.connection : nil }.map { (handle, $0) }
        }
    }

    /// Lets every running worker check what it would be told; says who has prepared, and what speaks against it. Workers
    /// that do not run, or whose program will be another one, are asked through their `--check`.
    private func prepare(
        _ next: Configuration,
        _ plan: ConfigurationPlan
    ) async -> (prepared: [Attached], refusals: [String]) {
        let limit = next.supervisor.reload.prepare
        let asked = attached().filter { isAsked($0.handle.id, next, plan) }
        let refusals = await withTaskGroup(of: [String].self) { group in
            for (handle, connection) in asked {
                guard let worker = next.workers.first(where: { $0.name == handle.id.name }) else { continue }
                let message = preparation(worker, next, generation: generation + 1)
                group.addTask { await Self.prepare(handle.id, connection, message, within: limit) }
            }
            for worker in next.workers where !worker.isPlain && worker.instances > 0 {
                guard !next.section(of: worker.name).isEmpty else { continue }
                guard !asked.contains(where: { $0.handle.id.name == worker.name }) else { continue }
                group.addTask { await self.check(worker, within: limit) }
            }
            var refusals: [String] = []
            for await found in group { refusals += found }
            return refusals.sorted()
        }
        return (asked, refusals)
    }

    /// Whether the running process is the one to ask. What its successor of another program can do, it does not know.
    private func isAsked(_ id: InstanceID, _ next: Configuration, _ plan: ConfigurationPlan) -> Bool {
        guard let worker = next.workers.first(where: { $0.name == id.name }), !worker.isPlain,
            let planned = plan.worker(id.name), !planned.stopped.contains(id.instance)
        else { return false }
        let replacement = planned.replaced.first { $0.instance == id.instance }
        return replacement == nil || (replacement?.cause != .executable && !planned.hasNewProgram)
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
                on: reactor,
                among: helpers
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
        to prepared: [Attached],
        from current: Configuration,
        because cause: Cause
    ) async {
        let initiator = cause.initiator
        generation += 1
        configuration = next
        problems = []
        scaled = RunningInstances.scaled(scaled, from: current, to: next)
        apply(next.supervisor)
        configurationFiles = files
        digest = report.digest
        drift.run(report.files)
        remember(report, initiator: initiator)
        isSwitching = true
        leaveConfiguration(report)
        save()  // before anybody is told
        let noted = noteGeneration(because: cause)
        let outcome = await switchOver(next, prepared)
        guard phase != .stopping else { return }  // who stops is not to be started again
        carryOut(next, from: current, outcome, because: cause.following(noted))
        isSwitching = false
        saveSoon()
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

    /// Tells everybody who has prepared, and still is that process, to switch.
    private func switchOver(_ next: Configuration, _ prepared: [Attached]) async -> SwitchOutcome {
        var message = Commit()
        message.generation = generation
        let payload = message.encoded()
        let limit = next.supervisor.reload.commit
        return await withTaskGroup(of: (InstanceID, Bool).self) { group in
            for (handle, connection) in prepared {
                guard isStill(handle, at: connection) else { continue }
                group.addTask { (handle.id, await self.commit(payload, handle, connection, within: limit)) }
            }
            var outcome = SwitchOutcome()
            for await (id, hasSwitched) in group {
                if hasSwitched { outcome.switched.insert(id) } else { outcome.failed.insert(id) }
            }
            return outcome
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
            note(generation, of: handle, at: connection)
            return true
        } catch {
            say(.error, "\(handle.id) did not switch to generation \(generation): \(error); replacing it")
            return false
        }
    }

    /// Whether the connection still leads to the instance's present process, and that works.
    private func isStill(_ handle: WorkerHandle, at connection: Connection) -> Bool {
        handle.assumeIsolated { Self.canBeTold($0) && $0.connection === connection }
    }

    /// It has switched. A successor that has taken its place meanwhile has said its own generation.
    private func note(_ generation: UInt64, of handle: WorkerHandle, at connection: Connection) {
        handle.assumeIsolated { if $0.connection === connection { $0.setGeneration(generation) } }
    }

    /// What an instance is started from.
    func executablePath(of worker: WorkerSpecification) -> String {
        switch worker.program {
        case .worker(let executable): executable ?? installation.program("roost-\(worker.name)")
        case .plain(let command): Installation.find(command.first ?? "", path: searchPath(of: worker))
        }
    }

    /// The PATH that a worker's process has; nil: none.
    private func searchPath(of worker: WorkerSpecification) -> String? {
        if let own = worker.environment.set.first(where: { $0.name == "PATH" }) { return own.value }
        guard worker.environment.pass.contains("PATH") else { return nil }
        return getenv("PATH").map { String(cString: $0) }
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
