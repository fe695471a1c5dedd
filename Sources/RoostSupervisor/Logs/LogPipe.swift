import CLinux
import Glibc
import RoostPolicy
import RoostReactor

/// The pipe on which one process writes its output, always drained, so that no process ever blocks on its log.
final class LogPipe {
    /// How much is read per turn, so that a flood of one process does not hold up the others: short lines cost far more
    /// than their bytes.
    private static let turnLimit = 16 * 1024
    /// More than a pipe holds (pipe(7)): a process that was left behind may go on writing.
    private static let lastLimit = 1 << 20

    /// The end for the process: its stdout and stderr. Closed by `closeWriteEnd` once it was handed over.
    private(set) var writeEnd: Int32
    private let readEnd: Int32
    private let reactor: Reactor
    private var source: SourceToken?
    private var reader: LogLineReader
    private let lineLimit: Int
    private let emit: (LogRecord) -> Void

    init(
        _ reactor: Reactor,
        source origin: LogRecord.Source,
        lineLimit: Int,
        emit: @escaping (LogRecord) -> Void
    ) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        let result = roost_pipe(&ends)
        guard result == 0 else { throw SystemError("pipe2", code: -result) }
        (readEnd, writeEnd) = (ends[0], ends[1])
        _ = roost_set_nonblocking(writeEnd, false)  // programs expect a blocking stdout
        self.reactor = reactor
        self.emit = emit
        self.lineLimit = lineLimit
        reader = LogLineReader(source: origin, lineLimit: lineLimit)
        do {
            source = try reactor.register(readEnd, for: .readable) { [unowned self] _ in drain() }
        } catch {
            close(readEnd)
            close(writeEnd)
            throw error
        }
    }

    deinit {
        closeWriteEnd()
        if let source { reactor.unregister(source) }
        close(readEnd)
    }

    /// The process has its copy now.
    func closeWriteEnd() {
        guard writeEnd >= 0 else { return }
        close(writeEnd)
        writeEnd = -1
    }

    /// Sets whose lines these are, once the process's number is known.
    func speak(for origin: LogRecord.Source) { reader = LogLineReader(source: origin, lineLimit: lineLimit) }

    /// The process has ended: takes its last words, all of them, also those without a newline, whoever else holds the
    /// other end.
    func end() {
        drain(isLast: true)
        reader.end(at: WallTime(nanoseconds: roost_wall_now()), emit)
    }

    /// Reads what is there, a turn's share of it or, from a process that has ended, all.
    func drain(isLast: Bool = false) {
        let limit = isLast ? Self.lastLimit : Self.turnLimit
        let time = WallTime(nanoseconds: roost_wall_now())
        withUnsafeTemporaryAllocation(byteCount: Self.turnLimit, alignment: 16) { buffer in
            var total = 0
            while total < limit {
                let count = read(readEnd, buffer.baseAddress, buffer.count)
                guard count > 0 else { return count == 0 ? finish(at: time) : () }
                total += count
                reader.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: time, emit)
            }
        }
    }

    private func finish(at time: WallTime) {
        reader.end(at: time, emit)
        guard let source else { return }
        reactor.unregister(source)
        self.source = nil
    }
}
