import Glibc

/// A blocking client connection to 127.0.0.1 that speaks just enough HTTP/1.1; every wait has a deadline.
package final class HTTPSocket {
    /// What came back.
    package struct Response: Sendable {
        package var status: Int
        package var head: String
        package var body: [UInt8]
        package var text: String { String(decoding: body, as: UTF8.self) }
        package var closes: Bool { head.lowercased().contains("connection: close") }
    }

    /// Why there was no answer.
    package enum Failure: Error, Equatable {
        case connect(Int32)
        /// The connection ended, or stayed silent, before the answer was whole.
        case broken(errno: Int32, received: Int)
    }

    package let descriptor: Int32
    private var pending: [UInt8] = []

    package init(port: UInt16, timeout: Int = 30) throws(Failure) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = Ports.loopback(port)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            throw .connect(code)
        }
    }

    deinit { close(descriptor) }

    package func write(_ bytes: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw .broken(errno: errno, received: 0) }
            sent += count
        }
    }

    package func get(_ target: String = "/", host: String = "test") throws(Failure) -> Response {
        try write(Array("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8))
        return try read()
    }

    /// One answer with Content-Length or chunked body.
    package func read() throws(Failure) -> Response {
        let end = try find(Array("\r\n\r\n".utf8))
        let head = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeFirst(end)
        let status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
        var body: [UInt8] = []
        if let length = Self.field("content-length", head).flatMap({ Int($0) }) {
            body = try take(length)
        } else if Self.field("transfer-encoding", head)?.lowercased() == "chunked" {
            while true {
                let line = try take(try find([13, 10]))
                guard let size = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16) else {
                    throw .broken(errno: 0, received: pending.count)
                }
                body += try take(size)
                _ = try take(2)
                if size == 0 { break }
            }
        }
        return Response(status: status, head: head, body: body)
    }

    /// What came so far and comes until the peer closes or the time is over.
    package func readToEnd() -> [UInt8] {
        while (try? fill()) != nil {}
        return pending
    }

    private func find(_ mark: [UInt8]) throws(Failure) -> Int {
        while true {
            var start = 0
            while start + mark.count <= pending.count {
                if Array(pending[start..<start + mark.count]) == mark { return start + mark.count }
                start += 1
            }
            try fill()
        }
    }

    private func take(_ count: Int) throws(Failure) -> [UInt8] {
        while pending.count < count { try fill() }
        let bytes = Array(pending[..<count])
        pending.removeFirst(count)
        return bytes
    }

    private func fill() throws(Failure) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { throw .broken(errno: count < 0 ? errno : 0, received: pending.count) }
        pending += buffer[..<count]
    }

    static func field(_ name: String, _ head: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else { continue }
            return String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return nil
    }

    /// One request on a connection of its own.
    package static func get(_ target: String = "/", port: UInt16, timeout: Int = 30) async throws -> Response {
        try await onThread { try HTTPSocket(port: port, timeout: timeout).get(target) }
    }
}
