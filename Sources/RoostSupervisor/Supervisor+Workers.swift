import CLinux
import Glibc
import RoostConfig
import RoostJSON
import RoostPolicy
import RoostProtocol
import RoostReactor

// MARK: - Making instances

extension Supervisor {
    func makeHandle(_ id: InstanceID, _ settings: InstanceSettings) -> WorkerHandle {
        let surroundings = WorkerHandle.Surroundings(
            requestAdmission: { [unowned self] id, streak in
                assumeIsolated { $0.requestAdmission(id, streak: streak) }
            },
            withdrawAdmission: { [unowned self] id in assumeIsolated { $0.admission.withdraw(id) } },
            spawnRequest: { [unowned self] id in try assumeIsolated { try $0.spawnRequest(for: id) } },
            changed: { [unowned self] id, change in assumeIsolated { $0.changed(id, change) } },
            failed: { [unowned self] id, cause in assumeIsolated { $0.failed(id, because: cause) } },
            escalate: { [unowned self] id, cause in assumeIsolated { $0.escalate(id, because: cause) } },
            note: { [unowned self] id, draft in assumeIsolated { $0.note(draft, of: id) } },
            log: { [unowned self] record in assumeIsolated { $0.logs.append(record) } },
            report: { [unowned self] report in assumeIsolated { $0.take(report) } },
            state: stateFile,
            candidateRequest: { [unowned self] id in try assumeIsolated { try $0.candidateRequest(for: id) } },
            objection: { [unowned self] id in assumeIsolated { $0.objection(toCandidateOf: id) } },
            rolled: { [unowned self] id, news in assumeIsolated { $0.rolled(id, news) } }
        )
        return WorkerHandle(id, settings: settings, on: reactor, surroundings: surroundings)
    }

    /// How many instances of a worker shall exist.
    func instanceCount(_ specification: WorkerSpecification) -> Int {
        scaled[specification.name] ?? specification.instances
    }

    /// Brings the instances of a worker to their number: new ones are started, surplus ones stopped and forgotten.
    func matchInstances(of specification: WorkerSpecification, because cause: Cause) {
        guard phase != .stopping, let limits = configuration?.limits else { return }
        let settings = specification.instanceSettings(limits)
        let count = instanceCount(specification)
        for number in 0..<count {
            let id = InstanceID(name: specification.name, instance: number)
            if let handle = handles[id] {
                // It was on its way out: it is wanted again.
                guard retiring.remove(id) != nil else { continue }
                handle.assumeIsolated { handle in
                    handle.apply(settings)
                    handle.handle(.start, because: cause)
                }
                continue
            }
            let handle = makeHandle(id, settings)
            handles[id] = handle
            handle.assumeIsolated { $0.handle(.start, because: cause) }
        }
        for (id, handle) in handles where id.name == specification.name && id.instance >= count {
            retire(handle, because: cause)
        }
    }

    /// Stops an instance and forgets it when it is gone.
    func retire(_ handle: WorkerHandle, because cause: Cause) {
        handle.assumeIsolated { $0.handle(.stop(.configuration), because: cause) }
        retiring.insert(handle.id)
        if state(of: handle) == .stopped { return forget(handle) }
        Task {
            while retiring.contains(handle.id), state(of: handle) != .stopped {
                _ = await handle.wait(within: .seconds(60)) { $0.state == .stopped }
            }
            forget(handle)
        }
    }

    private func forget(_ handle: WorkerHandle) {
        let id = handle.id
        guard handles[id] === handle, retiring.contains(id), state(of: handle) == .stopped else { return }
        (handles[id], stamps[id], begunWith[id], candidates[id], renewals[id]) = (nil, nil, nil, nil, nil)
        retiring.remove(id)
        saveSoon()
    }

    func spawnRequest(for id: InstanceID) throws -> SpawnRequest {
        let request = try spawnRequest(for: id, held: "")
        stamps[id] = ExecutableStamp(request.path)
        begunWith[id] = generation
        return request
    }

    /// - Parameter held: what stands before the names of the sockets that are not served at once.
    func spawnRequest(for id: InstanceID, held: String) throws -> SpawnRequest {
        guard let specification = specification(id.name) else {
            throw SpawnError(path: id.name, step: .exec, code: ENOENT)
        }
        var environment = inheritedEnvironment(specification)
        var descriptors: [Int32] = [nullDevice, -1, -1]
        var names: [String] = []
        let path = executablePath(of: specification)
        let arguments: [String]
        switch specification.program {
        case .plain(let command):
            arguments = command
            if let notifications { environment.append("NOTIFY_SOCKET=\(notifications.path)") }
        case .worker:
            arguments = [path]
            environment += [
                "ROOST_RUNTIME=\(invocation.runtimeDirectory)", "ROOST_WORKER=\(id.name)",
                "ROOST_INSTANCE=\(id.instance)",
            ]
            if let file = configurationFiles[id.name] {
                names.append("configuration")
                descriptors.append(file.number)
            }
            if let socket = workerSockets[id.name] {
                names.append(held + "ipc")
                descriptors.append(socket.number)
            }
        }
        for listener in specification.listeners {
            names.append(held + listener.name)
            descriptors.append(try listeners.acquire(listener))
        }
        var request = SpawnRequest(
            path: path,
            arguments: arguments,
            environment: environment,
            descriptors: descriptors
        )
        request.listenerNames = names
        request.directory = specification.directory
        request.limits = specification.spawnLimits
        request.nice = specification.nice == 0 ? Priority.original : Int32(clamping: specification.nice)
        request.oomScoreAdjust = Int32(clamping: specification.oomScoreAdjust)
        request.user = specification.account.map { .init(uid: $0.user, gid: $0.group, groups: $0.groups) }
        return request
    }

