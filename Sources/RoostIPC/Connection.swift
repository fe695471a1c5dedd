import RoostPolicy
package import RoostProtocol
import RoostReactor
import RoostWire

/// One side of a connection between two processes: asks, streams and sends events, and serves what the peer asks.
///
/// Lives on its byte stream's loop. Frames are taken apart and replies handed over within the loop's callback, and all
/// that a turn wants to send goes out in one write. An open connection keeps itself; `close` it, or it ends when the
/// peer does.
package actor Connection {
    package nonisolated var unownedExecutor: UnownedSerialExecutor { stream.executor }

    nonisolated let stream: any ByteStream
    nonisolated let limits: SessionLimits
    nonisolated let handler: ConnectionHandler
    nonisolated let identity: Hello
    private let side: SessionStateMachine.Side

    var session: SessionStateMachine
    var decoder: FrameDecoder
    var output = FrameOutput()
    var flushIsDue = false
    /// What is about to be sent is answered soon, as far as one can tell.
    var expectsAnswer = false
    var isClosed = false
    /// Bytes of a frame that the peer accepts.
    var peerFrameLength = FrameLimits.standardLength
    package internal(set) var peer: Peer?
    /// Where frames are kept, for the record.
    private(set) var trace: FrameTrace?

    // What waits for the peer.
    var opening: CheckedContinuation<Void, any Error>?
    var handshakeDeadline: MonotonicInstant?
    var calls: [UInt32: CheckedContinuation<[UInt8], any Error>] = [:]
    var streams: [UInt32: ItemQueue] = [:]
    var pings: [UInt32: Ping] = [:]
    var lastPing: UInt32 = 0
    // What works for the peer, or waits until it may send.
    var work: [UInt32: Task<Void, Never>] = [:]
    var creditWaiters: [UInt32: [CheckedContinuation<Void, Never>]] = [:]
    var outputWaiters: [CheckedContinuation<Void, Never>] = []

    struct Ping {
        let sentAt: MonotonicInstant
        let deadline: MonotonicInstant
        let continuation: CheckedContinuation<Duration, any Error>
    }

    /// A connection over a stream that is not started yet; `start` or `open` comes next.
    ///
    /// - Parameter identity: What this side says of itself in hello or welcome.
    package init(
        _ stream: any ByteStream,
        _ side: SessionStateMachine.Side,
        identity: Hello,
        handler: ConnectionHandler = ConnectionHandler(),
        limits: SessionLimits = SessionLimits()
    ) {
        self.stream = stream
        self.side = side
        self.identity = identity
        self.handler = handler
        self.limits = limits
        session = SessionStateMachine(side, limits: limits)
        decoder = FrameDecoder(limit: limits.frameLength)
    }

    /// Requests and streams of this side that are not answered.
    package var outboundCount: Int { session.outboundCount }
    /// Requests and streams of the peer that are not answered.
    package var inboundCount: Int { session.inboundCount }
    /// Bytes that wait for the peer to read them.
    package var pendingOutput: Int { output.pending }

    // MARK: Opening

    /// Begins the handshake; `handler.opened` or `handler.closed` tells how it went.
    package func start() throws {
        trace = handler.trace(stream.credentials)
        try stream.start(self)
        handshakeDeadline = stream.now.advanced(by: limits.handshake)
        if side == .dialler { emit(FrameHeader(.hello), hello.encoded()) }
        armTimer()
    }

    /// Begins the handshake and returns when the connection is open.
    ///
    /// - Throws: `RequestFailure` when the peer refuses or does not answer in time, `CancellationError`.
    package func open() async throws {
        try start()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if session.isOpen { return continuation.resume() }
                guard !isClosed else { return continuation.resume(throwing: Self.gone) }
                opening = continuation
            }
        } onCancel: {
            stream.onLoop { self.assumeIsolated { $0.giveUpOpening() } }
        }
    }

    private func giveUpOpening() {
        opening?.resume(throwing: CancellationError())
        opening = nil
        finish(nil)
    }

    private var hello: Hello {
        var hello = identity
        hello.minVersion = UInt32(FrameHeader.version)
        hello.maxVersion = UInt32(FrameHeader.version)
        hello.maxFrameLength = UInt32(clamping: limits.frameLength)
        return hello
    }

    // MARK: Asking

    /// Asks the peer and waits for its reply.
    ///
    /// - Parameter limit: How long, at most; the peer is told, so that it does not work for nobody. Nil: for ever.
    /// - Throws: `RequestFailure`, of the peer or of this side; `CancellationError`.
    package func request(
        _ method: Method,
        _ payload: [UInt8] = [],
        within limit: Duration? = nil
    ) async throws -> [UInt8] {
        let call = Call()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                do throws(RequestFailure) {
                    guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
                    call.id = try begin(method, payload, FrameFlags(rawValue: 0), limit)
                    calls[call.id] = continuation
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            stream.onLoop { self.assumeIsolated { $0.cancel(call.id, CancellationError()) } }
        }
    }

    /// The id of a request, which is given when it is sent; 0 until then. The loop's thread only.
    private final class Call: @unchecked Sendable { var id: UInt32 = 0 }

    /// Asks the peer with one message for another.
    package func request<Reply: ProtobufMessage>(
        _ method: Method,
        _ message: some ProtobufMessage,
        reply: Reply.Type = Reply.self,
        within limit: Duration? = nil
    ) async throws -> Reply {
        let payload = try await request(method, message.encoded(), within: limit)
        do throws(ProtobufError) {
            return try Reply(decoding: payload)
        } catch {
            throw RequestFailure(.internal, "the reply is no \(Reply.self): \(error)")
        }
    }

    /// Asks the peer for items. It may send `window` of them ahead of the reader, which bounds what is held here.
    ///
    /// - Throws: `RequestFailure` when it cannot be sent; a refusal of the peer is thrown by the stream.
    package func stream(
        _ method: Method,
        _ payload: [UInt8] = [],
        window: UInt32 = 16,
        within limit: Duration? = nil
    ) throws(RequestFailure) -> ItemStream {
        let id = try begin(method, payload, .stream, limit)
        streams[id] = ItemQueue(window: window)
        grant(window, to: id)
        return ItemStream(self, id: id)
    }

    /// Sends one-way news.
    ///
    /// - Throws: `exhausted` while the peer reads too slowly: drop it or wait with `drained`; `unavailable`.
    package func sendEvent(_ method: Method, _ payload: [UInt8] = []) throws(RequestFailure) {
        guard session.isOpen else { throw RequestFailure(.unavailable, "the connection is not open") }
        guard output.pending < limits.outputMark else {
            throw RequestFailure(.exhausted, "\(output.pending) bytes wait for the peer; wait or drop the event")
        }
        try check(payload)
        emit(FrameHeader(.event, method: method.number), payload)
    }

    /// Returns when events are taken again.
    package func drained() async {
        while output.pending >= limits.outputMark, !isClosed {
            await withCheckedContinuation { outputWaiters.append($0) }
        }
    }

    /// Asks whether the peer's loop turns, and how long the way there and back takes.
    package func ping(within limit: Duration = .seconds(5)) async throws -> Duration {
        guard session.isOpen else { throw RequestFailure(.unavailable, "the connection is not open") }
        guard pings.count < 16 else { throw RequestFailure(.exhausted, "16 pings are under way") }
        return try await withCheckedThrowingContinuation { continuation in
            let now = stream.now
            lastPing &+= 1
            pings[lastPing] = Ping(sentAt: now, deadline: now.advanced(by: limit), continuation: continuation)
            emit(FrameHeader(.ping, id: lastPing))
            armTimer()
        }
    }

    private func begin(
        _ method: Method,
        _ payload: [UInt8],
        _ flags: FrameFlags,
        _ limit: Duration?
    ) throws(RequestFailure) -> UInt32 {
        try check(payload)
        guard output.pending < limits.outputLimit / 2 else {
            throw RequestFailure(.exhausted, "\(output.pending) bytes wait for the peer; ask again later")
        }
        let deadline = limit.map { stream.now.advanced(by: $0) }
        let id = try session.call(isStream: flags.contains(.stream), deadline: deadline)
        defer { if limit != nil { armTimer() } }
        expectsAnswer = true
        let milliseconds = limit.map { UInt32(clamping: max(1, $0.wholeNanoseconds / 1_000_000)) } ?? 0
        emit(FrameHeader(.request, flags: flags, id: id, method: method.number, argument: milliseconds), payload)
        guard !isClosed else { throw Self.gone }
        return id
    }

    func check(_ payload: [UInt8]) throws(RequestFailure) {
        let length = payload.count + FrameHeader.size
        guard length <= peerFrameLength else {
            throw RequestFailure(.frameTooLarge, "\(length) bytes; the peer takes frames of \(peerFrameLength)")
        }
    }

    // MARK: Sending

    /// Queues a frame; it goes out with all others of this turn.
    func emit(_ header: FrameHeader, _ payload: [UInt8] = []) {
        guard !isClosed else { return }
        append(header, payload)
        guard output.pending <= limits.outputLimit else { return finish(unread) }
        guard !flushIsDue else { return }
        flushIsDue = true
        stream.flushSoon()
    }

    private func append(_ header: FrameHeader, _ payload: [UInt8] = []) {
        output.append(header, payload: payload)
        trace?.note(.sent, header, payload.span.bytes, at: stream.now)
    }

    package func flush() {
        flushIsDue = false
        while !isClosed, output.pending > 0 {
            switch stream.write(from: &output) {
            case .moved(_, isPartial: false): continue
            case .moved(_, isPartial: true), .wouldBlock: return waitForRoom()
            case .ended:
                read()  // a peer that refuses says why before it closes
                return finish(Self.gone)
            case .failed(let error): return finish(RequestFailure(.unavailable, error.description))
            }
        }
        if expectsAnswer { stream.expectSoon() }
        expectsAnswer = false
        hasRoom()
    }

    /// The peer reads slowly: nothing more is taken from it until it does.
    private func waitForRoom() {
        let hasRoom = output.pending < limits.outputMark
        stream.watch(readable: hasRoom, writable: true)
        guard hasRoom else { return }
        resumeOutputWaiters()
        takeFrames()
    }

    private func hasRoom() {
        guard !isClosed else { return }
        stream.watch(readable: true, writable: false)
        resumeOutputWaiters()
        takeFrames()
        if session.isFinished, output.pending == 0 { finish(nil) }
    }

    private var unread: RequestFailure {
        RequestFailure(.exhausted, "the peer does not read: \(output.pending) bytes wait for it")
    }

    private func resumeOutputWaiters() {
        guard !outputWaiters.isEmpty else { return }
        let waiters = outputWaiters
        outputWaiters = []
        for waiter in waiters { waiter.resume() }
    }

    /// What fails when the peer ends the connection without a word.
    package static let gone = RequestFailure(.unavailable, "the other process closed the connection")

    // MARK: Ending

    /// Says goodbye: takes no new requests, answers those it has, then closes.
    package func drain() {
        guard !isClosed else { return }
        session.leave()
        emit(FrameHeader(.goodbye))
    }

    /// Closes at once; what is under way fails.
    package func close() {
        guard !isClosed else { return }
        if session.isOpen { append(FrameHeader(.goodbye)) }
        // What the socket does not take now is lost; the peer sees the end all the same.
        _ = stream.write(from: &output)
        finish(nil)
    }

    /// Tells the peer what it did wrong and closes.
    func breakOff(_ failure: RequestFailure) {
        guard !isClosed else { return }
        append(FrameHeader(.error, argument: failure.argument), failure.payload)
        _ = stream.write(from: &output)  // as in `close`
        finish(failure)
    }

    /// The connection is over, for whatever reason.
    func finish(_ failure: RequestFailure?) {
        guard !isClosed else { return }
        isClosed = true
        session.close()
        stream.close()
        let reason = failure ?? RequestFailure(.unavailable, "the connection was closed")
        opening?.resume(throwing: reason)
        opening = nil
        let (calls, pings, work) = (calls, pings, work)
        self.calls = [:]
        self.pings = [:]
        self.work = [:]
        for call in calls.values { call.resume(throwing: reason) }
        for ping in pings.values { ping.continuation.resume(throwing: reason) }
        for id in Array(streams.keys) { endStream(id, .failure(reason)) }
        for task in work.values { task.cancel() }
        for id in Array(creditWaiters.keys) { resumeCreditWaiters(of: id) }
        resumeOutputWaiters()
        handler.closed(self, failure)
    }
}
