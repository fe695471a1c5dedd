import CLinux
import Glibc
package import RoostReactor

/// What one process has written, as it came, in a memfd that outlives this process: bytes go from the pipe to the tape
/// in one system call and become lines only then, so that whoever comes after a kill reads on exactly where this process
/// was. The lines' records say up to where the tape has become lines, and so does the tape itself, behind them.
///
///     0  magic | 8  id | 16  position: bytes that have become lines | 4096  the bytes, the older ones punched out
///
/// The process whose output it is holds it too, for a supervisor that has no other source, but cannot write to it. If it
/// finds a way, its own log suffers: every figure that is read here is checked, and nobody can make the file shorter.
package final class LogTape {
    /// Open for reading and writing; kept over the supervisor's death.
    package let descriptor: Int32
    /// Of all tapes of this boot.
    package let id: UInt64
    /// Bytes that have come.
    package private(set) var end: UInt64 = 0
    /// Bytes that have become lines, of those that have come.
    private(set) var position: UInt64 = 0
    private var punched: UInt64 = 0

    /// The last bytes are kept: what a process has said before it died.
    package static let kept: UInt64 = 64 * 1024
    private static let magic: UInt64 = 0x4550_4154_474F_4C52
    private static let headerSize: UInt64 = 4096
    /// More than an earlier supervisor can have left unread, but for a line in the making.
    private static let mostBacklog: UInt64 = 4 << 20

    /// An empty tape.
    package init() throws(SystemError) {
        descriptor = roost_lasting_memfd("roost-log")
        guard descriptor >= 0 else { throw SystemError("memfd_create", code: -descriptor) }
        id = .random(in: 1 ... .max)
        write([Self.magic, id, 0], at: 0)
    }

    /// The tape of a process that an earlier supervisor has started; takes over the descriptor.
    ///
    /// - Parameter recorded: up to where its lines were recorded, by the tape's id: what a supervisor that was killed
    ///   behind a record has not noted on the tape itself.
    package init(adopting descriptor: Int32, recorded: (UInt64) -> UInt64) {
        self.descriptor = descriptor
        var header: [UInt64] = [0, 0, 0]
        let count = header.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        var status = stat()
        let size = fstat(descriptor, &status) == 0 ? UInt64(clamping: status.st_size) : 0
        end = size > Self.headerSize ? size - Self.headerSize : 0
        guard count == 24, header[0] == Self.magic, header[1] > 0 else {
            // Not our header: what has become lines is unknown, and none shall come twice.
            id = .random(in: 1 ... .max)
            position = end
            write([Self.magic, id, position], at: 0)
            return
        }
        id = header[1]
        position = min(max(header[2], recorded(id)), end)
        if end - position > Self.mostBacklog { position = end }
    }

    /// The id of the tape behind a descriptor; nil if it is none.
    static func id(of descriptor: Int32) -> UInt64? {
        var header: [UInt64] = [0, 0]
        let count = header.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return count == 16 && header[0] == magic ? header[1] : nil
    }

    deinit { close(descriptor) }

    /// Another descriptor, open for reading alone: the one that the process itself inherits. Negative: errno.
    package func openForReading() -> Int32 { roost_open("/proc/self/fd/\(descriptor)", O_RDONLY, 0) }

    /// Moves what is in the pipe onto the tape, `limit` bytes at most, without waiting. Returns how many; 0 when all
    /// writers have gone, -errno otherwise.
    func take(from pipe: Int32, atMost limit: Int) -> Int {
        let count = roost_splice_at(pipe, descriptor, Int64(clamping: Self.headerSize + end), limit)
        if count > 0 { end += UInt64(count) }
        return count
    }

    /// Reads bytes that have come, from a place on; 0 if there are none.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard offset < end else { return 0 }
        let count = min(buffer.count, Int(clamping: end - offset))
        return max(pread(descriptor, buffer.baseAddress, count, Int(clamping: Self.headerSize + offset)), 0)
    }

    /// Whether the position is inside of a line, one that was too long and has been cut.
    var isInLine: Bool {
        guard position > 0 else { return false }
        var byte = UInt8(ascii: "\n")
        let count = pread(descriptor, &byte, 1, Int(clamping: Self.headerSize + position - 1))
        return count == 1 && byte != UInt8(ascii: "\n")
    }

    /// The last bytes that have come.
    package func last(_ count: Int) -> [UInt8] {
        let count = Int(min(UInt64(max(count, 0)), Self.kept, end))
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            used = read(at: end - UInt64(count), into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// What is before the position has become lines, and they are recorded: notes it, and gives memory back, the last
    /// bytes excepted.
    func advance(to position: UInt64) {
        guard position != self.position else { return }
        self.position = position
        write([position], at: 16)
        // The byte before the position stays as well: it tells whether a line begins there.
        let old = min(position > 0 ? position - 1 : 0, end > Self.kept ? end - Self.kept : 0) & ~4095
        guard old >= punched + Self.kept else { return }
        _ = roost_punch_hole(descriptor, Int64(clamping: Self.headerSize + punched), Int64(clamping: old - punched))
        punched = old
    }

    /// Eight bytes within a page go in whole or not at all, even if this process is killed meanwhile.
    private func write(_ words: [UInt64], at offset: Int) {
        words.withUnsafeBytes { _ = pwrite(descriptor, $0.baseAddress, $0.count, offset) }
    }
}
