import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostWire
import Testing

private let start = MonotonicInstant(nanoseconds: 1_000_000_000)

@Suite struct SessionStateMachineTests {
    private static func open(
        _ side: SessionStateMachine.Side,
        limits: SessionLimits = SessionLimits()
    ) -> Session {
        let session = Session(side, limits: limits)
        _ = session.receive(FrameHeader(.hello))
        session.admit()
        return session
    }

    private static func isViolation(_ action: SessionStateMachine.Action, _ code: ErrorCode = .protocolViolation) -> Bool {
        if case .violation(let failure) = action { failure.code == code } else { false }
    }

    // MARK: Handshake

    @Test("before the hello every other kind breaks the rules", arguments: FrameKind.allCases)
    func acceptorHandshake(kind: FrameKind) {
        let session = Session(.acceptor)
        let action = session.receive(FrameHeader(kind, id: 1))
        #expect(kind == .hello ? action == .admit : Self.isViolation(action))
        #expect(!session.isOpen)
    }

    @Test("before the welcome a dialler may send nothing", arguments: FrameKind.allCases)
    func acceptorAdmission(kind: FrameKind) {
        let session = Session(.acceptor)
        _ = session.receive(FrameHeader(.hello))
        #expect(Self.isViolation(session.receive(FrameHeader(kind, id: 1))))
    }

    @Test("a dialler takes a welcome or an error, and nothing else", arguments: FrameKind.allCases)
    func diallerHandshake(kind: FrameKind) {
        let session = Session(.dialler)
        let action = session.receive(FrameHeader(kind, argument: 5))
        switch kind {
        case .hello: #expect(action == .opened)
        case .error: #expect(action == .broken(code: 5))
        default: #expect(Self.isViolation(action))
        }
        #expect(session.isOpen == (kind == .hello))
    }

    @Test("nothing can be asked before the connection is open, nor after it has ended")
    func callsOutsideOfOpen() {
        let session = Session(.dialler)
        #expect(throws: RequestFailure.self) { try session.call(isStream: false, deadline: nil) }
        session.close()
        #expect(throws: RequestFailure.self) { try session.call(isStream: false, deadline: nil) }
        #expect(session.receive(FrameHeader(.hello)) == .none)
    }

    // MARK: Open: what nobody waits for

    static let strays: [FrameKind] = [.reply, .error, .item, .end, .credit, .cancel]

    @Test("an answer to nothing, as after a deadline, is counted and ignored", arguments: strays)
    func stray(kind: FrameKind) {
        let session = Self.open(.dialler)
        #expect(session.receive(FrameHeader(kind, id: 9, argument: 1)) == .none)
        #expect(session.strays == 1)
        #expect(session.isOpen)
    }

    static let passing: [(FrameKind, SessionStateMachine.Action)] = [
        (.event, .event), (.ping, .pong(id: 9)), (.pong, .ponged(id: 9)), (.goodbye, .goodbye),
    ]

    @Test("events, pings and goodbyes pass", arguments: passing)
    func plain(kind: FrameKind, action: SessionStateMachine.Action) {
        let session = Self.open(.acceptor)
        #expect(session.receive(FrameHeader(kind, id: 9)) == action)
    }

    @Test("a second hello breaks the rules, an error of the connection ends it")
    func ends() {
        var session = Self.open(.acceptor)
        #expect(Self.isViolation(session.receive(FrameHeader(.hello))))
        #expect(!session.isOpen)
        session = Self.open(.acceptor)
        #expect(session.receive(FrameHeader(.error, argument: 7)) == .broken(code: 7))
        #expect(!session.isOpen)
    }

    // MARK: Requests

    @Test("a request of ours is answered once")
    func request() throws {
        let session = Self.open(.dialler)
        let id = try session.call(isStream: false, deadline: nil)
        #expect(id == 1)
        #expect(session.receive(FrameHeader(.reply, id: id)) == .complete(id: id))
        #expect(session.receive(FrameHeader(.reply, id: id)) == .none)
        let second = try session.call(isStream: false, deadline: nil)
        #expect(second == 2)
        #expect(session.receive(FrameHeader(.error, id: 2, argument: 4)) == .fail(id: 2, code: 4))
        #expect(session.outboundCount == 0)
    }

    @Test("a request is not answered by items, a stream not by a reply")
    func mixedUp() throws {
        for kind in [FrameKind.item, .end] {
            let session = Self.open(.dialler)
            let id = try session.call(isStream: false, deadline: nil)
            #expect(Self.isViolation(session.receive(FrameHeader(kind, id: id))))
        }
        let session = Self.open(.dialler)
        let id = try session.call(isStream: true, deadline: nil)
        #expect(Self.isViolation(session.receive(FrameHeader(.reply, id: id))))
    }

