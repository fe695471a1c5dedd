import RoostPolicy
import RoostProtocol
import RoostWire

extension Connection {
    /// Hands a request to the handler, and sends what it answers at once without a task.
    func serve(_ id: UInt32, _ method: UInt16, _ isStream: Bool, _ deadline: MonotonicInstant?) {
        guard let peer else { return }
        if deadline != nil { armTimer() }
        let request = IncomingRequest(
            connection: self,
            peer: peer,
            method: Method(number: method),
            payload: decoder.payload,
            deadline: deadline,
            isStream: isStream
        )
        if request.method == .echo, !isStream { return answer(id, request.payload) }
        switch handler.request(request) {
        case .reply(let payload):
            isStream ? answer(id, Self.wantsRequest(method)) : answer(id, payload)
        case .failure(let failure):
            answer(id, failure)
        case .later(let operation):
            guard !isStream else { return answer(id, Self.wantsRequest(method)) }
            work[id] = Task { await run(id, operation) }
        case .items(let operation):
            guard isStream else {
                return answer(id, RequestFailure(.invalidArgument, "method \(method) answers with a stream"))
            }
            work[id] = Task { await run(id, operation) }
        }
    }

    private static func wantsRequest(_ method: UInt16) -> RequestFailure {
        RequestFailure(.invalidArgument, "method \(method) does not answer with a stream")
    }

    private func run(_ id: UInt32, _ operation: @Sendable () async throws -> [UInt8]) async {
        do {
            let payload = try await operation()
            answer(id, payload)
        } catch {
            answer(id, Self.failure(of: error))
        }
        work[id] = nil
    }

    private func run(_ id: UInt32, _ operation: @Sendable (ItemWriter) async throws -> Void) async {
        do {
            try await operation(ItemWriter(connection: self, id: id))
            if session.answer(id) { emit(FrameHeader(.end, id: id)) }
        } catch {
            answer(id, Self.failure(of: error))
        }
        work[id] = nil
    }

    private static func failure(of error: any Error) -> RequestFailure {
        switch error {
        case let failure as RequestFailure: failure
        case is CancellationError: RequestFailure(.cancelled, "the work was cancelled")
        default: RequestFailure(.internal, "\(error)")
        }
    }

    // MARK: Answers

    private func answer(_ id: UInt32, _ payload: [UInt8]) {
        guard session.answer(id) else { return }
        do throws(RequestFailure) {
            try check(payload)
            expectsAnswer = true  // who got one reply at once often asks again
            emit(FrameHeader(.reply, id: id), payload)
        } catch {
            send(error, for: id)
        }
    }

    func answer(_ id: UInt32, _ failure: RequestFailure) {
        if session.answer(id) { send(failure, for: id) }
    }

    func send(_ failure: RequestFailure, for id: UInt32) {
        emit(FrameHeader(.error, id: id, argument: failure.argument), failure.payload)
    }

    func takeEvent(_ method: UInt16) {
        guard let peer else { return }
        handler.event(
            IncomingEvent(connection: self, peer: peer, method: Method(number: method), payload: decoder.payload)
        )
    }

    /// Nobody waits for a request of the peer any more.
    func stop(_ id: UInt32) {
        work.removeValue(forKey: id)?.cancel()
        resumeCreditWaiters(of: id)
    }

    // MARK: Streams of the peer

    func sendItem(_ item: [UInt8], of id: UInt32) async throws {
        try check(item)
        while true {
            try Task.checkCancellation()
            guard output.pending < limits.outputMark || isClosed else {
                await drained()
                continue
            }
            switch session.takeCredit(id) {
            case .send: return emit(FrameHeader(.item, id: id), item)
            case .over: throw CancellationError()
            case .wait: await withCheckedContinuation { creditWaiters[id, default: []].append($0) }
            }
        }
    }

    func resumeCreditWaiters(of id: UInt32) {
        guard let waiters = creditWaiters.removeValue(forKey: id) else { return }
        for waiter in waiters { waiter.resume() }
    }
}
