import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostWire

extension Connection: ByteStreamReceiver {
    package nonisolated func streamIsReadable() { onOwnLoop { _ = $0.read() } }
    package nonisolated func streamMayBeReadable() -> Bool { onOwnLoop { $0.read() } }
    package nonisolated func streamIsWritable() { onOwnLoop { $0.flush() } }
    package nonisolated func streamShouldFlush() { onOwnLoop { $0.flush() } }
    package nonisolated func streamDeadlinePassed() { onOwnLoop { $0.expire() } }

    /// `assumeIsolated` for the stream's callbacks, which come on its loop's thread, thus on this actor's executor. The
    /// runtime's own check, which costs 0.1 µs outside a task, is left to debug builds.
    @inline(__always)
    private nonisolated func onOwnLoop<Result>(_ body: (isolated Connection) -> Result) -> Result {
        assert(isOnOwnLoop)
        return withoutActuallyEscaping(body) { body in
            // `isolated` changes what the compiler asks of a caller, not how it calls; the standard library does this.
            unsafeBitCast(body, to: ((Connection) -> Result).self)(self)
        }
    }

    /// Ends the process if it is not so.
    private nonisolated var isOnOwnLoop: Bool {
        preconditionIsolated()
        return true
    }

    /// How often a turn reads from one connection, so that a busy peer does not starve the others.
    private static let readsPerTurn = 4

    /// Reads and takes what has come; false if nothing had.
    @discardableResult
    func read() -> Bool {
        for count in 0..<Self.readsPerTurn where !isClosed {
            switch stream.read(into: &decoder) {
            case .moved(_, let isPartial):
                takeFrames()
                if isPartial || output.pending >= limits.outputMark { return true }
            case .wouldBlock: return count > 0
            case .ended: finish(session.isFinished ? nil : Self.gone)
            case .failed(let error): finish(RequestFailure(.unavailable, error.description))
            }
        }
        return true
    }

    /// Takes what has come, as long as the peer reads what it gets for it.
    func takeFrames() {
        do throws(FrameError) {
            while !isClosed, output.pending < limits.outputMark, let header = try decoder.next() { take(header) }
        } catch {
            breakOff(Self.failure(of: error))
        }
    }

    private static func failure(of error: FrameError) -> RequestFailure {
        switch error {
        case .frameTooLarge(let length, let limit):
            RequestFailure(.frameTooLarge, "a frame of \(length) bytes; at most \(limit) are taken")
        case .tooShort(let length): RequestFailure(.malformedFrame, "a length of \(length) holds no header")
        case .badVersion(let version): RequestFailure(.malformedFrame, "header version \(version), not 1")
        case .unknownKind(let kind): RequestFailure(.malformedFrame, "unknown kind \(kind)")
        }
    }

    private func take(_ header: FrameHeader) {
        if let trace { decoder.withPayload { trace.note(.received, header, $0, at: stream.now) } }
        switch session.receive(header, now: { stream.now }) {
        case .complete(let id): calls.removeValue(forKey: id)?.resume(returning: decoder.payload)
        case .serve(let id, let isStream, let deadline): serve(id, header.method, isStream, deadline)
        case .event: takeEvent(header.method)
        case .item(let id): takeItem(id)
        case .end(let id): endStream(id, .success(()))
        case .resume(let id): resumeCreditWaiters(of: id)
        case .stop(let id): stop(id)
        case .fail(let id, let code): fail(id, RequestFailure(code: code, payload: decoder.payload))
        case .refuse(let id, let failure): send(failure, for: id)
        case .pong(let id): emit(FrameHeader(.pong, id: id))
        case .ponged(let id): takePong(id)
        case .admit: admit()
        case .opened: opened()
        case .goodbye: if session.isFinished { finish(nil) }
        case .broken(let code): finish(RequestFailure(code: code, payload: decoder.payload))
        case .violation(let failure): breakOff(failure)
        case .none: break
        }
        if session.isFinished, output.pending == 0 { finish(nil) }
    }

    // MARK: Handshake

    private func admit() {
        do throws(RequestFailure) {
            guard let hello = try? Hello(decoding: decoder.payload) else {  // which fault it is helps nobody
                throw RequestFailure(.malformedFrame, "the hello cannot be read")
            }
            let ours = UInt32(FrameHeader.version)
            guard hello.minVersion <= ours, ours <= hello.maxVersion else {
                throw RequestFailure(
                    .versionMismatch,
                    "this process speaks version \(ours), the peer \(hello.minVersion) to \(hello.maxVersion)"
                )
            }
            try handler.admit(stream.credentials, hello)
            welcome(hello, version: ours)
        } catch {
            breakOff(error)
        }
    }

