import Glibc
import RoostConfig
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

// Who talks to the control socket.
extension Supervisor {
    /// Why a peer is turned away at its hello; nil: it is welcome.
    func refusal(of credentials: PeerCredentials, _ hello: Hello) -> RequestFailure? {
        guard hello.role == .worker else { return refusal(of: credentials, needed: .observe) }
        // A worker is whoever we have started, whatever it says of itself.
        let id = InstanceID(name: hello.name, instance: Int(hello.instance))
        guard let handle = handles[id], handle.assumeIsolated({ $0.hasProcess(credentials.pid) }) else {
            return RequestFailure(.refused, "pid \(credentials.pid) is not the process of \(id)")
        }
        return nil
    }

    func refusal(of peer: Peer, needed: AccessLevel) -> RequestFailure? {
        refusal(of: peer.credentials, needed: needed)
    }

    private func refusal(of credentials: PeerCredentials, needed: AccessLevel) -> RequestFailure? {
        guard let settings = configuration?.supervisor.control else {
            return RequestFailure(.unavailable, "roostd is starting; try again")
        }
        let level = AccessLevel(of: credentials, own: geteuid(), settings)
        guard level < needed else { return nil }
        let message = "uid \(credentials.uid) may not do that: join the group \(needed.group(settings)) or use sudo"
        return RequestFailure(.forbidden, message)
    }

    /// What a caller's connection is counted as, before it has said anything.
    func standing(of credentials: PeerCredentials) -> ConnectionShares.Standing {
        let isWorker = handles.values.contains { handle in handle.assumeIsolated { $0.hasProcess(credentials.pid) } }
        if isWorker { return .process }
        if credentials.uid == 0 || credentials.uid == geteuid() { return .owner }
        guard let settings = configuration?.supervisor.control else { return .stranger }
        return AccessLevel(of: credentials, own: geteuid(), settings) > .none ? .member : .stranger
    }

    /// The instance that a worker's connection belongs to, and which of its processes it comes from.
    private func instance(of connection: Connection) -> (handle: WorkerHandle, pid: Int32)? {
        guard let peer = connection.assumeIsolated({ $0.peer }), peer.hello.role == .worker else { return nil }
        let pid = peer.credentials.pid
        guard let handle = handles[InstanceID(name: peer.hello.name, instance: Int(peer.hello.instance))],
            handle.assumeIsolated({ $0.hasProcess(pid) })
        else { return nil }
        return (handle, pid)
    }

    func attach(_ connection: Connection) {
        guard let (handle, pid) = instance(of: connection) else { return }
        handle.assumeIsolated { $0.attach(connection, of: pid) }
    }

    func detach(_ connection: Connection) {
        guard let (handle, pid) = instance(of: connection) else { return }
        handle.assumeIsolated { $0.detach(connection, of: pid) }
    }

    /// A worker's news. What cannot be read is a worker of another version: said once a message, and ignored.
    func workerSays(_ event: IncomingEvent) {
        guard let (handle, pid) = instance(of: event.connection) else { return }
        do {
            guard let message = try WorkerHandle.Message(event) else {
                return say(.debug, "\(handle.id) sent an unknown event \(event.method.number)")
            }
            handle.assumeIsolated { $0.hear(message, from: pid) }
            if case .heartbeat = message { roundIfDue() }
        } catch {
            say(.warning, "\(handle.id) sent an event \(event.method.number) that cannot be read: \(error)")
        }
    }
}

extension WorkerHandle.Message {
    /// Nil: an event of another version.
    fileprivate init?(_ event: IncomingEvent) throws {
        switch event.method {
        case .heartbeat: self = .heartbeat(try Heartbeat(decoding: event.payload))
        case .ready: self = .ready
        case .parked: self = .parked(try Parked(decoding: event.payload).reason)
        case .slowPhase: self = .slowPhase(.milliseconds(try SlowPhase(decoding: event.payload).deadlineMs))
        case .signaled:
            let signaled = try Signaled(decoding: event.payload)
            let sender = SignalSender(pid: signaled.senderPid, uid: signaled.senderUid)
            self = .signaled(signaled.signal, by: sender)
        case .metricsSnapshot: self = .metrics(try MetricsSnapshot(decoding: event.payload))
        default: return nil
        }
    }
}
