import Glibc
import RoostHTTP1
import RoostPolicy
import RoostReactor

/// Everything that one thread's data plane has: a plain record at a fixed address, which raw event handlers reach through
/// the streams. Used on the reactor's thread only, and never re-entered.
struct Loop: ~Copyable {
    /// Where received bytes land: room before them for a head and a chunk's size line, and behind them for its end.
    static let headroom = 66_560
    static let receiveSize = 131_072
    static let tailroom = 64
    static let headWriteSize = 65_536
    static let headReadSize = 16_384

    /// Unmanaged, so that the hot path counts no references; `DataPlane` holds it.
    private let unmanagedReactor: Unmanaged<Reactor>
    var reactor: Reactor { unmanagedReactor.takeUnretainedValue() }
    let address: UnsafeMutablePointer<Loop>
    /// Our name in Via fields.
    let pseudonym: ByteText

    var now: Int64
    var streams = RecordPool<Stream>(keeping: 1024)
    var exchanges = RecordPool<Exchange>(keeping: 1024)
    var buffers = BufferPool()
    var fields: FieldTable
    var wheel: TimerWheel
    var timer: TimerToken?
    var timerAt = Int64.max

    let scratch: UnsafeMutablePointer<UInt8>
    let head: UnsafeMutablePointer<UInt8>
    let hostText: UnsafeMutablePointer<UInt8>
    let pathText: UnsafeMutablePointer<UInt8>
    let dateText: UnsafeMutablePointer<UInt8>
    var dateSecond: Int64 = -1

    var table: UnsafeMutablePointer<RuleTable>
    var limits: ProxyLimits
    var headerTimeout: Int64 = 0
    var keepAliveTimeout: Int64 = 0
    var bodyTimeout: Int64 = 0
    var pooledTimeout: Int64 = 0

    var endpoints: [String: UnsafeMutablePointer<Endpoint>] = [:]
    var traffic = TrafficStore()
    /// Requests that were refused before a rule was chosen.
    var refused = TrafficCounters()

    /// Ended streams whose records are still in somebody's hands until the turn is over.
    var dead: StreamPointer?
    var queued: StreamPointer?
    var isResuming = false

    var clients: StreamPointer?
    var clientCount = 0
    var oldest: ExchangePointer?
    var newest: ExchangePointer?
    var completed: UInt64 = 0
    var accepted: UInt64 = 0
    var acceptPauses: UInt64 = 0

    var listeners: [Listener] = []
    /// A configuration is in force.
    var isServing = false
    var acceptsAgainAt: TimerToken?
    var drain = DrainState()

    init(reactor: Reactor, address: UnsafeMutablePointer<Loop>, pseudonym: String) {
        unmanagedReactor = .passUnretained(reactor)
        self.address = address
        self.pseudonym = ByteText(pseudonym)
        now = reactor.now.nanoseconds
        limits = ProxyLimits()
        fields = FieldTable(capacity: limits.fields)
        wheel = TimerWheel(now: now)
        scratch = .allocate(capacity: Self.headroom + Self.receiveSize + Self.tailroom)
        head = .allocate(capacity: Self.headWriteSize)
        hostText = .allocate(capacity: 512)
        pathText = .allocate(capacity: Self.headWriteSize)
        dateText = .allocate(capacity: HTTPDate.length)
        table = .allocate(capacity: 1)
        table.initialize(
            to: RuleTable(
                generation: 0,
                configuration: ProxyConfiguration(),
                rules: .allocate(capacity: 0),
                matcher: RuleMatcher([])
            )
        )
    }

    /// Where bytes are received.
    var landing: UnsafeMutablePointer<UInt8> { scratch + Self.headroom }

    /// Reads the clock; first thing in every event.
    @inline(__always)
    mutating func tick() { now = unmanagedReactor._withUnsafeGuaranteedRef { $0.now.nanoseconds } }

    /// The present date, written once a second.
    var date: UnsafeBufferPointer<UInt8> {
        mutating get {
            let second = Int64(Glibc.time(nil))
            if second != dateSecond {
                var writer = HeadWriter(dateText, capacity: HTTPDate.length)
                HTTPDate.write(second, to: &writer)
                dateSecond = second
            }
            return UnsafeBufferPointer(start: dateText, count: HTTPDate.length)
        }
    }
}

// MARK: Streams

extension Loop {
    /// Makes the record of a connection and registers it, once and edge-triggered. Closes the descriptor on failure.
    mutating func open(_ descriptor: Int32, _ role: Stream.Role, _ phase: Stream.Phase) -> StreamPointer? {
        let stream = streams.take(Stream(loop: address, descriptor: descriptor, role: role, phase: phase))
        let interest: Readiness = [.readable, .writable, .peerClosed, .edgeTriggered]
        do {
            stream.pointee.token = try reactor.register(
                descriptor,
                for: interest,
                context: UnsafeMutableRawPointer(stream),
                handler: role == .client ? clientIsReady : upstreamIsReady
            )
            return stream
        } catch {
            streams.give(stream)
            Glibc.close(descriptor)
            return nil
        }
    }

