import CLinux
import Glibc
package import RoostProtocol
import RoostReactor

/// The causal record on disk: segments under `STATE/record`, each a file of frames (`RecordFrame`) named after the id of
/// its first entry. Entries are appended with one write(2) each; when the newest segment is full another begins, and the
/// oldest go, so that all together keep to the limit.
///
/// Nothing is synced: what was written survives roostd, however it ends, and every orderly reboot; a power failure may
/// take the last seconds.
package final class RecordStore {
    /// Segments that the limit is divided into: what goes at once when it is reached.
    private static let parts = 16
    private static let smallestSegment = 4 * 1024

    package let directory: String
    /// Bytes on disk.
    package var limit: Int
    /// Oldest first.
    private var segments: [Segment] = []
    private var file: SharedDescriptor?

    private struct Segment {
        let first: UInt64
        var size: Int
    }

    package init(stateDirectory: String, limit: Int) {
        directory = stateDirectory + "/record"
        self.limit = limit
    }

    /// The ids that segments begin with, the newest first.
    package var starts: [UInt64] { segments.map(\.first).reversed() }

    private var segmentLimit: Int { max(limit / Self.parts, Self.smallestSegment) }

    /// Finds what there is and cuts off what a crash has left torn. Returns the last id that was given.
    ///
    /// - Throws: `SystemError`, `RuntimeDirectory.Refusal`.
    package func open() throws -> UInt64 {
        try RuntimeDirectory.makeDirectories(directory)
        segments = try numbers().sorted().map { first in Segment(first: first, size: size(of: first)) }
        guard let newest = segments.last else { return 0 }
        let bytes = AtomicFile.read(path(newest.first), limit: .max) ?? []
        let (payloads, length) = RecordFrame.decode(bytes)
        if length < bytes.count, truncate(path(newest.first), length) != 0 {
            throw SystemError("truncate", path(newest.first), code: errno)
        }
        segments[segments.count - 1].size = length
        // A segment that lost everything has told by its name where it began.
        let last = payloads.last.flatMap { try? RoostProtocol.RecordEntry(decoding: $0) }?.id
        return max(last ?? 0, newest.first - 1)
    }

    /// Adds an entry.
    ///
    /// - Throws: `SystemError`; what is there stays whole.
    package func append(_ payload: [UInt8], id: UInt64) throws {
        let frame = RecordFrame.encode(payload)
        if let newest = segments.last, newest.size > 0, newest.size + frame.count > segmentLimit { file = nil }
        let number = try writable(for: id, adding: frame.count)
        let count = frame.withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
        guard count == frame.count else {
            let code = count < 0 ? errno : ENOSPC
            // What is behind a torn frame would not be found.
            if count > 0, ftruncate(number, off_t(segments.last?.size ?? 0)) != 0 { begin(id + 1) }
            throw SystemError("write", path(segments.last?.first ?? id), code: code)
        }
        segments[segments.count - 1].size += frame.count
    }

    /// The entries of the segment that begins with an id, oldest first; none if it has gone meanwhile.
    package func entries(from first: UInt64) -> [RoostProtocol.RecordEntry] {
        let bytes = AtomicFile.read(path(first), limit: .max) ?? []
        return RecordFrame.decode(bytes).payloads.compactMap { try? RoostProtocol.RecordEntry(decoding: $0) }
    }

    // MARK: Files

    private func writable(for id: UInt64, adding length: Int) throws -> Int32 {
        if let file { return file.number }
        let isFull = segments.last.map { $0.size > 0 && $0.size + length > segmentLimit } ?? true
        if isFull { begin(id) }
        guard let newest = segments.last else { throw SystemError("open", directory, code: ENOENT) }
        let number = roost_open(path(newest.first), O_WRONLY | O_APPEND | O_CREAT, 0o640)
        guard number >= 0 else { throw SystemError("open", path(newest.first), code: -number) }
        file = SharedDescriptor(owning: number)
        return number
    }

    /// Has the next entry begin a new segment, and makes room for that one.
    private func begin(_ id: UInt64) {
        file = nil
        if let newest = segments.last, newest.first == id { return }
        segments.append(Segment(first: id, size: 0))
        var total = segments.reduce(0) { $0 + $1.size }
        while segments.count > 1, total > limit - segmentLimit {
            let oldest = segments.removeFirst()
            total -= oldest.size
            unlink(path(oldest.first))
        }
    }

    private func path(_ first: UInt64) -> String { "\(directory)/\(first)" }

    private func size(of first: UInt64) -> Int {
        var status = stat()
        return stat(path(first), &status) == 0 ? Int(status.st_size) : 0
    }

    private func numbers() throws -> [UInt64] {
        guard let stream = opendir(directory) else { throw SystemError("opendir", directory, code: errno) }
        defer { closedir(stream) }
        var numbers: [UInt64] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            // Nobody gets that far; a stray file must not bring the count to its end.
            if let number = UInt64(name), number > 0, number < .max / 2 { numbers.append(number) }
        }
        return numbers
    }
}
