package import RoostPolicy
import RoostProtocol
package import RoostWire

/// The rules of docs/wire-protocol.md for one side of one connection, without I/O and without a clock: frames, calls
/// and instants in, actions out. It knows which requests and streams are under way in either direction; payloads pass
/// by it untouched.
package struct SessionStateMachine: Sendable {
    /// Who speaks first.
    package enum Side: Sendable {
        /// Sends hello.
        case dialler
        /// Answers with welcome.
        case acceptor
    }

    /// What a received frame asks the connection to do.
    package enum Action: Equatable, Sendable {
        case none
        /// The peer's hello: admit it with `admit`, or `fail`.
        case admit
        /// The peer's welcome: the connection is open.
        case opened
        /// A request or stream of the peer. `deadline` in this side's time.
        case serve(id: UInt32, isStream: Bool, deadline: MonotonicInstant?)
        /// A request that cannot be taken.
        case refuse(id: UInt32, RequestFailure)
        /// An event of the peer.
        case event
        /// The answer to a request of ours.
        case complete(id: UInt32)
        /// A request or stream of ours failed; the payload tells why.
        case fail(id: UInt32, code: UInt32)
        /// An item of a stream of ours.
        case item(id: UInt32)
        /// A stream of ours is complete.
        case end(id: UInt32)
        /// A stream of the peer may go on.
        case resume(id: UInt32)
        /// A request or stream of the peer was taken back.
        case stop(id: UInt32)
        /// Answer a ping.
        case pong(id: UInt32)
        /// A ping of ours was answered.
        case ponged(id: UInt32)
        /// The peer says goodbye.
        case goodbye
        /// The peer broke off; the payload tells why.
        case broken(code: UInt32)
        /// The peer broke a rule: tell it and close.
        case violation(RequestFailure)
    }

    private enum Phase: Equatable { case awaitingHello, awaitingAdmission, awaitingWelcome, open, closed }

    private struct Outbound {
        let deadline: MonotonicInstant?
        let isStream: Bool
        var credit: UInt32 = 0
    }

    private struct Inbound {
        let deadline: MonotonicInstant?
        let isStream: Bool
        var credit: UInt32 = 0
    }

    private let limits: SessionLimits
    private var phase: Phase
    private var outbound: [UInt32: Outbound] = [:]
    private var inbound: [UInt32: Inbound] = [:]
    private var lastId: UInt32 = 0
    private var lastInboundId: UInt32 = 0
    private var peerLeaves = false
    private var weLeave = false

    /// Frames for requests that are not known (any more): late answers after a deadline or a cancellation.
    package private(set) var strays: UInt64 = 0
    /// The earliest deadline there may be; a deadline that was met earlier leaves it behind until `expire`.
    package private(set) var earliestDeadline: MonotonicInstant?

    package init(_ side: Side, limits: SessionLimits = SessionLimits()) {
        self.limits = limits
        phase = side == .dialler ? .awaitingWelcome : .awaitingHello
    }

    /// Whether a request or stream of ours is not answered.
    package func isWaiting(for id: UInt32) -> Bool { outbound[id] != nil }

    package var isOpen: Bool { phase == .open }
    /// Requests and streams of ours that are not answered.
    package var outboundCount: Int { outbound.count }
    /// Requests and streams of the peer that are not answered.
    package var inboundCount: Int { inbound.count }
    /// Goodbye was said by either side and nothing is under way that it waits for.
    package var isFinished: Bool { (weLeave || peerLeaves) && inbound.isEmpty && outbound.isEmpty }

    // MARK: Frames

    /// Takes a frame. `now` is asked only when a deadline has to be set.
    package mutating func receive(_ header: FrameHeader, now: () -> MonotonicInstant) -> Action {
        switch phase {
        case .open: receiveOpen(header, now)
        case .awaitingHello: receiveHello(header)
        case .awaitingWelcome: receiveWelcome(header)
        // What a dialler sends before it has read the welcome breaks the rules.
        case .awaitingAdmission: violation("a \(header.kind) before the welcome")
        case .closed: .none
        }
    }

    private mutating func receiveHello(_ header: FrameHeader) -> Action {
        guard header.kind == .hello else { return violation("a \(header.kind) instead of a hello") }
        phase = .awaitingAdmission
        return .admit
    }

    private mutating func receiveWelcome(_ header: FrameHeader) -> Action {
        switch header.kind {
        case .hello:
            phase = .open
            return .opened
        case .error where header.id == 0:
            phase = .closed
            return .broken(code: header.argument)
        default: return violation("a \(header.kind) instead of a welcome")
        }
    }

    private mutating func receiveOpen(_ header: FrameHeader, _ now: () -> MonotonicInstant) -> Action {
        let id = header.id
        switch header.kind {
        case .request: return receiveRequest(header, now)
        case .event: return .event
        case .ping: return .pong(id: id)
        case .pong: return .ponged(id: id)
        case .hello: return violation("a second hello")
        case .goodbye:
            peerLeaves = true
            return .goodbye
        case .reply:
            guard let call = outbound.removeValue(forKey: id) else { return stray() }
            guard !call.isStream else { return violation("a reply to the stream \(id)") }
            return .complete(id: id)
        case .error:
            guard id != 0 else {
                phase = .closed
                return .broken(code: header.argument)
            }
            return outbound.removeValue(forKey: id) == nil ? stray() : .fail(id: id, code: header.argument)
        case .item: return receiveItem(id)
        case .end:
            guard let call = outbound[id] else { return stray() }
            guard call.isStream else { return violation("an end of the request \(id)") }
            outbound[id] = nil
            return .end(id: id)
        case .credit: return receiveCredit(id, header.argument)
        case .cancel: return inbound.removeValue(forKey: id) == nil ? stray() : .stop(id: id)
        }
    }

    private mutating func receiveRequest(_ header: FrameHeader, _ now: () -> MonotonicInstant) -> Action {
        let id = header.id
        // Ids go up, so that a late answer never meets a newer request of the same number (RFC 1982 arithmetic).
        guard id != 0, Int32(bitPattern: id &- lastInboundId) > 0 else {
            return violation("request \(id) after request \(lastInboundId)")
        }
        lastInboundId = id
        guard !weLeave else {
            return .refuse(id: id, RequestFailure(.unavailable, "this process is stopping; ask again later"))
        }
        guard inbound.count < limits.inbound else {
            return .refuse(id: id, RequestFailure(.exhausted, "\(limits.inbound) requests are under way; wait for one"))
        }
        let isStream = header.flags.contains(.stream)
        let deadline = header.argument == 0 ? nil : now().advanced(by: .milliseconds(Int64(header.argument)))
        inbound[id] = Inbound(deadline: deadline, isStream: isStream)
        note(deadline)
        return .serve(id: id, isStream: isStream, deadline: deadline)
    }

    private mutating func receiveItem(_ id: UInt32) -> Action {
        guard let call = outbound[id] else { return stray() }
        guard call.isStream else { return violation("an item of the request \(id)") }
        guard call.credit > 0 else {
            return violation("an item of stream \(id) without credit", .creditViolation)
        }
        outbound[id]?.credit -= 1
        return .item(id: id)
    }

    private mutating func receiveCredit(_ id: UInt32, _ count: UInt32) -> Action {
        guard let work = inbound[id] else { return stray() }
        guard work.isStream else { return violation("credit for the request \(id)", .creditViolation) }
        let (sum, overflow) = work.credit.addingReportingOverflow(count)
        guard !overflow, sum <= limits.credit else {
            return violation("more than \(limits.credit) items of credit for stream \(id)", .creditViolation)
        }
        inbound[id]?.credit = sum
        return .resume(id: id)
    }

    private mutating func stray() -> Action {
        strays &+= 1
        return .none
    }

    private mutating func violation(_ message: String, _ code: ErrorCode = .protocolViolation) -> Action {
        phase = .closed
        return .violation(RequestFailure(code, message))
    }

    // MARK: Our calls

    /// Admits the peer whose hello came; the welcome is sent next.
    package mutating func admit() {
        guard phase == .awaitingAdmission else { return }
        phase = .open
    }

    /// Begins a request or stream of ours and gives its id.
    ///
    /// - Throws: `unavailable` when the connection is not open or is about to end, `exhausted` at the limit.
    package mutating func call(
        isStream: Bool,
        deadline: MonotonicInstant?
    ) throws(RequestFailure) -> UInt32 {
        guard phase == .open else { throw RequestFailure(.unavailable, "the connection is not open") }
        guard !peerLeaves, !weLeave else { throw RequestFailure(.unavailable, "the connection is about to close") }
        guard outbound.count < limits.outbound else {
            throw RequestFailure(.exhausted, "\(limits.outbound) requests are under way; wait for one")
        }
        repeat { lastId &+= 1 } while lastId == 0 || outbound[lastId] != nil
        outbound[lastId] = Outbound(deadline: deadline, isStream: isStream)
        note(deadline)
        return lastId
    }

    /// Notes that the peer may send `count` items more; false if the stream is over.
    package mutating func grant(_ id: UInt32, _ count: UInt32) -> Bool {
        guard let call = outbound[id], call.isStream else { return false }
        outbound[id]?.credit = call.credit &+ count
        return true
    }

    /// Takes a request or stream of ours back; false if it is over. A cancel is sent next.
    package mutating func cancel(_ id: UInt32) -> Bool { outbound.removeValue(forKey: id) != nil }

    /// A request or stream of the peer is answered; false if the peer took it back or its deadline passed, and nothing
    /// is sent.
    package mutating func answer(_ id: UInt32) -> Bool { inbound.removeValue(forKey: id) != nil }

    /// Takes one item's credit of a stream of the peer.
    package mutating func takeCredit(_ id: UInt32) -> CreditAnswer {
        guard let work = inbound[id] else { return .over }
        guard work.credit > 0 else { return .wait }
        inbound[id]?.credit = work.credit - 1
        return .send
    }

    /// Whether an item of a stream may be sent.
    package enum CreditAnswer: Sendable { case send, wait, over }

    /// We say goodbye: new requests are refused from here on.
    package mutating func leave() { weLeave = true }

    /// The connection is gone.
    package mutating func close() {
        phase = .closed
        outbound = [:]
        inbound = [:]
        earliestDeadline = nil
    }

    // MARK: Time

    /// What has run out of time: requests of ours, to be failed and cancelled, and of the peer, to be stopped and
    /// answered with `deadlineExceeded`.
    package mutating func expire(at now: MonotonicInstant) -> (outbound: [UInt32], inbound: [UInt32]) {
        let late = outbound.filter { $0.value.deadline.map { $0 <= now } ?? false }.map(\.key).sorted()
        let lateWork = inbound.filter { $0.value.deadline.map { $0 <= now } ?? false }.map(\.key).sorted()
        for id in late { outbound[id] = nil }
        for id in lateWork { inbound[id] = nil }
        earliestDeadline = (outbound.values.compactMap(\.deadline) + inbound.values.compactMap(\.deadline)).min()
        return (late, lateWork)
    }

    private mutating func note(_ deadline: MonotonicInstant?) {
        guard let deadline else { return }
        earliestDeadline = earliestDeadline.map { min($0, deadline) } ?? deadline
    }
}