    /// Ends a connection. The record stays until the end of the turn.
    mutating func close(_ stream: StreamPointer, reset: Bool = false) {
        guard !stream.pointee.isDead else { return }
        stream.pointee.isDead = true
        if reset {
            var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                stream.pointee.descriptor,
                SOL_SOCKET,
                SO_LINGER,
                &linger,
                socklen_t(MemoryLayout<Glibc.linger>.size)
            )
        }
        if let token = stream.pointee.token { reactor.unregister(token) }
        Glibc.close(stream.pointee.descriptor)
        wheel.remove(stream)
        buffers.release(&stream.pointee.input)
        buffers.release(&stream.pointee.output)
        switch stream.pointee.role {
        case .client: removeClient(stream)
        case .upstream: removeUpstream(stream)
        }
        stream.pointee.next = dead
        dead = stream
    }

    /// Sets when a stream times out; `.max`: never.
    @inline(__always)
    mutating func time(_ stream: StreamPointer, out deadline: Int64) {
        guard !stream.pointee.isDead else { return }
        if let instant = wheel.set(stream, to: deadline, now: now), instant < timerAt { arm(instant) }
    }

    /// Lets a stream go on at the end of the turn, after others had theirs.
    mutating func postpone(_ stream: StreamPointer) {
        guard !stream.pointee.isQueued, !stream.pointee.isDead else { return }
        stream.pointee.isQueued = true
        stream.pointee.nextQueued = queued
        queued = stream
        guard !isResuming else { return }
        isResuming = true
        let loop = address
        reactor.schedule(after: .zero) { loop.pointee.resume() }
    }

    private mutating func resume() {
        isResuming = false
        tick()
        var stream = queued
        queued = nil
        while let next = stream {
            stream = next.pointee.nextQueued
            next.pointee.nextQueued = nil
            next.pointee.isQueued = false
            if next.pointee.isDead { continue }
            switch next.pointee.role {
            case .client: serve(next)
            case .upstream: relay(next)
            }
        }
    }

    /// Frees the records of ended streams: no handler holds them any more.
    mutating func endTurn() {
        guard dead != nil else { return }
        var kept: StreamPointer?
        while let stream = dead {
            dead = stream.pointee.next
            if stream.pointee.isQueued {
                stream.pointee.next = kept
                kept = stream
            } else {
                streams.give(stream)
            }
        }
        dead = kept
        reportDrained()
    }
}

// MARK: Bytes

extension Loop {
    /// What a read brought.
    enum Received {
        case bytes(Int)
        case nothingYet
        case end
        case broken
    }

    @inline(__always)
    mutating func receive(
        _ stream: StreamPointer,
        into memory: UnsafeMutablePointer<UInt8>,
        _ capacity: Int
    ) -> Received {
        while true {
            let count = recv(stream.pointee.descriptor, memory, capacity, 0)
            if count > 0 {
                // A short read has emptied the socket; only an end that was announced may still wait behind it.
                if count < capacity, !stream.pointee.peerEnded { stream.pointee.canRead = false }
                return .bytes(count)
            }
            if count == 0 {
                stream.pointee.canRead = false
                return .end
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                stream.pointee.canRead = false
                return .nothingYet
            default:
                stream.pointee.canRead = false
                return .broken
            }
        }
    }

    /// Sends bytes; what the socket does not take waits in the stream's output. False if the connection is broken.
    @inline(__always)
    mutating func transmit(_ stream: StreamPointer, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var sent = 0
        if stream.pointee.output.isEmpty {
            while true {
                let taken = send(stream.pointee.descriptor, bytes, count, Int32(MSG_NOSIGNAL))
                if taken == count { return true }
                if taken >= 0 {
                    sent = taken
                } else if errno == EINTR {
                    continue
                } else if errno != EAGAIN {
                    return false
                }
                break
            }
            stream.pointee.canWrite = false
        }
        return buffers.append(bytes + sent, count - sent, to: &stream.pointee.output)
    }

    /// Sends what waits. False if the connection is broken.
    mutating func flush(_ stream: StreamPointer) -> Bool {
        while !stream.pointee.output.isEmpty {
            let waiting = stream.pointee.output.bytes
            let taken = send(stream.pointee.descriptor, waiting.baseAddress, waiting.count, Int32(MSG_NOSIGNAL))
            if taken >= 0 {
                buffers.consume(taken, from: &stream.pointee.output)
            } else if errno != EINTR {
                stream.pointee.canWrite = false
                return errno == EAGAIN
            }
        }
        return true
    }
}