    private func welcome(_ hello: Hello, version: UInt32) {
        var welcome = Welcome()
        welcome.version = version
        welcome.name = identity.name
        welcome.pid = identity.pid
        welcome.executableVersion = identity.executableVersion
        welcome.maxFrameLength = UInt32(clamping: limits.frameLength)
        emit(FrameHeader(.hello), welcome.encoded())
        session.admit()
        begin(with: hello)
    }

    private func opened() {
        guard let welcome = try? Welcome(decoding: decoder.payload),  // which fault it is helps nobody
            welcome.version == UInt32(FrameHeader.version)
        else { return breakOff(RequestFailure(.versionMismatch, "the welcome names no version that was offered")) }
        var hello = Hello()
        hello.name = welcome.name
        hello.pid = welcome.pid
        hello.executableVersion = welcome.executableVersion
        hello.maxFrameLength = welcome.maxFrameLength
        begin(with: hello)
        opening?.resume()
        opening = nil
    }

    private func begin(with hello: Hello) {
        handshakeDeadline = nil
        if hello.maxFrameLength > 0 { peerFrameLength = Int(hello.maxFrameLength) }
        peer = Peer(credentials: stream.credentials, hello: hello)
        armTimer()
        handler.opened(self)
    }

    // MARK: Answers

    private func takePong(_ id: UInt32) {
        guard let ping = pings.removeValue(forKey: id) else { return }
        ping.continuation.resume(returning: ping.sentAt.duration(to: stream.now))
    }

    /// A request or stream of ours failed.
    func fail(_ id: UInt32, _ error: any Error) {
        calls.removeValue(forKey: id)?.resume(throwing: error)
        endStream(id, .failure(error))
    }

    /// Takes a request or stream of ours back.
    func cancel(_ id: UInt32, _ error: any Error) {
        guard session.cancel(id) else { return }
        emit(FrameHeader(.cancel, id: id))
        fail(id, error)
    }

    // MARK: Streams of ours

    func grant(_ count: UInt32, to id: UInt32) {
        if session.grant(id, count) { emit(FrameHeader(.credit, id: id, argument: count)) }
    }

    private func takeItem(_ id: UInt32) {
        if let waiter = streams[id]?.waiter {
            streams[id]?.waiter = nil
            waiter.resume(returning: decoder.payload)
            if let credit = streams[id]?.credit() { grant(credit, to: id) }
        } else {
            streams[id]?.append(decoder.payload)
        }
    }

    func endStream(_ id: UInt32, _ end: Result<Void, any Error>) {
        guard streams[id] != nil else { return }
        streams[id]?.end = end
        guard let waiter = streams[id]?.waiter else { return }
        streams[id] = nil
        switch end {
        case .success: waiter.resume(returning: nil)
        case .failure(let error): waiter.resume(throwing: error)
        }
    }

    func nextItem(of id: UInt32) async throws -> [UInt8]? {
        if let item = streams[id]?.popFirst() {
            if let credit = streams[id]?.credit() { grant(credit, to: id) }
            return item
        }
        guard let queue = streams[id] else { return nil }
        if let end = queue.end {
            streams[id] = nil
            try end.get()
            return nil
        }
        guard queue.waiter == nil else { throw RequestFailure(.conflict, "a stream has one reader") }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
                streams[id]?.waiter = continuation
            }
        } onCancel: {
            stream.onLoop { self.assumeIsolated { $0.cancel(id, CancellationError()) } }
        }
    }

    /// The reader of a stream has let go of it. From any thread.
    nonisolated func letGo(of id: UInt32) {
        stream.onLoop {
            self.assumeIsolated {
                $0.cancel(id, CancellationError())
                $0.streams[id] = nil
            }
        }
    }

    // MARK: Time

    /// Has the loop call at the earliest deadline there may be. Deadlines that were met earlier are left to that call:
    /// one timer a connection, not one a request.
    func armTimer() {
        guard !isClosed else { return }
        var earliest = session.earliestDeadline
        for deadline in pings.values.map(\.deadline) { earliest = min(earliest ?? deadline, deadline) }
        if let handshakeDeadline { earliest = min(earliest ?? handshakeDeadline, handshakeDeadline) }
        stream.wake(at: earliest)
    }

    private func expire() {
        let now = stream.now
        if let handshakeDeadline, handshakeDeadline <= now {
            return breakOff(RequestFailure(.deadlineExceeded, "no handshake within \(limits.handshake)"))
        }
        let late = session.expire(at: now)
        for id in late.outbound {
            emit(FrameHeader(.cancel, id: id))
            fail(id, RequestFailure(.deadlineExceeded, "no answer in time"))
        }
        for id in late.inbound {
            send(RequestFailure(.deadlineExceeded, "not done in time"), for: id)
            stop(id)
        }
        for (id, ping) in pings where ping.deadline <= now {
            pings[id] = nil
            ping.continuation.resume(throwing: RequestFailure(.deadlineExceeded, "no pong in time"))
        }
        armTimer()
    }
}
