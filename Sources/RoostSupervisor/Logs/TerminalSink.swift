import CLinux
import Glibc
import RoostReactor

/// Writes lines to stderr without ever blocking on whoever reads it: a terminal that was stopped with Ctrl-S, or a
/// full pipe, costs lines, which are counted, and nothing else.
final class TerminalSink {
    private static let bufferLimit = 256 * 1024

    private let reactor: Reactor
    private let descriptor: Int32
    private var source: SourceToken?
    private var buffer: [UInt8] = []
    private(set) var dropped = 0
    private var droppedSinceLine = 0

    init(_ reactor: Reactor) {
        self.reactor = reactor
        // A description of our own: O_NONBLOCK on the inherited one would reach the shell that shares it.
        let own = roost_open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_APPEND | O_NOCTTY, 0)
        descriptor = own >= 0 ? own : fcntl(2, F_DUPFD_CLOEXEC, 3)
    }

    deinit {
        if let source { reactor.unregister(source) }
        close(descriptor)
    }

    func write(_ line: String) {
        guard buffer.count + line.utf8.count < Self.bufferLimit else {
            dropped += 1
            droppedSinceLine += 1
            return
        }
        if droppedSinceLine > 0 {
            buffer.append(contentsOf: "... \(droppedSinceLine) lines dropped, the terminal was too slow\n".utf8)
            droppedSinceLine = 0
        }
        buffer.append(contentsOf: line.utf8)
        buffer.append(UInt8(ascii: "\n"))
        flush()
    }

    private func flush() {
        while !buffer.isEmpty {
            let count = buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                buffer.removeFirst(count)
            } else if count < 0, errno == EAGAIN {
                return waitUntilWritable()
            } else {
                buffer.removeAll()  // nobody reads any more
            }
        }
        if let source {
            reactor.unregister(source)
            self.source = nil
        }
    }

    private func waitUntilWritable() {
        guard source == nil else { return }
        source = try? reactor.register(descriptor, for: .writable) { [unowned self] _ in flush() }
        // A regular file is always writable and cannot be watched; it does not say EAGAIN either.
    }
}