    @Test("a request of the peer is served with its deadline, and answered once")
    func serve() {
        let session = Self.open(.acceptor)
        let action = session.receive(FrameHeader(.request, id: 1, argument: 250))
        #expect(action == .serve(id: 1, isStream: false, deadline: start.advanced(by: .milliseconds(250))))
        #expect(session.answer(1))
        #expect(!session.answer(1))
    }

    @Test("ids of requests go up, over the end of the numbers too")
    func ids() {
        var session = Self.open(.acceptor)
        for id in [UInt32(1), 5, 0x7fff_ffff, 0xf000_0000, 0xffff_ffff, 1, 2] {
            #expect(session.receive(FrameHeader(.request, id: id)) == .serve(id: id, isStream: false, deadline: nil))
        }
        #expect(Self.isViolation(session.receive(FrameHeader(.request, id: 2))))
        session = Self.open(.acceptor)
        #expect(Self.isViolation(session.receive(FrameHeader(.request, id: 0))))
    }

    @Test("requests beyond the limit are refused and leave the rest alone")
    func inboundLimit() {
        var limits = SessionLimits()
        limits.inbound = 2
        let session = Self.open(.acceptor, limits: limits)
        for id in UInt32(1)...2 { _ = session.receive(FrameHeader(.request, id: id)) }
        guard case .refuse(3, let failure) = session.receive(FrameHeader(.request, id: 3)) else {
            Issue.record("not refused")
            return
        }
        #expect(failure.code == .exhausted)
        #expect(session.inboundCount == 2)
        #expect(session.answer(1))
        #expect(session.receive(FrameHeader(.request, id: 4)) == .serve(id: 4, isStream: false, deadline: nil))
    }

    @Test("a cancel stops the work, and its answer goes nowhere")
    func cancel() throws {
        let session = Self.open(.acceptor)
        _ = session.receive(FrameHeader(.request, id: 1))
        #expect(session.receive(FrameHeader(.cancel, id: 1)) == .stop(id: 1))
        #expect(!session.answer(1))
        let id = try session.call(isStream: false, deadline: nil)
        #expect(session.cancel(id))
        #expect(!session.cancel(id))
        #expect(session.receive(FrameHeader(.reply, id: id)) == .none)
    }

    // MARK: Streams

    @Test("items need credit, which is given and used one by one")
    func credit() throws {
        let session = Self.open(.dialler)
        let id = try session.call(isStream: true, deadline: nil)
        #expect(session.grant(id, 2))
        #expect(session.receive(FrameHeader(.item, id: id)) == .item(id: id))
        #expect(session.receive(FrameHeader(.item, id: id)) == .item(id: id))
        #expect(Self.isViolation(session.receive(FrameHeader(.item, id: id)), .creditViolation))
    }

    @Test("this side sends as many items as it has credit for")
    func takeCredit() {
        let session = Self.open(.acceptor)
        _ = session.receive(FrameHeader(.request, flags: .stream, id: 1))
        #expect(session.takeCredit(1) == .wait)
        #expect(session.receive(FrameHeader(.credit, id: 1, argument: 1)) == .resume(id: 1))
        #expect(session.takeCredit(1) == .send)
        #expect(session.takeCredit(1) == .wait)
        #expect(session.answer(1))
        #expect(session.takeCredit(1) == .over)
    }

    @Test("credit beyond the limit, or for a request, breaks the rules")
    func creditViolations() {
        for argument in [UInt32(4097), .max] {
            let session = Self.open(.acceptor)
            _ = session.receive(FrameHeader(.request, flags: .stream, id: 1))
            let action = session.receive(FrameHeader(.credit, id: 1, argument: argument))
            #expect(Self.isViolation(action, .creditViolation))
        }
        let session = Self.open(.acceptor)
        _ = session.receive(FrameHeader(.request, id: 1))
        #expect(Self.isViolation(session.receive(FrameHeader(.credit, id: 1, argument: 1)), .creditViolation))
    }

    // MARK: Time and endings

    @Test("deadlines of both directions expire, each once")
    func deadlines() throws {
        let session = Self.open(.dialler)
        let early = try session.call(isStream: false, deadline: start.advanced(by: .seconds(1)))
        let late = try session.call(isStream: true, deadline: start.advanced(by: .seconds(3)))
        _ = session.receive(FrameHeader(.request, id: 7, argument: 2000))
        #expect(session.earliestDeadline == start.advanced(by: .seconds(1)))
        #expect(session.expire(at: start).outbound == [])
        var expired = session.expire(at: start.advanced(by: .seconds(2)))
        #expect(expired.outbound == [early])
        #expect(expired.inbound == [7])
        #expect(session.earliestDeadline == start.advanced(by: .seconds(3)))
        expired = session.expire(at: start.advanced(by: .seconds(4)))
        #expect(expired.outbound == [late])
        #expect(expired.inbound == [])
        #expect(session.earliestDeadline == nil)
    }

