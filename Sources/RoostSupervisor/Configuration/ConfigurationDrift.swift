import Glibc
import RoostConfig
import RoostReactor

/// Tells which files are not as they were when the running configuration was read.
struct ConfigurationDrift {
    /// SHA-256 by path, relative to the main file's folder.
    private var running: [String: [UInt8]] = [:]
    /// What the last look saw, and what it found; files are read again only when one of them looks different.
    private var seen: [String: ExecutableStamp]?
    private var found: [String] = []

    /// The files that the configuration in force was read from.
    mutating func run(_ files: [ConfigurationReport.File]) {
        running = Dictionary(files.map { ($0.path, Self.digest($0.content)) }) { first, _ in first }
        seen = nil
    }

    /// The files that differ now: changed, new, or gone. Sorted.
    mutating func look(at paths: [String], in folder: String) -> [String] {
        var stamps: [String: ExecutableStamp] = [:]
        for path in paths { stamps[path] = ExecutableStamp("\(folder)/\(path)") }
        if seen == stamps { return found }
        seen = stamps
        let present = stamps.keys.filter { path in
            let content = AtomicFile.read("\(folder)/\(path)", limit: 16 << 20)
            return content.map(Self.digest) != running[path]
        }
        found = (present + running.keys.filter { stamps[$0] == nil }).sorted()
        return found
    }

    private static func digest(_ content: [UInt8]) -> [UInt8] {
        var digest = SHA256()
        digest.update(content)
        return digest.finish()
    }
}
