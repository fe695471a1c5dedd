import RoostHTTP1
import RoostReactor

typealias StreamPointer = UnsafeMutablePointer<Stream>

/// One connection, to a client or to a backend: the byte stream under the protocol. A plain record of a `RecordPool`;
/// the pool's generation tells a record from the one that had its place before.
struct Stream {
    enum Role: UInt8 { case client, upstream }

    enum Phase: UInt8 {
        /// Client: between exchanges, or in the middle of a request's head.
        case reading
        /// Either: an exchange is under way.
        case exchanging
        /// Client: the last bytes are being sent, then the connection ends.
        case flushing
        /// Client: ended on our side; what still comes is thrown away, so that the answer is not destroyed by a reset.
        case lingering
        /// Upstream: connect(2) has not come back.
        case connecting
        /// Upstream: waiting for another exchange.
        case pooled
    }

    let loop: UnsafeMutablePointer<Loop>
    let descriptor: Int32
    let role: Role
    var phase: Phase
    var token: SourceToken?

    /// Edges seen and not used up.
    var canRead = false
    var canWrite = false
    /// The peer has ended its direction, or the connection is broken: the next read says which.
    var peerEnded = false
    var isDead = false
    /// On the list of streams that go on at the end of the turn.
    var isQueued = false
    /// Upstream: has carried an exchange before.
    var isReused = false
    /// Client: the answer was given without reading all that was announced.
    var mayHaveUnread = false
    /// Client: part of a head has come.
    var hasPartialHead = false
    var scanner = HeadScanner()

    /// Received and not used yet; to be sent.
    var input = ByteBuffer()
    var output = ByteBuffer()

    var exchange: ExchangePointer?
    var endpoint: UnsafeMutablePointer<Endpoint>?

    /// Neighbours among all clients, in a backend's pool, or among the dead.
    var previous: StreamPointer?
    var next: StreamPointer?
    var nextQueued: StreamPointer?
    var timer = TimerNode()

    /// Client: its address as text.
    var addressLength: UInt8 = 0
    var address: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)

    init(loop: UnsafeMutablePointer<Loop>, descriptor: Int32, role: Role, phase: Phase) {
        self.loop = loop
        self.descriptor = descriptor
        self.role = role
        self.phase = phase
    }
}

extension UnsafeMutablePointer<Stream> {
    /// The client's address, in place.
    var addressText: UnsafeBufferPointer<UInt8> {
        let offset = MemoryLayout<Stream>.offset(of: \Stream.address) ?? 0
        let base = UnsafeRawPointer(self).advanced(by: offset).assumingMemoryBound(to: UInt8.self)
        return UnsafeBufferPointer(start: base, count: Int(pointee.addressLength))
    }

    /// Whether another exchange may follow on the connection without a new event.
    var hasSomethingToRead: Bool { pointee.canRead || !pointee.input.isEmpty }
}
