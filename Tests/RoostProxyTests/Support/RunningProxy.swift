import Foundation
import Glibc
import RoostPolicy
import RoostReactor

@testable import RoostProxy

/// A data plane on a reactor of its own thread, and a listener on a free port.
final class RunningProxy: @unchecked Sendable {  // the plane is touched on the reactor's thread only
    let port: UInt16
    let reactor: Reactor
    private let listener: Int32
    private var plane: DataPlane?
    private let ended = DispatchSemaphore(value: 0)

    init(_ configuration: ProxyConfiguration) throws {
        (listener, port) = listen(nonBlocking: true)
        reactor = try Reactor()
        let reactor = reactor
        let ended = ended
        Thread.detachNewThread {
            reactor.run()
            ended.signal()
        }
        let listener = listener
        try onLoop { [self] in
            let plane = DataPlane(reactor: reactor, listeners: [listener], pseudonym: "roost-test")
            plane.commit(try plane.prepare(configuration))
            self.plane = plane
        }
    }

    /// One rule that sends everything to these ports.
    convenience init(
        to ports: [UInt16],
        timeouts: BackendTimeouts = BackendTimeouts(),
        limits: ProxyLimits = ProxyLimits(),
        client: ClientTimeouts = ClientTimeouts()
    ) throws {
        let rule = ProxyRule(
            name: "all",
            backends: ports.map { ProxyRule.Backend(host: "127.0.0.1", port: $0) },
            timeouts: timeouts
        )
        try self.init(ProxyConfiguration(rules: [rule], limits: limits, timeouts: client))
    }

    /// Runs `body` on the loop's thread and waits for its result.
    func onLoop<Result>(_ body: @escaping () throws -> Result) throws -> Result {
        nonisolated(unsafe) var result: Swift.Result<Result, any Error>?
        nonisolated(unsafe) let body = body
        let done = DispatchSemaphore(value: 0)
        reactor.post {
            result = Swift.Result { try body() }
            done.signal()
        }
        guard done.wait(timeout: .now() + 10) == .success, let result else { throw TimedOut() }
        return try result.get()
    }

    func withPlane<Result>(_ body: @escaping (DataPlane) throws -> Result) throws -> Result {
        try onLoop { [self] in
            guard let plane else { throw TimedOut() }
            return try body(plane)
        }
    }

    func snapshot() throws -> ProxySnapshot { try withPlane { $0.snapshot() } }

    func commit(_ configuration: ProxyConfiguration) throws {
        try withPlane { $0.commit(try $0.prepare(configuration)) }
    }

    func connect(receiveBuffer: Int32? = nil) throws -> Socket { try Socket(port: port, receiveBuffer: receiveBuffer) }

    /// Sends one request over a connection of its own and reads the answer.
    func exchange(_ request: String, isHead: Bool = false) throws -> Answer {
        let socket = try connect()
        socket.write(request)
        return try Answer(from: socket, isHead: isHead)
    }

    func get(_ path: String = "/", host: String = "a.test", _ fields: String = "") throws -> Answer {
        try exchange("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n")
    }

    func stop() {
        _ = try? withPlane { plane in
            plane.drain(deadline: MonotonicInstant(nanoseconds: 0)) {}
        }
        _ = eventually { try self.withPlane { $0.isDrained } }
        reactor.stop()
        ended.wait()
        close(listener)
    }
}

struct TimedOut: Error {}

/// Asks again and again until `claim` holds; false when it does not within the deadline.
func eventually(within seconds: Double = 10, _ claim: () throws -> Bool) -> Bool {
    let deadline = Date().addingTimeInterval(seconds)
    while Date() < deadline {
        if (try? claim()) == true { return true }
        usleep(2000)
    }
    return false
}

/// An answer as a client sees it.
struct Answer {
    let head: String
    let status: Int
    let body: [UInt8]
    /// The body came to its end as the framing says.
    let isWhole: Bool

    var text: String { String(decoding: body, as: UTF8.self) }

    init(from socket: Socket, isHead: Bool = false) throws {
        guard let head = socket.readHead() else { throw TimedOut() }
        self.head = head
        let status = Int(head.split(separator: " ")[1]) ?? 0
        self.status = status
        if isHead || status == 204 || status == 304 || status < 200 {
            (body, isWhole) = ([], true)
        } else if field("content-length", of: head) != nil || field("transfer-encoding", of: head) != nil {
            let body = readBody(of: head, from: socket)
            (self.body, isWhole) = (body ?? [], body != nil)
        } else {
            let rest = socket.readToEnd()
            (body, isWhole) = (rest.bytes, rest.isClean)
        }
    }
}
