import Glibc
import RoostConfig
import RoostReactor

/// One minimal HTTP/1.1 request to a listener, to see whether anybody serves it: any status line will do.
///
/// Bounded in time and in what it reads; everything on the loop.
final class ListenerProbe {
    private static let request = Array(
        "OPTIONS * HTTP/1.1\r\nHost: roost.internal\r\nConnection: close\r\n\r\n".utf8
    )
    /// A status line begins with `HTTP/1.1 200 `; more of the answer is not looked at.
    private static let statusLineLength = 13

    private let address: ListenAddress
    private let reactor: Reactor
    private var socket: Int32 = -1
    private var source: SourceToken?
    private var timer: TimerToken?
    private var sent = 0
    private var received: [UInt8] = []
    private var continuation: CheckedContinuation<String?, Never>?

    init(_ address: ListenAddress, on reactor: Reactor) {
        self.address = address
        self.reactor = reactor
    }

    /// Nil if somebody speaks HTTP there; else what is wrong.
    func run(within limit: Duration) async -> String? {
        await withCheckedContinuation { continuation in
            self.continuation = continuation
            timer = reactor.schedule(after: limit) { self.end("no answer within \(limit)") }
            begin()
        }
    }

    private func begin() {
        let result = address.withSocketAddress { family, pointer, length -> Int32 in
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            socket = Glibc.socket(family, type, 0)
            guard socket >= 0 else { return errno }
            return connect(socket, pointer, length) == 0 || errno == EINPROGRESS ? 0 : errno
        }
        guard result == 0 else { return end(Self.text(of: result)) }
        do {
            source = try reactor.register(socket, for: .writable) { _ in self.proceed() }
        } catch {
            end("\(error)")
        }
    }

    private func proceed() {
        guard continuation != nil else { return }
        sent < Self.request.count ? write() : read()
    }

    private func write() {
        let count = Self.request[sent...].withUnsafeBytes {
            send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count >= 0 else { return errno == EAGAIN || errno == EINTR ? () : end(Self.text(of: errno)) }
        sent += count
        if sent == Self.request.count, let source { reactor.modify(source, for: .readable) }
    }

    private func read() {
        var buffer = [UInt8](repeating: 0, count: Self.statusLineLength)
        let count = recv(socket, &buffer, Self.statusLineLength - received.count, 0)
        guard count >= 0 else { return errno == EAGAIN || errno == EINTR ? () : end(Self.text(of: errno)) }
        received += buffer[..<count]
        if count == 0 || received.count == Self.statusLineLength { end(judgement) }
    }

    /// RFC 9112 section 4: `HTTP/1.1 204 ` with any minor version, three digits and what may stand behind them.
    private var judgement: String? {
        guard !received.isEmpty else { return "the connection was closed without an answer" }
        let isDigit = { (byte: UInt8) in byte >= 0x30 && byte <= 0x39 }
        guard received.count == Self.statusLineLength, received.starts(with: "HTTP/1.".utf8), isDigit(received[7]),
            received[8] == 0x20, received[9...11].allSatisfy(isDigit), received[9] != 0x30,
            received[12] == 0x20 || received[12] == 0x0D
        else { return "the answer is not HTTP" }
        return nil
    }

    private func end(_ failure: String?) {
        guard let continuation else { return }
        self.continuation = nil
        if let source { reactor.unregister(source) }
        if let timer { reactor.cancel(timer) }
        if socket >= 0 { close(socket) }
        continuation.resume(returning: failure)
    }

    private static func text(of code: Int32) -> String { String(cString: strerror(code)) }
}
