import Glibc
import RoostPolicy
import RoostProtocol
import RoostReactor

/// Connects to listeners again and again, without saying anything, and counts what comes of it. Used on the loop only.
///
/// A listener that nobody serves at the moment lets callers wait: a connection that waits is no failure, one that is
/// refused is. The connections are closed at once; those that nobody accepts stay in the listener's queue, so the first
/// moments are watched closely and what lasts longer less so.
final class ListenerWatch {
    /// How often, at first and later on.
    private static let pace = (close: Duration.milliseconds(5), calm: Duration.milliseconds(50))
    private static let closely = Duration.seconds(1)
    /// Connections of one listener that wait at a time.
    private static let mostWaiting = 64

    private let reactor: Reactor
    private var targets: [Target]
    private var timer: TimerToken?
    private var closeUntil: MonotonicInstant

    private struct Target {
        var tally: ListenerTally
        /// Nil: it cannot be understood, and the tally stays empty.
        let address: SocketAddressBytes?
        var waiting: [Int32] = []
    }

    private struct SocketAddressBytes {
        let family: Int32
        let bytes: [UInt8]
    }

    init(_ listeners: [ListenerStatus], on reactor: Reactor) {
        self.reactor = reactor
        closeUntil = reactor.now.advanced(by: Self.closely)
        targets = listeners.map { listener in
            let tally = ListenerTally(name: listener.name, address: listener.address)
            return Target(tally: tally, address: Self.address(listener.address))
        }
    }

    deinit {
        if let timer { reactor.cancel(timer) }
        for descriptor in targets.flatMap(\.waiting) { close(descriptor) }
    }

    /// Watches closely from now on for a moment.
    func lookClosely() { closeUntil = reactor.now.advanced(by: Self.closely) }

    func start() {
        guard !targets.isEmpty else { return }
        turn()
    }

    /// Ends it; says what came of it.
    func stop() -> [ListenerTally] {
        if let timer { reactor.cancel(timer) }
        timer = nil
        for index in targets.indices {
            settle(index)
            targets[index].tally.attempts += targets[index].waiting.count
            for descriptor in targets[index].waiting { close(descriptor) }
            targets[index].waiting = []
        }
        return targets.map(\.tally)
    }

    private func turn() {
        for index in targets.indices {
            settle(index)
            if targets[index].waiting.count < Self.mostWaiting { connect(index) }
        }
        let pause = reactor.now < closeUntil ? Self.pace.close : Self.pace.calm
        timer = reactor.schedule(after: pause) { [unowned self] in turn() }
    }

    private func connect(_ index: Int) {
        guard let address = targets[index].address else { return }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else { return }  // of this process, and nothing about the listener
        let result = address.bytes.withUnsafeBytes { raw in
            raw.baseAddress.map {
                Glibc.connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
            } ?? -1
        }
        if result == 0 || errno == EINPROGRESS { return targets[index].waiting.append(descriptor) }
        finish(index, errno)
        close(descriptor)
    }

    /// Takes note of those whose outcome is known.
    private func settle(_ index: Int) {
        var waiting: [Int32] = []
        for descriptor in targets[index].waiting {
            var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&watched, 1, 0) > 0 else {
                waiting.append(descriptor)
                continue
            }
            var (code, length): (Int32, socklen_t) = (0, 4)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
            finish(index, code)
            close(descriptor)
        }
        targets[index].waiting = waiting
    }

    private func finish(_ index: Int, _ code: Int32) {
        targets[index].tally.attempts += 1
        if code != 0 { targets[index].tally.failed(because: String(cString: strerror(code))) }
    }

    /// Nil for what is no address with a number for its port.
    private static func address(_ text: String) -> SocketAddressBytes? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let host = text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let port = String(text[text.index(after: colon)...])
        guard getaddrinfo(host == "*" || host.isEmpty ? nil : String(host), port, &hints, &found) == 0, let found
        else { return nil }
        defer { freeaddrinfo(found) }
        let bytes = UnsafeRawBufferPointer(start: found.pointee.ai_addr, count: Int(found.pointee.ai_addrlen))
        return SocketAddressBytes(family: found.pointee.ai_family, bytes: Array(bytes))
    }
}
