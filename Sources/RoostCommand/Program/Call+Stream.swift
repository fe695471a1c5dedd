import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

extension Call {
    /// Reads a server stream to its end.
    ///
    /// - Throws: `CommandFailure` when the supervisor goes away.
    func read<Item: ProtobufMessage>(
        _ method: Method,
        _ request: some ProtobufMessage,
        as item: Item.Type,
        _ take: (Item) throws -> Void
    ) async throws {
        try await read(method, request.encoded(), on: try await connect(), take)
    }

    /// Reads a stream to its end on a connection that is closed then.
    private func read<Item: ProtobufMessage>(
        _ method: Method,
        _ payload: [UInt8],
        on connection: Connection,
        _ take: (Item) throws -> Void
    ) async throws {
        do {
            let stream = try await connection.stream(method, payload)
            while let bytes = try await stream.next() { try take(try Item(decoding: bytes)) }
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Follows a server stream until nobody wants more, also over deaths of the supervisor: the next one is asked for
    /// what comes behind the last id.
    ///
    /// - Parameters:
    ///   - request: what to ask, given the id to go on behind; nil before there was one.
    ///   - take: gives back the last id of the item; nil if it has none.
    /// - Throws: `CommandFailure` when no supervisor has come back within the lease.
    func follow<Item: ProtobufMessage, Request: ProtobufMessage>(
        _ method: Method,
        _ request: @escaping @Sendable (UInt64?) -> Request,
        as item: Item.Type,
        _ take: @escaping @Sendable (Item) throws -> UInt64?
    ) async throws {
        let first = try await connect()
        try await untilUnwanted {
            var connection = first
            var last: UInt64?
            var deadline: MonotonicInstant?
            while true {
                let begun = world.reactor.now
                do {
                    return try await read(method, request(last).encoded(), on: connection) { (item: Item) in
                        last = try take(item) ?? last
                    }
                } catch let failure as RequestFailure where failure.code == .unavailable {
                    // One that comes and goes at once has not come back.
                    if begun.duration(to: world.reactor.now) > .seconds(1) { deadline = nil }
                }
                let limit = deadline ?? world.reactor.now.advanced(by: world.lease)
                if deadline == nil { note("roost: roostd went away; waiting for it") }
                deadline = limit
                connection = try await connectAgain(by: limit)
            }
        }
    }

    private func connectAgain(by deadline: MonotonicInstant) async throws -> Connection {
        while true {
            try await world.reactor.sleep(for: .milliseconds(100))
            do {
                return try await connect(within: world.reactor.now.duration(to: deadline))
            } catch let failure as CommandFailure where failure.status == .noSupervisor {
                guard world.reactor.now < deadline else { throw failure }
            }
        }
    }
}
