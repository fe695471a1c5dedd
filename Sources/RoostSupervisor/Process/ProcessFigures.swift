import Glibc

/// What /proc tells about a process (proc(5)). Only for children that were not reaped: their number is theirs.
package struct ProcessFigures: Sendable, Hashable {
    package var residentBytes = 0
    package var cpuSeconds = 0.0
    package var threads = 0

    private static let pageSize = sysconf(Int32(_SC_PAGESIZE))
    private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))

    /// Resident memory, CPU time and threads, from `/proc/PID/stat`; nil if the process is gone.
    package init?(pid: Int32) {
        guard let text = ProcFile.read("/proc/\(pid)/stat") else { return nil }
        // The second field is the name in parentheses and may hold anything; the rest is numbers.
        guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
        func number(_ field: Int) -> Int {  // counted as in proc(5), where the state, after the name, is 3
            fields.indices.contains(field - 3) ? ProcFile.number(fields[field - 3]) : 0
        }
        cpuSeconds = Double(number(14) + number(15)) / Self.ticksPerSecond
        threads = number(20)
        residentBytes = number(24) * Self.pageSize
    }

    /// When the process was started, in clock ticks since boot (field 22): with its number, which process it is. Nil if it
    /// is gone.
    package static func startTime(pid: Int32) -> UInt64? {
        guard let text = ProcFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        let fields = text[(end + 1)...].split(separator: UInt8(ascii: " "))
        return fields.count > 19 ? UInt64(ProcFile.number(fields[19])) : nil
    }

    /// How long the process has waited for a CPU so far, from `/proc/PID/schedstat`, which counts its first thread.
    package static func runQueueWait(pid: Int32) -> Duration {
        guard let text = ProcFile.read("/proc/\(pid)/schedstat") else { return .zero }
        let fields = text.split(separator: UInt8(ascii: " "))
        return .nanoseconds(fields.count > 1 ? ProcFile.number(fields[1]) : 0)
    }

    /// How long the process has run so far, from the same file, and whether it is running or waiting for a CPU now.
    package static func running(pid: Int32) -> (time: Duration, isRunnable: Bool) {
        let fields = (ProcFile.read("/proc/\(pid)/schedstat") ?? []).split(separator: UInt8(ascii: " "))
        let stat = ProcFile.read("/proc/\(pid)/stat") ?? []
        let state = stat.lastIndex(of: UInt8(ascii: ")")).map { stat[$0...].dropFirst(2).first } ?? nil
        return (.nanoseconds(fields.first.map { ProcFile.number($0) } ?? 0), state == UInt8(ascii: "R"))
    }

    /// The file that the process runs; empty if it is gone or we may not look.
    package static func executable(pid: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            guard let start = buffer.baseAddress else { return "" }
            let count = readlink("/proc/\(pid)/exe", start, buffer.count)
            return String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// How many descriptors the process has open, without going through them (Linux 6.2); nil where the kernel does not say.
    package static func descriptorCount(pid: Int32) -> Int? {
        var status = stat()
        guard stat("/proc/\(pid)/fd", &status) == 0, status.st_size > 0 else { return nil }
        return Int(status.st_size)
    }

    /// How many descriptors the process has open; nil where we may not look.
    package static func openDescriptors(pid: Int32) -> Int? {
        guard let directory = opendir("/proc/\(pid)/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != 46 { count += 1 }  // not "." and ".."
        }
        return count
    }
}

/// Small files of /proc.
enum ProcFile {
    /// At most 4 KiB of the file; nil if it cannot be read.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = max(Glibc.read(descriptor, buffer.baseAddress, 4096), 0)
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// The decimal number at the start; 0 if there is none.
    static func number(_ digits: some Sequence<UInt8>) -> Int {
        var value = 0
        for digit in digits {
            guard digit >= 48, digit <= 57 else { break }
            value = value &* 10 &+ Int(digit - 48)
        }
        return value
    }
}