    private func inheritedEnvironment(_ specification: WorkerSpecification) -> [String] {
        let set = specification.environment.set
        // The service manager's own socket is for roostd alone (NotifyAccess=main).
        let passed = specification.environment.pass
            .filter { name in name != "NOTIFY_SOCKET" && !set.contains { $0.name == name } }
        return passed.compactMap { name in getenv(name).map { "\(name)=\(String(cString: $0))" } }
            + set.map { "\($0.name)=\($0.value)" }
    }
}

// MARK: - Who starts when

extension Supervisor {
    func requestAdmission(_ id: InstanceID, streak: Int) {
        admission.request(id, streak: streak)
        admit()
    }

    /// Lets in whom the queue admits. A spawn can fail at once and ask again: the loop takes care of that, not the
    /// stack.
    func admit() {
        guard !isAdmitting, phase != .stopping else { return }
        isAdmitting = true
        defer { isAdmitting = false }
        while true {
            let admitted = admission.admit(at: reactor.now) { isBlocked($0) }
            if admitted.isEmpty { break }
            for id in admitted {
                guard let handle = handles[id] else {
                    admission.startEnded(id)
                    continue
                }
                handle.assumeIsolated { $0.admitted() }
                if handle.assumeIsolated({ !$0.isStarting }) { admission.startEnded(id) }
            }
        }
        armAdmission()
    }

    private func armAdmission() {
        if let admissionTimer { reactor.cancel(admissionTimer) }
        admissionTimer = admission.nextToken(at: reactor.now).map { instant in
            reactor.schedule(at: instant) { [unowned self] in assumeIsolated { $0.admit() } }
        }
    }

    private func isBlocked(_ id: InstanceID) -> Bool { awaited.contains(id.name) || !missing(for: id).isEmpty }

    /// What the worker comes after and is not ready.
    func missing(for id: InstanceID) -> [String] {
        guard let after = specification(id.name)?.after, !after.isEmpty else { return [] }
        return after.filter { name in
            guard let dependency = specification(name), instanceCount(dependency) > 0 else { return false }
            return !handles.values.contains { $0.id.name == name && state(of: $0) == .running }
        }
    }
}

// MARK: - What instances report

extension Supervisor {
    func changed(_ id: InstanceID, _ change: WorkerHandle.Change) {
        var data: JSONObject = [
            "name": .string(id.name), "instance": .integer(Int64(id.instance)),
            "from": .string(change.from.rawValue), "state": .string(change.to.rawValue),
        ]
        if let pid = change.pid { data["pid"] = .integer(Int64(pid)) }
        if !change.reason.isEmpty { data["reason"] = .string(change.reason) }
        if let exit = change.exit { data["exit"] = .object(exit.json) }
        if let record = change.record { data["record"] = .integer(Int64(clamping: record)) }
        tell(.worker, data)
        if change.to == .quarantined {
            say(.error, "\(id) is quarantined after repeated failures; `roost start \(id.name)` tries again", data)
        }
        if change.from == .starting || change.to == .running || change.to == .stopped {
            admission.startEnded(id)
            admit()
        }
        statusMayHaveChanged()
        change.to == .starting ? save() : saveSoon()
        if change.exit != nil, awaited.contains(id.name) { stopAwaiting(id.name) }
    }

    func note(_ draft: CauseTrail.Draft, of id: InstanceID) -> UInt64 {
        record.note(draft.step, .instance(id), pid: draft.pid, because: draft.cause, decision: draft.decision)
    }

    func failed(_ id: InstanceID, because cause: Cause) {
        admission.startEnded(id)
        guard let failed = specification(id.name) else { return }
        let failure = Cause(
            .dependency,
            "\(id) failed (\(failed.strategy.rawValue))",
            by: .worker(id, pid: nil),
            parent: cause.parent,
            inputs: [.text("strategy", failed.strategy.rawValue), .text("group", failed.strategyGroup)]
        )
        for name in companions(of: id.name) {
            for handle in handles.values where handle.id.name == name {
                handle.assumeIsolated { handle in
                    guard handle.machine.hasProcess else { return }
                    handle.handle(.restart(.dependency), because: failure)
                }
            }
        }
        admit()
    }

    /// The workers that are restarted when one has failed: members of its group, by its strategy.
    func companions(of name: String) -> [String] {
        guard let failed = specification(name), let workers = configuration?.workers,
            let strategy = RestartStrategy(rawValue: failed.strategy.rawValue)
        else { return [] }
        let group = workers.filter { $0.strategyGroup == failed.strategyGroup }.map(\.name)
        return strategy.companions(of: name, in: group)
    }

    func escalate(_ id: InstanceID, because cause: Cause) {
        say(.critical, "\(id) fails too often and its intensity says escalate: giving up")
        let sentence = "\(id) fails too often and its intensity says escalate"
        let escalation = Cause(.escalation, sentence, by: .worker(id, pid: nil), parent: cause.parent)
        let noted = record.note(.escalated, .supervisor, pid: getpid(), because: escalation)
        stop(exitStatus: 75, because: escalation.following(noted))
    }
}

extension LastExit {
    /// As in `last_exit` of the status.
    var json: JSONObject {
        var object: JSONObject = ["at": .string(at.description), "reason": .string(reason.rawValue)]
        switch status {
        case .code(let code): object["code"] = .integer(Int64(code))
        case .signal(let signal): object["signal"] = .integer(Int64(signal))
        case .unknown: break
        }
        return object
    }
}
