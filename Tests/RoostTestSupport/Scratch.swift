import CLinux
import Glibc

/// A directory for one test, removed with all that is in it.
package final class Scratch: Sendable {
    /// Absolute and short: sockets lie in it.
    package let path: String

    package init() throws {
        var template = Array("/tmp/roost.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("mkdtemp: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file in place.
    package func write(_ name: String, _ text: String) throws { try Self.write(file(name), Array(text.utf8)) }

    /// Writes beside and renames, as editors do.
    package func replace(_ name: String, _ text: String) throws {
        try write(name + ".tmp~", text)
        guard rename(file(name + ".tmp~"), file(name)) == 0 else { throw TestFailure("rename: errno \(errno)") }
    }

    package func makeDirectory(_ name: String) throws {
        guard mkdir(file(name), 0o755) == 0 || errno == EEXIST else { throw TestFailure("mkdir: errno \(errno)") }
    }

    package static func write(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws {
        let descriptor = roost_open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard descriptor >= 0 else { throw TestFailure("open \(path): errno \(-descriptor)") }
        defer { close(descriptor) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw TestFailure("write \(path): errno \(errno)") }
            sent += count
        }
    }

    package static func read(_ path: String) -> [UInt8]? {
        let descriptor = roost_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return count == 0 ? content : nil }
            content += buffer[..<count]
        }
    }

    package static func text(_ path: String) -> String { String(decoding: read(path) ?? [], as: UTF8.self) }

    /// The names in a directory, without `.` and `..`; empty if there is none.
    package static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in names(in: path) { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }
}
