import Glibc
import RoostHTTP1

extension Loop {
    /// How long, in nanoseconds, and how many bytes are thrown away after our end of a connection.
    private static let lingerTime: Int64 = 2_000_000_000
    private static let lingerReads = 64

    /// Ends a connection whose answer is sent. If the client may still be sending, its bytes are read and thrown away for a
    /// while: closing at once would make the kernel reset the connection, and the answer might never be read.
    mutating func end(_ client: StreamPointer) {
        let mayStillSend = client.hasSomethingToRead || client.pointee.mayHaveUnread
        guard mayStillSend, !client.pointee.peerEnded || client.pointee.canRead else { return close(client) }
        shutdown(client.pointee.descriptor, Int32(SHUT_WR))
        buffers.release(&client.pointee.input)
        client.pointee.phase = .lingering
        time(client, out: now &+ Self.lingerTime)
        discard(client)
    }

    /// Throws away what a client sends after our end.
    mutating func discard(_ client: StreamPointer) {
        for _ in 0..<Self.lingerReads {
            guard client.pointee.canRead else { return }
            switch receive(client, into: landing, Self.receiveSize) {
            case .bytes: continue
            case .nothingYet: return
            case .end, .broken: return close(client)
            }
        }
        postpone(client)
    }

    /// The client is gone: so is whatever was done for it.
    mutating func abandon(_ client: StreamPointer) {
        if let exchange = client.pointee.exchange {
            if let upstream = exchange.pointee.upstream { close(upstream) }
            conclude(exchange, isAborted: true)
        }
        close(client)
    }

    /// Breaks off an answer so that the client can see that it is not whole: without the last chunk or the promised length,
    /// or by a reset where the end of the connection would mean the end of the body.
    mutating func abort(_ exchange: ExchangePointer) {
        let client = exchange.pointee.client
        let endsWithConnection = exchange.pointee.framing == .untilClose
        if let upstream = exchange.pointee.upstream { close(upstream) }
        conclude(exchange, isAborted: true)
        if !endsWithConnection { _ = flush(client) }
        close(client, reset: endsWithConnection)
    }
}
