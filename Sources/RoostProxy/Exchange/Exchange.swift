import RoostHTTP1

typealias ExchangePointer = UnsafeMutablePointer<Exchange>

/// One request and its answer, from the request's head to the last byte of the answer. A plain record of a pool.
struct Exchange {
    let client: StreamPointer
    var upstream: StreamPointer?
    let table: UnsafeMutablePointer<RuleTable>
    let rule: UnsafeMutablePointer<CompiledRule>
    /// The backend that was chosen last.
    var backend = -1
    /// When the head was complete, in nanoseconds.
    let started: Int64
    let identifier: UInt64

    let method: Method
    let minorVersion: UInt8
    /// The client connection can go on after this answer.
    var keepsAlive: Bool
    /// The request's head as it came, until the answer begins: a second attempt is made from it.
    var savedHead = ByteBuffer()
    var request: BodyReader
    var requestBytes: UInt64 = 0
    var headSent = false
    var attempts = 0

    var response = BodyReader(.none)
    var framing = ForwardedResponse.Framing.asDeclared
    var upstreamKeepsAlive = false
    var hasResponseHead = false
    /// Something of an answer, interim ones included, has gone to the client.
    var hasAnswered = false
    var interimResponses = 0
    var status: UInt16 = 0

    /// Neighbours among the exchanges in flight, oldest first.
    var previous: ExchangePointer?
    var next: ExchangePointer?

    init(
        client: StreamPointer,
        table: UnsafeMutablePointer<RuleTable>,
        rule: UnsafeMutablePointer<CompiledRule>,
        head: RequestHead,
        started: Int64,
        identifier: UInt64
    ) {
        self.client = client
        self.table = table
        self.rule = rule
        self.started = started
        self.identifier = identifier
        method = head.method
        minorVersion = head.minorVersion
        keepsAlive = head.keepsAlive
        request = BodyReader(head.framing)
    }

    /// Whether the request can be sent again although it may have been acted upon, or was not acted upon for certain.
    var isReplayable: Bool { requestBytes == 0 && (method.isIdempotent || !headSent) }
}
