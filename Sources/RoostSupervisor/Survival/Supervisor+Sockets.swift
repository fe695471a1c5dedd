import Glibc
import RoostConfig
import RoostIPC
import RoostPolicy
import RoostReactor
import RoostSystemd

// The sockets that must never close: held here, kept by systemd's store over a crash, and given back by the workers
// where there is no such store.
extension Supervisor {
    /// Binds the listener if it is not held yet, and has it outlive this process.
    func hold(_ listener: Listener) throws(ListenerError) {
        descriptors.keep(try listeners.acquire(listener), as: listener.name)
    }

    func holdSocket(of name: String, _ socket: SharedDescriptor) {
        workerSockets[name] = socket
        descriptors.keep(socket.number, as: "\(name).sock")
    }

    /// After a change of addresses: what is kept is what the configuration names.
    func keepListeners(_ configuration: Configuration) {
        let names = Set(configuration.workers.flatMap(\.listeners).map(\.name))
        for name in Array(descriptors.kept.keys) where name.hasSuffix(".listen") && !names.contains(name) {
            descriptors.drop(name)
        }
        for worker in configuration.workers where !awaited.contains(worker.name) {
            for listener in worker.listeners where listeners.holds(listener) { try? hold(listener) }
        }
    }

    /// Takes what came by name from the supervisor before; what did not come is awaited where a worker still has it.
    func takeOverSockets(_ configuration: Configuration) {
        for worker in configuration.workers where !worker.isPlain {
            if let socket = descriptors.take("\(worker.name).sock") { holdSocket(of: worker.name, socket) }
            for listener in worker.listeners {
                while let socket = descriptors.take(listener.name) {
                    let copy = fcntl(socket.number, F_DUPFD_CLOEXEC, 3)
                    if copy >= 0, !listeners.restore(listener, copy) { inherit(copy, listener.name) }
                }
            }
            if isIncomplete(worker), hasProcess(worker.name) { awaited.insert(worker.name) }
        }
        for (name, socket) in descriptors.takeRest(but: Self.controlSocketName) {
            // Of processes that are gone, or a socket of socket activation. Removing takes everything of the name away.
            if name.contains("."), descriptors.kept[name] == nil { _ = notifier.removeStored(name) }
            let copy = fcntl(socket.number, F_DUPFD_CLOEXEC, 3)
            if copy >= 0 { inherit(copy, name) }
        }
    }

    /// A socket of socket activation, or what is left of processes that are gone, which is nothing to speak of.
    private func inherit(_ descriptor: Int32, _ name: String) {
        let isActivation = !name.contains(".") || name.hasSuffix(".listen") || name.hasSuffix(".socket")
        for problem in listeners.inherit([InheritedSocket(number: descriptor, name: name)]) {
            say(isActivation ? .error : .debug, problem)
        }
    }

    private func isIncomplete(_ worker: WorkerSpecification) -> Bool {
        workerSockets[worker.name] == nil || !worker.listeners.allSatisfy { listeners.holds($0) }
    }

    private func hasProcess(_ name: String) -> Bool {
        handles.values.contains { $0.id.name == name && $0.assumeIsolated { $0.pid != nil && !$0.isPlain } }
    }

    /// A worker gives back what it has held while there was no supervisor.
    func givenBack(_ name: String, _ socket: SharedDescriptor, by pid: Int32) {
        guard let handle = handles.values.first(where: { $0.assumeIsolated { $0.hasProcess(pid) } }),
            awaited.contains(handle.id.name), let worker = specification(handle.id.name)
        else { return }
        if name == "ipc" {
            if workerSockets[worker.name] == nil { holdSocket(of: worker.name, socket) }
        } else if let listener = worker.listeners.first(where: { $0.name == name }), !listeners.holds(listener) {
            let copy = fcntl(socket.number, F_DUPFD_CLOEXEC, 3)
            guard copy >= 0 else { return }
            guard listeners.restore(listener, copy) else {
                close(copy)
                return
            }
            descriptors.keep(copy, as: listener.name)
        }
        guard !isIncomplete(worker) else { return }
        awaited.remove(worker.name)
        say(.notice, "\(handle.id) has given its listeners back")
        admit()
    }

    /// A process of a worker whose listeners are awaited is gone: when none is left that could give them back, they are
    /// bound anew.
    func stopAwaiting(_ name: String) {
        if !hasProcess(name) { bindAnew(name) }
    }

    /// Who gives nothing back within so long does not have it, or never will.
    func awaitNoLonger(than limit: Duration) {
        guard !awaited.isEmpty else { return }
        reactor.schedule(after: limit) { [unowned self] in
            assumeIsolated { supervisor in
                for name in supervisor.awaited {
                    supervisor.say(.warning, "\(name) has not given its listeners back: binding them anew")
                    supervisor.bindAnew(name)
                }
            }
        }
    }

    private func bindAnew(_ name: String) {
        awaited.remove(name)
        guard let worker = specification(name) else { return }
        do {
            for listener in worker.listeners { try hold(listener) }
            try openWorkerSocket(name)
        } catch {
            say(.error, "\(error)")
        }
        admit()
    }
}

extension Supervisor {
    private static let controlSocketName = "roostd.sock"

    /// `RUNTIME/roostd.sock`, over which everybody reaches this supervisor: where systemd keeps it, whoever dials while no
    /// supervisor runs waits for the next one instead of being refused.
    func controlSocket() throws -> Descriptor {
        let name = Self.controlSocketName
        let kept = descriptors.take(name).map { fcntl($0.number, F_DUPFD_CLOEXEC, 3) } ?? -1
        let socket =
            kept >= 0
            ? Descriptor(owning: kept) : try UnixSocket.bind("\(invocation.runtimeDirectory)/\(name)", mode: 0o666)
        descriptors.keep(socket.number, as: name)
        return socket
    }
}
