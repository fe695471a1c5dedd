import RoostIPC
import RoostProtocol
import RoostReactor

extension Call {
    /// Reads a server stream to its end, or with `follow` until nobody wants more.
    ///
    /// - Throws: `CommandFailure` when the supervisor goes away.
    func read<Item: ProtobufMessage>(
        _ method: Method,
        _ request: some ProtobufMessage,
        as item: Item.Type,
        follow: Bool,
        _ take: @escaping @Sendable (Item) throws -> Void
    ) async throws {
        let payload = request.encoded()
        let connection = try await connect()
        let body: @Sendable () async throws -> Void = {
            let stream = try await connection.stream(method, payload)
            while let bytes = try await stream.next() { try take(try Item(decoding: bytes)) }
        }
        do {
            if follow { try await untilUnwanted(body) } else { try await body() }
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }
}
