import Glibc

/// What /proc tells about processes (proc(5)).
package enum ProcessFacts {
    /// The fields of `/proc/PID/status` by name, trimmed; empty if the process is gone.
    package static func status(_ pid: Int32) -> [String: String] {
        var fields: [String: String] = [:]
        for line in Scratch.text("/proc/\(pid)/status").split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields[String(line[..<colon])] = String(value)
        }
        return fields
    }

    package static func threads(_ pid: Int32) -> Int { Scratch.names(in: "/proc/\(pid)/task").count }

    /// Resident memory in bytes.
    package static func residentBytes(_ pid: Int32) -> Int {
        (status(pid)["VmRSS"]?.split(separator: " ").first).flatMap { Int($0) }.map { $0 * 1024 } ?? 0
    }

    /// Open descriptors with what they point to.
    package static func descriptors(_ pid: Int32) -> [Int32: String] {
        var found: [Int32: String] = [:]
        for name in Scratch.names(in: "/proc/\(pid)/fd") {
            var target = [CChar](repeating: 0, count: 512)
            let count = readlink("/proc/\(pid)/fd/\(name)", &target, target.count)
            guard let number = Int32(name), count >= 0 else { continue }
            found[number] = String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return found
    }

    package static func environment(_ pid: Int32) -> [String] {
        (Scratch.read("/proc/\(pid)/environ") ?? []).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// State letter (R, S, T, Z …), parent and process group; nil if the process is gone.
    package static func stat(_ pid: Int32) -> (state: Character, parent: Int32, group: Int32, nice: Int)? {
        let text = Scratch.text("/proc/\(pid)/stat")
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 20, let state = fields[0].first else { return nil }
        return (state, Int32(fields[1]) ?? 0, Int32(fields[2]) ?? 0, Int(fields[16]) ?? 0)
    }

    /// Whether it is roostd's guard, which is beside every roostd.
    package static func isGuard(_ pid: Int32) -> Bool { Scratch.text("/proc/\(pid)/comm") == "roostd-guard\n" }

    /// Whether the process exists and is not a zombie.
    package static func isAlive(_ pid: Int32) -> Bool { stat(pid).map { $0.state != "Z" } ?? false }

    package static func children(of pid: Int32) -> [Int32] { all.filter { stat($0)?.parent == pid } }

    /// Every process whose environment has the text.
    package static func withEnvironment(containing marker: String) -> [Int32] {
        all.filter { pid in pid != getpid() && environment(pid).contains { $0.contains(marker) } }
    }

    /// How many established connections to the local IPv4 port the process has open.
    package static func establishedConnections(of pid: Int32, port: UInt16) -> Int {
        let sockets = Set(descriptors(pid).values)
        return Scratch.text("/proc/net/tcp").split(separator: "\n").dropFirst().count { line in
            let columns = line.split(separator: " ")
            guard columns.count > 9, columns[3] == "01", let colon = columns[1].lastIndex(of: ":") else { return false }
            return UInt16(columns[1][columns[1].index(after: colon)...], radix: 16) == port
                && sockets.contains("socket:[\(columns[9])]")
        }
    }

    package static var all: [Int32] { Scratch.names(in: "/proc").compactMap { Int32($0) } }
}
