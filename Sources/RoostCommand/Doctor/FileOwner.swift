import Glibc

/// Whose a file is.
struct FileOwner {
    let uid: UInt32
    let isSocket: Bool

    /// Nil if there is no such file.
    init?(_ path: String) {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        uid = info.st_uid
        isSocket = info.st_mode & S_IFMT == S_IFSOCK
    }

    /// `root`, or `uid 1234` for a number without a name.
    var name: String {
        guard let entry = getpwuid(uid), let name = entry.pointee.pw_name else { return "uid \(uid)" }
        return String(cString: name)
    }
}
