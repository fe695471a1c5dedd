import Glibc
package import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

/// Serves `RUNTIME/roostd.sock`: workers report there, `roost` and other programs ask. Decides who may do what, decodes,
/// and hands over to the supervisor.
package struct ControlService: Sendable {
    private let supervisor: Supervisor

    package init(_ supervisor: Supervisor) { self.supervisor = supervisor }

    package var handler: ConnectionHandler {
        ConnectionHandler(
            admit: { (credentials, hello) throws(RequestFailure) in try admit(credentials, hello) },
            opened: { connection in
                supervisor.assumeIsolated { supervisor in
                    supervisor.attach(connection)
                }
            },
            request: { request in answer(request) },
            event: { event in supervisor.assumeIsolated { $0.workerSays(event) } },
            closed: { connection, _ in
                supervisor.assumeIsolated { supervisor in
                    supervisor.detach(connection)
                }
            },
            trace: { credentials in supervisor.assumeIsolated { $0.trace(of: credentials.pid) } }
        )
    }

    /// How the connections are divided: workers, roostd's own user and root always get one, whatever other users hold.
    package func fairness(callers: Int) -> RoostIPC.Listener.Fairness {
        RoostIPC.Listener.Fairness(callers: callers) { credentials in
            supervisor.assumeIsolated { $0.standing(of: credentials) }
        }
    }

    private func admit(_ credentials: PeerCredentials, _ hello: Hello) throws(RequestFailure) {
        let refusal = supervisor.assumeIsolated { $0.refusal(of: credentials, hello) }
        if let refusal { throw refusal }
    }

    private func answer(_ request: IncomingRequest) -> Answer {
        guard let needed = AccessLevel.needed(for: request.method) else { return .unknown(request.method) }
        if let refusal = supervisor.assumeIsolated({ $0.refusal(of: request.peer, needed: needed) }) {
            supervisor.assumeIsolated { $0.noteRefusal(of: request.peer.credentials, refusal) }
            return .failure(refusal)
        }
        do {
            return try dispatch(request)
        } catch let failure as RequestFailure {
            return .failure(failure)
        } catch {
            return .failure(.invalidArgument, "the request of method \(request.method.number) cannot be read: \(error)")
        }
    }

    private func dispatch(_ request: IncomingRequest) throws -> Answer {
        let peer = request.peer.credentials
        @Sendable func initiator(_ onBehalfOf: String) -> Initiator {
            .peer(uid: peer.uid, pid: peer.pid, onBehalfOf: onBehalfOf)
        }
        let supervisor = supervisor
        switch request.method {
        case .echo: return .reply(request.payload)
        case .status:
            let message = try StatusRequest(decoding: request.payload)
            return .message(try supervisor.assumeIsolated { try $0.status(message.names) })
        case .metrics:
            let message = try MetricsRequest(decoding: request.payload)
            return .message(try supervisor.assumeIsolated { try $0.metrics(message.names) })
        case .why:
            let message = try WhyRequest(decoding: request.payload)
            return .later { try await supervisor.why(message).encoded() }
        case .doctor: return .message(supervisor.assumeIsolated { $0.doctor() })
        case .configShow:
            let message = try ConfigShowRequest(decoding: request.payload)
            return .message(try supervisor.assumeIsolated { try $0.showConfiguration(message.generation) })
        case .configHistory: return .message(supervisor.assumeIsolated { $0.configurationHistory() })
        case .plan:
            let message = try PlanRequest(decoding: request.payload)
            let needed = AccessLevel.needed(for: message, own: supervisor.invocation.configuration)
            if let refusal = supervisor.assumeIsolated({ $0.refusal(of: request.peer, needed: needed) }) {
                return .failure(refusal)
            }
            return .later { try await supervisor.plan(message).encoded() }
        case .logs:
            let message = try LogsRequest(decoding: request.payload)
            return .items { try await supervisor.streamLogs(message, to: $0) }
        case .events:
            let message = try EventsRequest(decoding: request.payload)
            return .items { try await supervisor.streamEvents(message, to: $0) }
        case .restart:
            let message = try RestartRequest(decoding: request.payload)
            return Self.change { try await supervisor.restart(message, by: initiator(message.onBehalfOf)) }
        case .stop:
            let message = try StopRequest(decoding: request.payload)
            return Self.change { try await supervisor.stop(message.names, by: initiator(message.onBehalfOf)) }
        case .start:
            let message = try StartRequest(decoding: request.payload)
            return Self.change { try await supervisor.start(message.names, by: initiator(message.onBehalfOf)) }
        case .scale:
            let message = try ScaleRequest(decoding: request.payload)
            return Self.change { try await supervisor.scale(message, by: initiator(message.onBehalfOf)) }
        case .reload:
            let message = try ReloadRequest(decoding: request.payload)
            return Self.change { await supervisor.reload(by: initiator(message.onBehalfOf)) }
        case .drill:
            let message = try DrillRequest(decoding: request.payload)
            let needed = AccessLevel.needed(for: message)
            if let refusal = supervisor.assumeIsolated({ $0.refusal(of: request.peer, needed: needed) }) {
                supervisor.assumeIsolated { $0.noteRefusal(of: peer, refusal) }
                return .failure(refusal)
            }
            let caller = initiator(message.onBehalfOf)
            return .message(try supervisor.assumeIsolated { try $0.drill(message, by: caller) })
        case .configRollback:
            let message = try ConfigRollbackRequest(decoding: request.payload)
            return Self.change { try await supervisor.rollBack(message, by: initiator(message.onBehalfOf)) }
        default: return .unknown(request.method)
        }
    }

    /// A change that was begun is carried to its end, whether or not the caller stays for the answer.
    private static func change(_ work: @escaping @Sendable () async throws -> some ProtobufMessage) -> Answer {
        .later { try await Task { try await work() }.value.encoded() }
    }
}
