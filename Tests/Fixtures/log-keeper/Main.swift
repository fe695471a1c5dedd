import CLinux
import Glibc
import RoostConfig
import RoostPolicy
import RoostReactor
import RoostSupervisor

/// What roostd does with the output of processes, and no more: to be killed at any instant.
///
///     log-keeper ring PATH BYTES    appends records for ever, and says the number of each on stdout, 8 bytes
///     log-keeper logs PATH BYTES    keeps the log of the pipe at 3 with the tape at 4, until nobody writes any more
@main enum Main {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let bytes = Int(arguments[3]) else { exit(64) }
        roost_ignore_sigpipe()
        switch arguments[1] {
        case "ring": try append(to: SharedRing(path: arguments[2], capacityBytes: bytes))
        case "logs": try keep(arguments[2], bytes)
        default: exit(64)
        }
    }

    /// Records of lengths and bytes that follow from their numbers.
    private static func append(to ring: SharedRing) {
        while true {
            let id = ring.last + 1
            let number = ring.append((0..<Int(id * 37 % 301)).map { UInt8(truncatingIfNeeded: UInt64($0) &+ id) })
            withUnsafeBytes(of: number) { _ = write(1, $0.baseAddress, $0.count) }
        }
    }

    private static func keep(_ path: String, _ bytes: Int) throws {
        let reactor = try Reactor()
        let sink = LogSink(reactor)
        sink.format = .json
        let book = try LogBook(sink, path: path, bytes: bytes)
        let ends = book.tapeEnds()
        let tape = LogTape(adopting: 4) { ends[$0] ?? 0 }
        let source = LogRecord.Source(name: "writer", instance: 0, pid: 1)
        let pipe = try LogPipe(adopting: 3, tape, on: reactor, source: source, lineLimit: 16384) { book.append($0) }
        look(reactor)
        reactor.run()
        withExtendedLifetime(pipe) {}
    }

    private static func look(_ reactor: Reactor) {
        reactor.schedule(after: .milliseconds(5)) {
            if reactor.sourceCount == 0 { reactor.stop() } else { look(reactor) }
        }
    }
}
