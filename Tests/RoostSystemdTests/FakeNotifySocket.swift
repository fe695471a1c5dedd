import CLinux
import Glibc

/// A bound datagram socket in the place of systemd's or journald's.
final class FakeNotifySocket {
    /// The address as `NOTIFY_SOCKET` has it.
    let address: String
    private let descriptor: Int32

    /// - Parameter address: a path, or `@` and an abstract name.
    init?(_ address: String) {
        self.address = address
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(address.hasPrefix("@") ? "\0" + address.dropFirst() : address).flatMap(\.utf8)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(2 + bytes.count + (address.hasPrefix("@") ? 0 : 1))
        let bound = withUnsafePointer(to: name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard bound == 0 else { return nil }
    }

    deinit {
        close(descriptor)
        if !address.hasPrefix("@") { unlink(address) }
    }

    /// The next datagram with its descriptors, which the caller closes; nil if none has come. A datagram is there as
    /// soon as its send has returned, so nothing waits.
    func receive() -> (bytes: [UInt8], descriptors: [Int32])? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var descriptors = [Int32](repeating: -1, count: 16)
        var count = Int32(descriptors.count)
        let length = roost_receive_fds(descriptor, &bytes, bytes.count, &descriptors, &count)
        guard length >= 0 else { return nil }
        return (Array(bytes.prefix(length)), Array(descriptors.prefix(Int(count))))
    }

    /// The next datagram as text, its descriptors closed.
    func receiveText() -> String? {
        guard let (bytes, descriptors) = receive() else { return nil }
        for descriptor in descriptors { close(descriptor) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A socket path of its own for each caller.
func freshSocketPath() -> String {
    "/tmp/roost-notify-\(getpid())-\(UInt64.random(in: 0 ..< .max))"
}
