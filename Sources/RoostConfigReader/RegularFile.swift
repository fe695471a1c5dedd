import Glibc
import RoostConfig

/// Reading files that a configuration names.
enum RegularFile {
    enum Failure: Error, Equatable {
        case missing
        /// A folder, pipe or device: reading it could wait forever.
        case notAFile
        case tooLarge
        /// With the system's error number.
        case unreadable(Int32)
    }

    /// The content of `path`, at most `limit` bytes.
    static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw failure(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard status.st_size <= limit else { throw .tooLarge }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return content }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(errno)
            }
            content += buffer.prefix(count)
            guard content.count <= limit else { throw .tooLarge }
        }
    }

    /// The names in a folder, sorted; empty when it does not exist.
    static func names(in folder: String) throws(Failure) -> [String] {
        guard let stream = opendir(folder) else {
            let failure = failure(errno)
            if failure == .missing { return [] }
            throw failure
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names.sorted()
    }

    private static func failure(_ number: Int32) -> Failure {
        number == ENOENT || number == ENOTDIR ? .missing : .unreadable(number)
    }
}

extension RegularFile.Failure {
    /// The failure as a finding about `path`.
    func finding(_ path: String) -> Finding {
        let place = SourcePosition(file: path)
        switch self {
        case .missing: return Finding(place, "file", "does not exist", "create it, or name another with --config")
        case .notAFile: return Finding(place, "file", "is not a regular file", "name a file")
        case .tooLarge:
            let limit = SizeText.format(Int64(YAMLText.largestFile))
            return Finding(place, "file", "is larger than \(limit)", "split it or remove what is not needed")
        case .unreadable(let number):
            return Finding(
                place,
                "file",
                "cannot be read: \(String(cString: strerror(number)))",
                "mend its permissions"
            )
        }
    }
}
