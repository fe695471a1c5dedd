import Glibc

/// Ports of 127.0.0.1 for listeners of processes under test: below the range from which the kernel takes ports for
/// outgoing connections, or another test's client could get the number between choosing and binding.
package enum Ports {
    package static func free() -> UInt16 {
        while true {
            let port = UInt16.random(in: 10_240..<32_000)
            let descriptor = bound(to: port)
            guard let descriptor else { continue }
            close(descriptor)
            return port
        }
    }

    /// A listening socket that holds the port; nil if it is taken. The caller closes it.
    package static func bound(to port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        var address = loopback(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard result == 0, listen(descriptor, 1024) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    static func loopback(_ port: UInt16) -> sockaddr_in {
        sockaddr_in(
            sin_family: sa_family_t(AF_INET),
            sin_port: port.bigEndian,
            sin_addr: in_addr(s_addr: UInt32(0x7F00_0001).bigEndian),
            sin_zero: (0, 0, 0, 0, 0, 0, 0, 0)
        )
    }
}
