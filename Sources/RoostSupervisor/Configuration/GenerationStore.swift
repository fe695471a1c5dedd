import CLinux
import Glibc
package import RoostProtocol
import RoostReactor

/// The configurations that were in force, one file each under `STATE/generations`, written atomically.
package struct GenerationStore: Sendable {
    package let directory: String
    /// How many are kept.
    package var limit: Int

    package init(stateDirectory: String, limit: Int) {
        directory = stateDirectory + "/generations"
        self.limit = limit
    }

    /// All that are readable, the newest first. A damaged file is left alone and not listed.
    package func load() -> [StoredGeneration] {
        numbers().sorted(by: >).compactMap(load)
    }

    package func load(_ generation: UInt64) -> StoredGeneration? {
        guard let bytes = AtomicFile.read(path(generation), limit: 64 << 20),
            let stored = try? StoredGeneration(decoding: bytes), stored.generation == generation
        else { return nil }
        return stored
    }

    /// The newest that is readable, without reading the others.
    package var newest: StoredGeneration? { numbers().sorted(by: >).lazy.compactMap(load).first }

    /// Keeps a generation and removes the oldest beyond the limit.
    ///
    /// - Throws: `SystemError`.
    package func save(_ stored: StoredGeneration) throws {
        try RuntimeDirectory.makeDirectories(directory)
        try AtomicFile.write(stored.encoded(), to: path(stored.generation), mode: 0o640)
        for old in numbers().sorted(by: >).dropFirst(limit) { unlink(path(old)) }
    }

    private func path(_ generation: UInt64) -> String { "\(directory)/\(generation)" }

    private func numbers() -> [UInt64] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var numbers: [UInt64] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            // Nobody gets that far; a stray file must not bring the count to its end.
            if let number = UInt64(name), number < .max / 2 { numbers.append(number) }
        }
        return numbers
    }
}

/// Whole small files, read with a limit, replaced in one step.
package enum AtomicFile {
    /// The content; nil if the file is not there, not readable or larger than `limit`.
    package static func read(_ path: String, limit: Int) -> [UInt8]? {
        let number = roost_open(path, O_RDONLY, 0)
        guard number >= 0 else { return nil }
        let file = Descriptor(owning: number)
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(file.number, &buffer, buffer.count)
            if count == 0 { return content }
            guard count > 0, content.count + count <= limit else { return nil }
            content.append(contentsOf: buffer[..<count])
        }
    }

    /// Writes beside the target, makes it durable, and renames it over the target: a reader sees the old content or
    /// the new one, also after a power failure. A file that is replaced keeps its permissions; a new one gets `mode`.
    ///
    /// - Throws: `SystemError`; the target is untouched then.
    package static func write(_ content: [UInt8], to path: String, mode: UInt32) throws {
        let temporary = "\(path).\(getpid()).new"
        let number = roost_open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard number >= 0 else { throw SystemError("open", temporary, code: -number) }
        let file = Descriptor(owning: number)
        var present = stat()
        if stat(path, &present) == 0 { fchmod(number, present.st_mode & 0o777) }
        var written = 0
        while written < content.count {
            let count = content.withUnsafeBytes {
                Glibc.write(number, $0.baseAddress.map { $0 + written }, content.count - written)
            }
            guard count > 0 else { throw failure("write", temporary) }
            written += count
        }
        guard fsync(file.number) == 0 else { throw failure("fsync", temporary) }
        guard rename(temporary, path) == 0 else { throw failure("rename", temporary) }
    }

    private static func failure(_ call: String, _ temporary: String) -> SystemError {
        let code = errno
        unlink(temporary)
        return SystemError(call, temporary, code: code)
    }
}
