import CLinux
import Glibc
package import RoostReactor

/// The reports on disk: `STATE/reports/NAME-INSTANCE-TIME.json`, a bounded number of bounded size together, of which the
/// oldest go. Nothing is synced: what was written survives roostd, and a power failure may take the last seconds.
package final class ReportStore {
    package let directory: String
    private let mostFiles: Int
    /// Bytes of all reports.
    private let limit: Int
    /// The oldest first.
    private var files: [File] = []

    private struct File {
        let name: String
        let size: Int
    }

    package init(stateDirectory: String, mostFiles: Int = 50, limit: Int = 20 << 20) {
        directory = stateDirectory + "/reports"
        (self.mostFiles, self.limit) = (mostFiles, limit)
    }

    /// Names, the oldest first.
    package var names: [String] { files.map(\.name) }

    /// Finds what there is, and takes away what a crash has left half written.
    ///
    /// - Throws: `SystemError`, `RuntimeDirectory.Refusal`.
    package func open() throws {
        try RuntimeDirectory.makeDirectories(directory)
        guard chmod(directory, 0o750) == 0, let stream = opendir(directory) else {
            throw SystemError("opendir", directory, code: errno)
        }
        defer { closedir(stream) }
        var found: [File] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(Self.unfinished) { unlink(path(name)) }
            var status = stat()
            guard name.hasSuffix(".json"), lstat(path(name), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                continue
            }
            found.append(File(name: name, size: Int(status.st_size)))
        }
        files = found.sorted { (Self.time(of: $0.name), $0.name) < (Self.time(of: $1.name), $1.name) }
        trim()
    }

    /// Writes a report whole or not at all.
    ///
    /// - Throws: `SystemError`.
    package func save(_ content: [UInt8], as name: String) throws(SystemError) {
        let temporary = path(name) + Self.unfinished
        let number = roost_open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o640)
        guard number >= 0 else { throw SystemError("open", temporary, code: -number) }
        let file = Descriptor(owning: number)
        var written = 0
        while written < content.count {
            let count = content.withUnsafeBytes {
                write(file.number, $0.baseAddress.map { $0 + written }, content.count - written)
            }
            guard count > 0 else { throw failure("write", temporary) }
            written += count
        }
        guard rename(temporary, path(name)) == 0 else { throw failure("rename", temporary) }
        files.append(File(name: name, size: content.count))
        trim()
    }

    private func failure(_ call: String, _ temporary: String) -> SystemError {
        let code = errno
        unlink(temporary)
        return SystemError(call, temporary, code: code)
    }

    private func trim() {
        var total = files.reduce(0) { $0 + $1.size }
        while files.count > mostFiles || (total > limit && !files.isEmpty) {
            let oldest = files.removeFirst()
            total -= oldest.size
            unlink(path(oldest.name))
        }
    }

    package func path(_ name: String) -> String { "\(directory)/\(name)" }

    private static let unfinished = ".new"

    /// What is behind the last hyphen: times are written so that they sort.
    private static func time(of name: String) -> Substring {
        name.lastIndex(of: "-").map { name[name.index(after: $0)...] } ?? name[...]
    }
}