    @Test("who has said goodbye refuses what is new, who has heard it asks nothing more")
    func goodbye() throws {
        let session = Self.open(.acceptor)
        _ = session.receive(FrameHeader(.request, id: 1))
        session.leave()
        #expect(!session.isFinished)
        if case .refuse(2, let failure) = session.receive(FrameHeader(.request, id: 2)) {
            #expect(failure.code == .unavailable)
        } else {
            Issue.record("not refused")
        }
        #expect(session.answer(1))
        #expect(session.isFinished)

        let other = Self.open(.dialler)
        let id = try other.call(isStream: false, deadline: nil)
        #expect(other.receive(FrameHeader(.goodbye)) == .goodbye)
        #expect(throws: RequestFailure.self) { try other.call(isStream: false, deadline: nil) }
        #expect(!other.isFinished)
        #expect(other.receive(FrameHeader(.reply, id: id)) == .complete(id: id))
        #expect(other.isFinished)
    }

    // MARK: Random traces

    @Test("whatever comes, what is under way stays within its limits and every request ends once")
    func traces() throws {
        var random = SplitMix(seed: 0x5e55)
        var limits = SessionLimits()
        limits.inbound = 8
        limits.outbound = 8
        for _ in 0..<300 {
            let session = Self.open(.dialler, limits: limits)
            var waiting: Set<UInt32> = []
            var now = start
            for _ in 0..<400 where session.isOpen {
                now = now.advanced(by: .milliseconds(Int64(random.next() % 50)))
                switch random.next() % 4 {
                case 0:
                    let deadline = random.next() % 2 == 0 ? now.advanced(by: .milliseconds(100)) : nil
                    if let id = try? session.call(isStream: random.next() % 2 == 0, deadline: deadline) {
                        #expect(waiting.insert(id).inserted)
                        _ = session.grant(id, 1)
                    }
                case 1:
                    for id in session.expire(at: now).outbound { #expect(waiting.remove(id) != nil) }
                default:
                    switch session.receive(random.sessionFrame(), at: now) {
                    case .complete(let id), .end(let id), .fail(let id, _): #expect(waiting.remove(id) != nil)
                    case .item(let id): #expect(waiting.contains(id))
                    default: break
                    }
                }
                #expect(session.outboundCount == waiting.count || !session.isOpen)
                #expect(session.outboundCount <= 8)
                #expect(session.inboundCount <= 8)
            }
        }
    }
}

/// Numbers from a seed, the same on every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A frame that has some chance to be about something.
    mutating func sessionFrame() -> FrameHeader {
        let kinds: [FrameKind] = [.request, .reply, .error, .item, .end, .credit, .cancel, .event, .ping, .pong]
        return FrameHeader(
            kinds[Int(next() % UInt64(kinds.count))],
            flags: FrameFlags(rawValue: UInt16(next() % 2)),
            id: UInt32(1 + next() % 40),
            argument: UInt32(next() % 3)
        )
    }
}

/// The machine behind a reference, so that an expectation can drive it.
private final class Session {
    private var machine: SessionStateMachine

    init(_ side: SessionStateMachine.Side, limits: SessionLimits = SessionLimits()) {
        machine = SessionStateMachine(side, limits: limits)
    }

    var isOpen: Bool { machine.isOpen }
    var isFinished: Bool { machine.isFinished }
    var strays: UInt64 { machine.strays }
    var outboundCount: Int { machine.outboundCount }
    var inboundCount: Int { machine.inboundCount }
    var earliestDeadline: MonotonicInstant? { machine.earliestDeadline }

    func receive(_ header: FrameHeader, at now: MonotonicInstant = start) -> SessionStateMachine.Action {
        machine.receive(header) { now }
    }

    func call(isStream: Bool, deadline: MonotonicInstant?) throws(RequestFailure) -> UInt32 {
        try machine.call(isStream: isStream, deadline: deadline)
    }

    func admit() { machine.admit() }
    func grant(_ id: UInt32, _ count: UInt32) -> Bool { machine.grant(id, count) }
    func cancel(_ id: UInt32) -> Bool { machine.cancel(id) }
    func answer(_ id: UInt32) -> Bool { machine.answer(id) }
    func takeCredit(_ id: UInt32) -> SessionStateMachine.CreditAnswer { machine.takeCredit(id) }
    func expire(at now: MonotonicInstant) -> (outbound: [UInt32], inbound: [UInt32]) { machine.expire(at: now) }
    func leave() { machine.leave() }
    func close() { machine.close() }
}
