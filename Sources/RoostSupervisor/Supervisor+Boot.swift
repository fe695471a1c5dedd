import CLinux
import Glibc
package import RoostConfig
import RoostIPC
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostSystemd

extension Supervisor {
    /// Why roostd does not start, with its exit status; the lines were or are to be printed.
    package struct BootFailure: Error {
        package let status: Int32
        package let lines: [String]
    }

    /// Reads the configuration and binds what it names. No worker runs yet.
    ///
    /// - Throws: `BootFailure`.
    package func load() async throws -> Configuration {
        let legacy = openState()
        let isKnown = legacy?.report.configuration != nil
        let report = if let legacy, isKnown { legacy.report } else { try await firstReport() }
        guard let configuration = report.configuration else {
            throw BootFailure(status: 78, lines: report.errors.map(\.line))
        }
        apply(configuration.supervisor)
        record.open()
        flights.open()
        generation =
            isKnown ? 1 : store.newest.map { Self.generation(of: report, after: $0.generation, $0.digest) } ?? 1
        if let state = legacy?.state {
            // Killed between the configuration's commit and the state's: its workers work with the one before.
            let last = min(state.generation, .max / 2)
            generation = max(generation, Self.generation(of: report, after: last, state.digest.hexadecimal))
            isSwitching = state.switching || state.digest != report.digest
        }
        self.configuration = configuration
        digest = report.digest
        if let legacy { restore(legacy.state) }
        if isSubreaper {
            save()  // the guard finds the lease there
            startGuard()
        }
        do {
            try openSockets(configuration)
        } catch {
            // What was taken over has its lease; where there is nothing, nothing is to be guarded.
            if legacy == nil { await guardKeeper?.end() }
            throw error
        }
        do {
            configurationFiles = try makeConfigurationFiles(configuration, generation: generation)
        } catch {
            throw BootFailure(status: 70, lines: ["roostd: \(error)"])
        }
        drift.run(report.files)
        remember(report, initiator: .boot)
        leaveConfiguration(report)
        for warning in report.warnings { say(.warning, warning.line) }
        return configuration
    }

    /// Starts the workers, and everything that goes on from now.
    package func launch() {
        guard phase != .stopping else { return }
        openNotifySocket()
        if isSubreaper { strays = makeStrayReaper() }
        noteBoot()
        tell(.configChanged, ["generation": .integer(Int64(generation)), "initiator": .string("\(Initiator.boot)")])
        let hasTakenOver = !handles.isEmpty
        resumeInstances()
        let cause = Cause(.boot, "roostd started", by: .ofThisProcess, parent: bootRecord)
        for worker in configuration?.workers ?? [] { matchInstances(of: worker, because: cause) }
        awaitNoLonger(than: configuration?.supervisor.lease ?? .zero)
        watchFiles()
        if hasTakenOver, watcher != nil { look() }  // nobody has watched the files meanwhile
        armTick()
        Task { await announceReadiness() }
    }

    private static func generation(of report: ConfigurationReport, after last: UInt64, _ digest: String) -> UInt64 {
        digest == report.digest.hexadecimal ? last : last + 1
    }

    private func makeStrayReaper() -> StrayReaper {
        StrayReaper(
            isOurs: ChildProcess.isOurs,
            found: { [unowned self] pid in
                guard !Guard.isOne(pid) else { return }  // that of the program which this process was before
                assumeIsolated { supervisor in
                    supervisor.say(.warning, "pid \(pid) was left behind by its parent; reaping it when it ends")
                    supervisor.saveSoon()
                }
            }
        )
    }

    private func firstReport() async throws -> ConfigurationReport {
        guard access(invocation.configuration, F_OK) == 0 else {
            let line = "roostd: \(invocation.configuration): no such file; name one with --config or ROOST_CONFIG"
            throw BootFailure(status: 66, lines: [line])
        }
        do {
            return try await loader.load(within: .seconds(10), on: reactor)
        } catch {
            // Asked to stop meanwhile: that is no failure.
            guard phase != .stopping else { throw BootFailure(status: exitStatus, lines: []) }
            throw BootFailure(status: 70, lines: ["roostd: \(error)"])
        }
    }

    /// Binds every listener and the workers' sockets.
    private func openSockets(_ configuration: Configuration) throws {
        takeOverSockets(configuration)
        var lines: [String] = []
        for worker in configuration.workers where !awaited.contains(worker.name) {
            for listener in worker.listeners {
                do { try hold(listener) } catch { lines.append("roostd: \(error)") }
            }
        }
        guard lines.isEmpty else { throw BootFailure(status: 78, lines: lines) }
        for unused in listeners.unusedInherited {
            say(.warning, "systemd gave a socket for \(unused) that no listener of the configuration has")
        }
        do {
            for worker in configuration.workers where !worker.isPlain && !awaited.contains(worker.name) {
                try openWorkerSocket(worker.name)
            }
        } catch {
            throw BootFailure(status: 70, lines: ["roostd: \(error)"])
        }
    }

