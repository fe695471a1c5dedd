import CLinux
import Glibc
import RoostProtocol
import RoostReactor

/// A process's log pipe and tape, from wherever they were kept; whoever takes them closes them.
struct LogEnds: Sendable {
    let pipe: Int32
    let tape: Int32
    /// Up to where the tape's lines are in the log book.
    let recorded: UInt64
}

// No line is lost when the supervisor dies: pipe and tape of every process are kept by systemd, and by the process
// itself.
extension Supervisor {
    /// Brings what is kept to what there is.
    func keepLogs() {
        let wanted = handles.values.flatMap { handle in handle.assumeIsolated { $0.keptDescriptors } }
        let names = Set(wanted.map(\.name))
        for name in Array(descriptors.kept.keys) where Self.isLog(name) && !names.contains(name) {
            descriptors.drop(name)
        }
        for (name, number) in wanted { descriptors.keep(number, as: name) }
    }

    private static func isLog(_ name: String) -> Bool { name.hasPrefix("pipe.") || name.hasPrefix("tape.") }

    /// Where the log of a supervisor's process before this one comes from; nil: from nowhere.
    ///
    /// - Parameter recorded: by the tape's id.
    func logEnds(of process: SavedProcess, _ recorded: [UInt64: UInt64]) -> LogEnds? {
        let pid = process.pid
        let pipe = copy("pipe.\(pid)") ?? Self.open(process.pipeNumber, of: process, as: O_RDONLY, "pipe:")
        let tape = copy("tape.\(pid)") ?? Self.open(process.tapeNumber, of: process, as: O_RDWR, "/memfd:roost-log")
        guard let pipe, let tape else {
            for number in [pipe, tape] { if let number { close(number) } }
            say(.warning, "the log of pid \(pid) is not to be had: what it writes from now on is lost")
            return nil
        }
        return LogEnds(pipe: pipe, tape: tape, recorded: LogTape.id(of: tape).flatMap { recorded[$0] } ?? 0)
    }

    private func copy(_ name: String) -> Int32? {
        guard let kept = descriptors.take(name) else { return nil }
        let number = fcntl(kept.number, F_DUPFD_CLOEXEC, 3)
        return number >= 0 ? number : nil
    }

    /// Opens again what the process holds under the number (proc(5), `/proc/PID/fd`), if it is what it should be. Of a
    /// process that was being started, the number is not known: then it is looked for.
    private static func open(_ holds: Int32, of process: SavedProcess, as mode: Int32, _ kind: String) -> Int32? {
        // A pipe of a later process with its number is none of ours: reading takes what is in it away.
        guard ProcessFigures.startTime(pid: process.pid) == process.startTime else { return nil }
        let (number, pid) = (holds, process.pid)
        let candidates = number > 0 ? [number] : Array(3..<64)
        for candidate in candidates {
            let path = "/proc/\(pid)/fd/\(candidate)"
            var target = [CChar](repeating: 0, count: 64)
            let count = readlink(path, &target, target.count)
            let name = String(decoding: target.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard name.hasPrefix(kind) else { continue }
            let opened = roost_open(path, mode | O_NONBLOCK, 0)
            if opened >= 0 { return opened }
        }
        return nil
    }
}
