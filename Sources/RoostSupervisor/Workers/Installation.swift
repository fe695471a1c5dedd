import Glibc

/// Where Roost's own programs are: beside roostd, or in `../libexec/roost`.
package struct Installation: Sendable {
    private let directories: [String]

    package init(directories: [String]) { self.directories = directories }

    /// As seen from the running roostd.
    package init() {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count)
        let executable = String(decoding: path.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let directory = executable.lastIndex(of: "/").map { String(executable[..<$0]) } ?? "."
        directories = [directory, directory + "/../libexec/roost"]
    }

    /// The path of a program of ours; where it should be if it is nowhere, so that the error names a place.
    package func program(_ name: String) -> String {
        let candidates = directories.map { "\($0)/\(name)" }
        return candidates.first { access($0, X_OK) == 0 } ?? candidates.first ?? name
    }

    /// The path of any program: as it is if it has a slash, otherwise looked up on PATH.
    package static func find(_ program: String, path: String?) -> String {
        guard !program.contains("/") else { return program }
        for directory in (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
            let candidate = "\(directory)/\(program)"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        return program
    }
}

/// Which file or directory a path leads to.
struct FileIdentity: Sendable, Hashable {
    private let path: String
    private let device: UInt
    private let inode: UInt

    init(_ path: String) {
        var status = stat()
        let isThere = stat(path, &status) == 0
        self.path = path
        device = isThere ? UInt(status.st_dev) : 0
        inode = isThere ? UInt(status.st_ino) : 0
    }
}

/// Tells one version of an executable file from another without reading it.
package struct ExecutableStamp: Sendable, Hashable {
    let device: UInt
    let inode: UInt
    let size: Int
    let seconds: Int
    let nanoseconds: Int

    /// Nil if there is no such file.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
        size = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
