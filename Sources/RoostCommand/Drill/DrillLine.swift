import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

/// What the drills ask the supervisor while they watch, on one connection.
struct DrillLine {
    let call: Call
    let connection: Connection
    var reactor: Reactor { call.world.reactor }

    /// Between two looks at the status: short against a replacement, long against a look.
    static let pace = Duration.milliseconds(3)
    private static let patience = Duration.seconds(10)

    init(_ call: Call) async throws {
        self.call = call
        connection = try await call.connect()
    }

    init(_ call: Call, on connection: Connection) { (self.call, self.connection) = (call, connection) }

    func status(_ names: String...) async throws -> StatusReply {
        var request = StatusRequest()
        request.names = names
        return try await connection.request(.status, request, within: Self.patience)
    }

    /// How one instance is.
    func worker(_ title: String) async throws -> WorkerStatus? { try await status(title).workers.first }

    /// Has the supervisor do the fault; says when that was asked.
    func inject(_ request: DrillRequest) async throws -> (reply: DrillReply, at: MonotonicInstant) {
        let now = reactor.now
        let reply: DrillReply = try await connection.request(.drill, request, within: Self.patience)
        return (reply, now)
    }

    /// Looks at an instance until `isDone`, or the limit has passed; says how it was last.
    func watch(
        _ title: String,
        until deadline: MonotonicInstant,
        _ isDone: (WorkerStatus) -> Bool
    ) async throws -> WorkerStatus? {
        while true {
            let worker = try await worker(title)
            if let worker, isDone(worker) { return worker }
            guard reactor.now < deadline else { return worker }
            try await reactor.sleep(for: Self.pace)
        }
    }

    /// Entries of the record, the newest first, back to one.
    func history(of subject: String, backTo first: UInt64) async throws -> [RecordEntry] {
        var request = WhyRequest()
        (request.names, request.history) = ([subject], true)
        var entries: [RecordEntry] = []
        repeat {
            let reply: WhyReply = try await connection.request(.why, request, within: Self.patience)
            entries += reply.history
            request.beforeId = reply.nextBeforeId
        } while request.beforeId > first
        return entries.filter { $0.id >= first }
    }

    func close() async { await connection.close() }
}
