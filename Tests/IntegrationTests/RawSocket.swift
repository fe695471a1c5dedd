import Glibc
import RoostProtocol
import RoostTestSupport

/// A blocking connection to a Unix-domain socket, for bytes that no client of ours would send.
final class RawSocket {
    let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw TestFailure("connect \(path): errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// Whether all of it was taken.
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

    /// Some bytes; empty at the end, nil when none came in time or the connection was reset.
    func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : Array(buffer[..<count])
    }

    /// Length and header by hand (docs/wire-protocol.md), so that a mistake of the codec is not repeated here.
    static func frame(
        kind: UInt8,
        flags: UInt16 = 0,
        id: UInt32 = 0,
        method: UInt16 = 0,
        argument: UInt32 = 0,
        _ payload: [UInt8] = []
    ) -> [UInt8] {
        func big(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        return big(UInt32(16 + payload.count)) + [1, kind] + big(flags) + big(id) + big(method) + big(UInt16(0))
            + big(argument) + payload
    }

    static var hello: [UInt8] {
        var hello = Hello()
        hello.role = .client
        hello.name = "raw"
        hello.pid = getpid()
        hello.minVersion = 1
        hello.maxVersion = 1
        hello.maxFrameLength = 1 << 20
        return frame(kind: 1, hello.encoded())
    }
}