    func openWorkerSocket(_ name: String) throws {
        guard workerSockets[name] == nil else { return }
        let path = "\(invocation.runtimeDirectory)/\(name).sock"
        holdSocket(of: name, SharedDescriptor(owning: try UnixSocket.bind(path, mode: 0o666).release()))
    }

    /// Says READY when every wanted instance has come up, or has shown that it does not.
    private func announceReadiness() async {
        for handle in instances {
            while await settles(handle) == false {
                _ = notifier.send(.extendTimeout(.seconds(10)))  // systemd waits while there is progress
            }
        }
        guard phase == .starting else { return }
        phase = .running
        _ = notifier.send(.ready)
        tellStatus()
        let listening = configuration?.workers.flatMap(\.listeners) ?? []
        say(.notice, "running, configuration generation \(generation): \(summary)")
        for listener in listening { say(.notice, "\(listener.name) on http://\(listener.address)") }
        announce?(listening)
        roost_release_code()  // what only the start needed is half of the resident memory
    }

    private func settles(_ handle: WorkerHandle) async -> Bool {
        if waitsInVain(handle) { return true }
        let state = await handle.wait(within: .seconds(5)) { $0.state != .waiting && $0.state != .starting }.state
        return phase == .stopping || (state != .waiting && state != .starting)
    }

    /// Whether it comes after something that has shown that it does not come up.
    private func waitsInVain(_ handle: WorkerHandle) -> Bool {
        guard state(of: handle) == .waiting, let after = specification(handle.id.name)?.after else { return false }
        return after.contains { name in
            let dependencies = handles.values.filter { $0.id.name == name }
            return !dependencies.isEmpty
                && dependencies.allSatisfy { dependency in
                    switch state(of: dependency) {
                    case .stopped, .quarantined, .parked: true
                    case .waiting: waitsInVain(dependency)  // `after` has no circles
                    case .starting, .running, .draining, .backoff: false
                    }
                }
        }
    }
}

// MARK: - Settings that act on the supervisor itself

extension Supervisor {
    var loader: ConfigurationLoader {
        var environment: [String] = []
        var variable = roost_environment()
        while let text = variable?.pointee {
            let assignment = String(cString: text)
            if assignment.hasPrefix("ROOST_") || assignment.hasPrefix("PATH=") { environment.append(assignment) }
            variable = variable?.advanced(by: 1)
        }
        return ConfigurationLoader(
            helper: installation.program("roost-config"),
            file: invocation.configuration,
            environment: environment,
            among: helpers
        )
    }

    func apply(_ settings: SupervisorSettings) {
        admission.settings.concurrency = settings.concurrentStarts
        admission.settings.rate = Double(settings.spawnBudget.perSecond)
        admission.settings.burst = settings.spawnBudget.burst
        logs.apply(settings.log)
        events.resize(capacity: settings.eventRing, bytes: Event.bytes(of: settings.eventRing))
        store.limit = settings.historyGenerations
        record.limit = settings.recordSize
    }

    /// What each worker starts with from now on.
    func makeConfigurationFiles(
        _ configuration: Configuration,
        generation: UInt64
    ) throws -> [String: SharedDescriptor] {
        var files: [String: SharedDescriptor] = [:]
        for worker in configuration.workers where !worker.isPlain {
            files[worker.name] = try ConfigurationFile.make(preparation(worker, configuration, generation: generation))
        }
        return files
    }

    func preparation(_ worker: WorkerSpecification, _ configuration: Configuration, generation: UInt64) -> Prepare {
        var message = Prepare()
        message.generation = generation
        message.configuration = configuration.section(of: worker.name)
        message.heartbeatIntervalMs = (worker.heartbeat?.interval ?? .seconds(1)).milliseconds
        message.leaseMs = configuration.supervisor.lease.milliseconds
        message.drainMs = worker.drain.milliseconds
        message.frameLimit = UInt32(clamping: configuration.limits.frame)
        message.sendLimit = UInt64(clamping: configuration.limits.sendQueue)
        return message
    }

    /// Keeps the generation in the history; a full disk is loud and stops nothing.
    func remember(_ report: ConfigurationReport, initiator: Initiator) {
        guard store.load(generation)?.digest != report.digest.hexadecimal else { return }
        var stored = StoredGeneration()
        stored.generation = generation
        stored.atNs = roost_wall_now()
        stored.initiator = initiator.description
        stored.digest = report.digest.hexadecimal
        stored.files = report.files.map { file in
            var message = SourceFile()
            message.path = file.path
            message.content = file.content
            return message
        }
        do {
            try store.save(stored)
        } catch {
            say(.error, "cannot keep configuration generation \(generation) in the history: \(error)")
        }
    }
}

extension [UInt8] {
    /// Two lower-case digits a byte.
    var hexadecimal: String {
        reduce(into: "") { text, byte in
            text += byte < 16 ? "0" : ""
            text += String(byte, radix: 16)
        }
    }
}

extension Duration {
    /// Whole milliseconds, cut to what the wire's fields hold.
    var milliseconds: UInt32 { UInt32(clamping: wholeNanoseconds / 1_000_000) }
}
