import CLinux
import Glibc
import RoostPolicy
package import RoostReactor

/// The pipe on which one process writes its output, always drained, so that no process ever blocks on its log. What
/// comes goes onto a `LogTape` first. Pipe and tape outlive the supervisor: a later one adopts both, and goes on where
/// this one was.
package final class LogPipe {
    /// How much is read per turn, so that a flood of one process does not hold up the others: short lines cost far more
    /// than their bytes.
    private static let turnLimit = 16 * 1024
    /// More than a pipe holds (pipe(7)): a process that was left behind may go on writing.
    private static let lastLimit = 1 << 20

    /// The end for the process: its stdout and stderr. Closed by `closeWriteEnd` once it was handed over.
    package private(set) var writeEnd: Int32
    /// To keep over the supervisor's death, together with `tape`'s.
    package let readEnd: Int32
    package let tape: LogTape
    private let reactor: Reactor
    private var source: SourceToken?
    private var reader: LogLineReader
    private let emit: (LogRecord) -> Void

    /// A pipe for a process that is to be started.
    package convenience init(
        _ reactor: Reactor,
        source origin: LogRecord.Source,
        lineLimit: Int,
        emit: @escaping (LogRecord) -> Void
    ) throws(SystemError) {
        let tape = try LogTape()
        var ends: [Int32] = [-1, -1]
        let result = roost_pipe(&ends)
        guard result == 0 else { throw SystemError("pipe2", code: -result) }
        _ = roost_set_nonblocking(ends[1], false)  // programs expect a blocking stdout
        try self.init(reactor, readEnd: ends[0], writeEnd: ends[1], tape, origin, lineLimit, emit)
    }

    /// The pipe of a process that an earlier supervisor has started, and the tape that belongs to it. What came meanwhile
    /// is taken at once.
    ///
    /// - Parameter readEnd: taken over, also when this throws.
    package convenience init(
        adopting readEnd: Int32,
        _ tape: LogTape,
        on reactor: Reactor,
        source origin: LogRecord.Source,
        lineLimit: Int,
        emit: @escaping (LogRecord) -> Void
    ) throws(SystemError) {
        _ = roost_set_nonblocking(readEnd, true)
        try self.init(reactor, readEnd: readEnd, writeEnd: -1, tape, origin, lineLimit, emit)
        parse(at: WallTime(nanoseconds: roost_wall_now()))
    }

    private init(
        _ reactor: Reactor,
        readEnd: Int32,
        writeEnd: Int32,
        _ tape: LogTape,
        _ origin: LogRecord.Source,
        _ lineLimit: Int,
        _ emit: @escaping (LogRecord) -> Void
    ) throws(SystemError) {
        (self.readEnd, self.writeEnd, self.tape) = (readEnd, writeEnd, tape)
        self.reactor = reactor
        self.emit = emit
        reader = LogLineReader(
            source: origin,
            lineLimit: lineLimit,
            tape: tape.id,
            offset: tape.position,
            isInCutLine: tape.isInLine
        )
        source = try reactor.register(readEnd, for: .readable) { [unowned self] _ in drain() }
    }

    deinit {
        closeWriteEnd()
        if let source { reactor.unregister(source) }
        close(readEnd)
    }

    /// The process has its copy now.
    package func closeWriteEnd() {
        guard writeEnd >= 0 else { return }
        close(writeEnd)
        writeEnd = -1
    }

    /// Sets whose lines these are, once the process's number is known.
    package func speak(for origin: LogRecord.Source) { reader.source = origin }

    /// The last bytes that the process has written, 64 KiB at most, also those that are no line yet.
    package func lastOutput(_ limit: Int = Int(LogTape.kept)) -> [UInt8] { tape.last(limit) }

    /// The process has ended: takes its last words, all of them, also those without a newline, whoever else holds the
    /// other end.
    package func end() {
        drain(isLast: true)
        reader.end(at: WallTime(nanoseconds: roost_wall_now()), emit)
        tape.advance(to: reader.settled)
    }

    /// Reads what is there, a turn's share of it or, from a process that has ended, all.
    func drain(isLast: Bool = false) {
        let limit = isLast ? Self.lastLimit : Self.turnLimit
        let time = WallTime(nanoseconds: roost_wall_now())
        var total = 0
        while total < limit {
            let count = reader.tape == nil ? skipTape(at: time) : tape.take(from: readEnd, atMost: Self.turnLimit)
            switch count {
            case 1...:
                total += count
                if reader.tape != nil { parse(at: time) }
            case 0: return finish(at: time)
            case Int(-EAGAIN), Int(-EINTR): return
            default:
                guard reader.tape != nil else { return }
                reader.tape = nil  // no memory for the tape: a log that does not outlive us is better than none
            }
        }
    }

    /// Makes lines of what has come onto the tape.
    private func parse(at time: WallTime) {
        withUnsafeTemporaryAllocation(byteCount: Self.turnLimit, alignment: 16) { buffer in
            while true {
                let count = tape.read(at: reader.offset, into: buffer)
                guard count > 0 else { break }
                reader.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: time, emit)
            }
        }
        tape.advance(to: reader.settled)
    }

    /// Makes lines of what is in the pipe, directly.
    private func skipTape(at time: WallTime) -> Int {
        withUnsafeTemporaryAllocation(byteCount: Self.turnLimit, alignment: 16) { buffer in
            let count = read(readEnd, buffer.baseAddress, buffer.count)
            guard count > 0 else { return count == 0 ? 0 : -Int(errno) }
            reader.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: time, emit)
            return count
        }
    }

    private func finish(at time: WallTime) {
        reader.end(at: time, emit)
        tape.advance(to: reader.settled)
        guard let source else { return }
        reactor.unregister(source)
        self.source = nil
    }
}
