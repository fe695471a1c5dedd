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
        guard let handle = handles[id], handle.assumeIsolated({ $0.pid }) == credentials.pid else {
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
        let isWorker = handles.values.contains { handle in handle.assumeIsolated { $0.pid == credentials.pid } }
        if isWorker { return .process }
        if credentials.uid == 0 || credentials.uid == geteuid() { return .owner }
        guard let settings = configuration?.supervisor.control else { return .stranger }
        return AccessLevel(of: credentials, own: geteuid(), settings) > .none ? .member : .stranger
    }

    /// The instance that a worker's connection belongs to.
    func instance(of connection: Connection) -> WorkerHandle? {
        guard let peer = connection.assumeIsolated({ $0.peer }), peer.hello.role == .worker else { return nil }
        let handle = handles[InstanceID(name: peer.hello.name, instance: Int(peer.hello.instance))]
        return handle?.assumeIsolated { $0.pid } == peer.credentials.pid ? handle : nil
    }

    /// A worker's news. What cannot be read is a worker of another version: said once a message, and ignored.
    func workerSays(_ event: IncomingEvent) {
        guard let handle = instance(of: event.connection) else { return }
        do {
            switch event.method {
            case .heartbeat:
                let heartbeat = try Heartbeat(decoding: event.payload)
                handle.assumeIsolated { $0.heartbeat(heartbeat) }
                roundIfDue()
            case .ready: handle.assumeIsolated { $0.ready() }
            case .parked:
                let parked = try Parked(decoding: event.payload)
                handle.assumeIsolated { $0.parked(parked.reason) }
            case .slowPhase:
                let phase = try SlowPhase(decoding: event.payload)
                handle.assumeIsolated { $0.slowPhase(phase.name, .milliseconds(phase.deadlineMs)) }
            case .metricsSnapshot:
                let snapshot = try MetricsSnapshot(decoding: event.payload)
                handle.assumeIsolated { $0.setMetrics(snapshot) }
            default: say(.debug, "\(handle.id) sent an unknown event \(event.method.number)")
            }
        } catch {
            say(.warning, "\(handle.id) sent an event \(event.method.number) that cannot be read: \(error)")
        }
    }
}
