import CLinux
import Glibc

/// A non-blocking Unix-domain datagram socket that is connected to a service's address (unix(7)).
struct DatagramSocket: ~Copyable {
    enum Outcome: Equatable {
        case sent
        /// The peer's queue, or this socket's buffer, is full.
        case full
        /// The errno value of a send that failed for another reason.
        case failed(Int32)
    }

    private let descriptor: Int32

    /// Connects to a path, or to an abstract name that begins with `@`. Nil where nobody listens there.
    static func connected(to address: String) -> DatagramSocket? {
        guard let name = UnixAddress(address) else { return nil }
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return nil }
        let socket = DatagramSocket(descriptor: descriptor)
        guard name.connect(descriptor) else { return nil }
        return socket
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Whether a datagram would be taken at once.
    var isWritable: Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&poller, 1, 0) != 0
    }

    /// Sends one datagram, or a descriptor with an empty one.
    func send(_ bytes: [UInt8], passing descriptors: [Int32] = []) -> Outcome {
        let count = unsafe roost_send_fds(descriptor, bytes, bytes.count, descriptors, Int32(descriptors.count))
        switch Int32(truncatingIfNeeded: -count) {
        case EAGAIN: return .full
        case let code where code > 0: return .failed(code)
        default: return .sent
        }
    }
}

/// A socket address as `NOTIFY_SOCKET` has it: a path, or `@` and an abstract name.
struct UnixAddress {
    private var storage = sockaddr_un()
    private let length: socklen_t

    /// Nil for other families (`vsock:`), for relative paths and for names that do not fit in 108 bytes.
    init?(_ text: String) {
        var bytes = Array(text.utf8)
        guard let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else { return nil }
        let capacity = MemoryLayout.size(ofValue: storage.sun_path)
        guard bytes.count < capacity else { return nil }
        if first == UInt8(ascii: "@") { bytes[0] = 0 }
        storage.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &storage.sun_path) { path in unsafe path.copyBytes(from: bytes) }
        // A path ends with its zero byte, an abstract name with its last byte.
        let end = first == UInt8(ascii: "@") ? bytes.count : bytes.count + 1
        length = socklen_t(MemoryLayout<sockaddr_un>.size - capacity + end)
    }

    func connect(_ descriptor: Int32) -> Bool {
        unsafe withPointer { unsafe Glibc.connect(descriptor, $0, length) } == 0
    }

    private func withPointer<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0) }
        }
    }
}
