import Glibc

/// Finds who listens on a port, for an error message that helps. Looks into /proc and is used when a bind has failed
/// only; processes of other users stay unknown without privileges.
enum PortHolder {
    /// `nginx (pid 812)`, or nil.
    static func find(port: UInt16) -> String? {
        let inodes =
            listeningInodes(port: port, in: "/proc/net/tcp") + listeningInodes(port: port, in: "/proc/net/tcp6")
        guard !inodes.isEmpty, let directory = opendir("/proc") else { return nil }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            guard let pid = Int32(name(of: entry)), holds(pid, inodes) else { continue }
            let command = ProcFile.read("/proc/\(pid)/comm").map { String(decoding: $0.dropLast(), as: UTF8.self) }
            return "\(command ?? "a process") (pid \(pid))"
        }
        return nil
    }

    /// The socket inodes in state LISTEN (0A) on the port; the columns are those of proc(5), /proc/net/tcp.
    private static func listeningInodes(port: UInt16, in path: String) -> [String] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var inodes: [String] = []
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let columns = text.split(separator: " ")
            guard columns.count > 9, columns[3] == "0A", let colon = columns[1].lastIndex(of: ":") else { continue }
            if UInt16(columns[1][columns[1].index(after: colon)...], radix: 16) == port {
                inodes.append("socket:[\(columns[9])]")
            }
        }
        return inodes
    }

    private static func holds(_ pid: Int32, _ inodes: [String]) -> Bool {
        guard let directory = opendir("/proc/\(pid)/fd") else { return false }
        defer { closedir(directory) }
        var target = [CChar](repeating: 0, count: 64)
        while let entry = readdir(directory) {
            let count = readlink("/proc/\(pid)/fd/\(name(of: entry))", &target, target.count)
            guard count > 0 else { continue }
            let link = String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if inodes.contains(link) { return true }
        }
        return false
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
    }
}
