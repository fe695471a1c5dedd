import Foundation
import Glibc

/// A blocking TCP socket with a deadline on every read and write: nothing in a test waits for ever.
final class Socket: @unchecked Sendable {  // one thread at a time uses it, except `shutDown`
    let descriptor: Int32
    private var pending: [UInt8] = []
    /// Everything that came, for tests that look at the bytes themselves.
    private(set) var received: [UInt8] = []
    var keepsReceived = false

    init(owning descriptor: Int32, timeout seconds: Int = 10) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Connects to a port of 127.0.0.1.
    convenience init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = loopback(port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw SocketFailure(errno)
        }
        self.init(owning: descriptor)
    }

    /// False when the peer is gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// Some bytes; empty at the end of the connection, nil on an error or when nothing came in time.
    func readSome(_ most: Int = 65536) -> [UInt8]? {
        if !pending.isEmpty {
            let some = Array(pending.prefix(most))
            pending.removeFirst(some.count)
            return some
        }
        return receive(most)
    }

    private func receive(_ most: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: most)
        let count = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else { return nil }
        bytes.removeLast(most - count)
        if keepsReceived { received += bytes }
        return bytes
    }

    /// Up to and with the empty line; nil if the connection ended before.
    func readHead() -> String? {
        while true {
            if let end = pending.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: pending[..<end.upperBound], as: UTF8.self)
                pending.removeFirst(end.upperBound)
                return head
            }
            guard let more = receive(65536), !more.isEmpty else { return nil }
            pending += more
        }
    }

    func readLine() -> String? {
        while true {
            if let end = pending.firstRange(of: [13, 10]) {
                let line = String(decoding: pending[..<end.lowerBound], as: UTF8.self)
                pending.removeFirst(end.upperBound)
                return line
            }
            guard let more = receive(65536), !more.isEmpty else { return nil }
            pending += more
        }
    }

    func read(exactly count: Int) -> [UInt8]? {
        while pending.count < count {
            guard let more = receive(262144), !more.isEmpty else { return nil }
            pending += more
        }
        let bytes = Array(pending.prefix(count))
        pending.removeFirst(count)
        return bytes
    }

    /// Everything up to the end; `isClean` false after a reset or a timeout.
    func readToEnd() -> (bytes: [UInt8], isClean: Bool) {
        var all: [UInt8] = []
        while let some = readSome() {
            if some.isEmpty { return (all, true) }
            all += some
        }
        return (all, false)
    }

    func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Closes with a reset.
    func resetOnClose() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }
}

struct SocketFailure: Error {
    let code: Int32
    init(_ code: Int32) { self.code = code }
}

func loopback(_ port: UInt16) -> sockaddr_in {
    sockaddr_in(
        sin_family: sa_family_t(AF_INET),
        sin_port: port.bigEndian,
        sin_addr: in_addr(s_addr: UInt32(0x7F00_0001).bigEndian),
        sin_zero: (0, 0, 0, 0, 0, 0, 0, 0)
    )
}

/// A listening socket on a free port of 127.0.0.1.
func listen(backlog: Int32 = 512, nonBlocking: Bool = false) -> (descriptor: Int32, port: UInt16) {
    let flags = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | (nonBlocking ? SOCK_NONBLOCK.rawValue : 0)
    let descriptor = socket(AF_INET, Int32(flags), 0)
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            guard bind(descriptor, $0, size) == 0, listen(descriptor, backlog) == 0,
                getsockname(descriptor, $0, &size) == 0
            else { fatalError("no free port: errno \(errno)") }
        }
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}
