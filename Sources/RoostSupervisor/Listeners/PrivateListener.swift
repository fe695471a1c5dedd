import Glibc
import RoostConfig
import RoostReactor

/// A listening socket on a free port of 127.0.0.1 for one process alone: what connects to it reaches that process and no
/// other instance.
final class PrivateListener: Sendable {
    let descriptor: Int32
    let address: ListenAddress

    /// - Throws: `SystemError`.
    init() throws(SystemError) {
        guard let loopback = IPAddress(bytes: [127, 0, 0, 1]) else { throw SystemError("inet_pton", code: EINVAL) }
        let wanted = ListenAddress(address: loopback, port: 0)
        let (descriptor, code) = wanted.withSocketAddress { family, pointer, length -> (Int32, Int32) in
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            let descriptor = socket(family, type, 0)
            guard descriptor >= 0 else { return (-1, errno) }
            guard bind(descriptor, pointer, length) == 0, listen(descriptor, 8) == 0 else {
                let code = errno
                close(descriptor)
                return (-1, code)
            }
            return (descriptor, 0)
        }
        guard descriptor >= 0 else { throw SystemError("bind", "127.0.0.1", code: code) }
        guard let bound = ListenAddress(boundTo: descriptor) else {
            close(descriptor)
            throw SystemError("getsockname", code: ENOTSOCK)
        }
        (self.descriptor, address) = (descriptor, bound)
    }

    deinit { close(descriptor) }
}
