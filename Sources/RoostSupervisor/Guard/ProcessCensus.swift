import Glibc

/// Every process of the machine at one moment, as far as it is needed to tell whose it is (proc(5)).
struct ProcessCensus {
    struct Entry: Hashable {
        var pid: Int32
        var parent: Int32
        var group: Int32
        var session: Int32
        /// In clock ticks since boot: with the number, which process it is.
        var startTime: UInt64
    }

    private(set) var entries: [Int32: Entry] = [:]

    init(_ entries: [Entry]) {
        for entry in entries { self.entries[entry.pid] = entry }
    }

    /// The process's parent, its own death included; nil if it is reaped.
    static func parent(of pid: Int32) -> Int32? {
        guard let text = ProcFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
        return fields.count > 1 ? Int32(truncatingIfNeeded: ProcFile.number(fields[1])) : nil
    }

    /// Who is there now; the dead who wait to be reaped are not.
    static func now() -> ProcessCensus {
        guard let directory = opendir("/proc") else { return ProcessCensus([]) }
        defer { closedir(directory) }
        var entries: [Entry] = []
        while let item = readdir(directory) {
            let pid = withUnsafeBytes(of: &item.pointee.d_name) { name in
                name.first.map { $0 >= 48 && $0 <= 57 } == true ? ProcFile.number(name) : 0
            }
            if let entry = Entry(pid: Int32(truncatingIfNeeded: pid)) { entries.append(entry) }
        }
        return ProcessCensus(entries)
    }
}

extension ProcessCensus.Entry {
    /// From `/proc/PID/stat`; nil if it is gone or dead.
    init?(pid: Int32) {
        guard pid > 0, let text = ProcFile.read("/proc/\(pid)/stat") else { return nil }
        // The second field is the name in parentheses and may hold anything; the rest is numbers.
        guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let state = fields[0].first, ![UInt8(ascii: "Z"), UInt8(ascii: "X")].contains(state)
        else { return nil }
        self.pid = pid
        parent = Int32(truncatingIfNeeded: ProcFile.number(fields[1]))
        group = Int32(truncatingIfNeeded: ProcFile.number(fields[2]))
        session = Int32(truncatingIfNeeded: ProcFile.number(fields[3]))
        startTime = UInt64(truncatingIfNeeded: ProcFile.number(fields[19]))
    }

    /// Whether its environment, as the program was started with, has one of the assignments (`/proc/PID/environ`). False
    /// where we may not look.
    func wasStarted(withAny assignments: [String]) -> Bool {
        let descriptor = open("/proc/\(pid)/environ", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < 1 << 20 {  // more than an execve(2) with usual limits takes
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes.split(separator: 0).contains { variable in
            assignments.contains { variable.elementsEqual($0.utf8) }
        }
    }
}
