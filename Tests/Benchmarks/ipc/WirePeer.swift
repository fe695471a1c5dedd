import Glibc
import RoostIPC
import RoostProtocol
import RoostReactor

func identity(_ name: String) -> Hello {
    var hello = Hello()
    hello.role = .client
    hello.name = name
    hello.pid = getpid()
    return hello
}

/// What answers at the other side: an actor with state, as a real server is.
actor EchoServer {
    nonisolated let reactor: Reactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
    private var requests = 0
    private var events = 0

    init(_ reactor: Reactor) { self.reactor = reactor }

    func answer(_ request: IncomingRequest) -> Answer {
        requests += 1
        return .reply(request.payload)
    }

    func take(_ event: IncomingEvent) { events += 1 }

    nonisolated var handler: ConnectionHandler {
        ConnectionHandler(
            request: { request in self.assumeIsolated { $0.answer(request) } },
            event: { event in self.assumeIsolated { $0.take(event) } },
            closed: { _, _ in self.reactor.stop() }
        )
    }
}

/// Serves the wire until the other side closes.
func serveWire(descriptor: Int32) {
    guard let reactor = try? Reactor() else { fatalError("no reactor") }
    reactor.becomeProcessExecutor()
    let server = EchoServer(reactor)
    guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0,
        let stream = try? ReactorByteStream(Descriptor(owning: descriptor), on: reactor)
    else { fatalError("no socket at \(descriptor)") }
    let connection = Connection(stream, .acceptor, identity: identity("bench"), handler: server.handler)
    reactor.start { try? await connection.start() }
    reactor.run()
}
