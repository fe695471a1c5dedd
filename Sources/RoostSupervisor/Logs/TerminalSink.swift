import CLinux
import Glibc
import RoostReactor

/// Writes lines to stderr without ever blocking on whoever reads it: a terminal that was stopped with Ctrl-S, or a
/// full pipe, costs lines, which are counted, and nothing else.
final class TerminalSink {
    private static let bufferLimit = 256 * 1024

    private let reactor: Reactor
    private let descriptor: Int32
    /// Whether the description is shared with others, so that O_NONBLOCK cannot be set on it.
    private let isShared: Bool
    private var source: SourceToken?
    private var buffer: [UInt8] = []
    /// The numbers of the lines in the buffer, and how many bytes each still has there.
    private var lines: [(id: UInt64, bytes: Int)] = []
    private let told: (UInt64) -> Void
    private(set) var dropped = 0
    private var droppedSinceLine = 0

    /// - Parameters:
    ///   - output: stays the caller's.
    ///   - told: called with the number of a line that has gone out whole, or was dropped.
    init(_ reactor: Reactor, output: Int32 = 2, told: @escaping (UInt64) -> Void = { _ in }) {
        self.reactor = reactor
        self.told = told
        // A description of our own: O_NONBLOCK on the inherited one would reach the shell that shares it.
        let own = roost_open("/proc/self/fd/\(output)", O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY, 0)
        isShared = own < 0  // a socket, or a terminal of another user
        descriptor = isShared ? fcntl(output, F_DUPFD_CLOEXEC, 3) : own
    }

    deinit {
        if let source { reactor.unregister(source) }
        close(descriptor)
    }

    func write(_ line: String, _ id: UInt64 = 0) {
        guard buffer.count + line.utf8.count < Self.bufferLimit else {
            dropped += 1
            droppedSinceLine += 1
            return
        }
        let before = buffer.count
        if droppedSinceLine > 0 {
            buffer.append(contentsOf: "... \(droppedSinceLine) lines dropped, the terminal was too slow\n".utf8)
            droppedSinceLine = 0
        }
        buffer.append(contentsOf: line.utf8)
        buffer.append(UInt8(ascii: "\n"))
        lines.append((id, buffer.count - before))
        flush()
    }

    private func flush() {
        while !buffer.isEmpty {
            let count = put()
            if count > 0 {
                buffer.removeFirst(count)
                tell(count)
            } else if count < 0, errno == EAGAIN {
                return waitUntilWritable()
            } else if count == 0 || errno != EINTR {
                tell(buffer.count)
                buffer.removeAll()  // nobody reads any more
            }
        }
        if let source {
            reactor.unregister(source)
            self.source = nil
        }
    }

    /// Bytes have gone: says which lines have gone whole with them.
    private func tell(_ bytes: Int) {
        var rest = bytes
        var whole = 0
        while whole < lines.count, lines[whole].bytes <= rest {
            rest -= lines[whole].bytes
            whole += 1
        }
        if whole < lines.count { lines[whole].bytes -= rest }
        guard whole > 0 else { return }
        let last = lines[whole - 1].id
        lines.removeFirst(whole)
        told(last)
    }

    /// write(2) that does not wait, whatever the descriptor is; -1 with `errno` EAGAIN where it would.
    private func put() -> Int {
        buffer.withUnsafeBytes { bytes in
            guard isShared else { return Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
            let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
            guard count < 0, errno == ENOTSOCK else { return count }
            // Writable means room for a page at least (pipe(7), PIPE_BUF), and nothing where output is stopped.
            var look = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&look, 1, 0) == 1 else {
                errno = EAGAIN
                return -1
            }
            return Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, Int(PIPE_BUF)))
        }
    }

    private func waitUntilWritable() {
        guard source == nil else { return }
        source = try? reactor.register(descriptor, for: .writable) { [unowned self] _ in flush() }
        // A regular file is always writable and cannot be watched; it does not say EAGAIN either.
    }
}
