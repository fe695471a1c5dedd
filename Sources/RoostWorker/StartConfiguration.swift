import CLinux
import Glibc
import RoostConfig
import RoostProtocol
import RoostReactor

/// What a worker starts with.
enum StartConfiguration {
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    private static let limit = 64 << 20

    /// From the inherited memory file; without one, from a configuration file, checked by `roost-config`.
    ///
    /// - Throws: `Fault`.
    static func read(_ inheritance: Inheritance, worker: String, standaloneFile: String?) throws -> Prepare {
        if let descriptor = inheritance.first("configuration") { return try read(descriptor) }
        guard inheritance.runtimeDirectory == nil, let standaloneFile else {
            throw Fault(description: "no configuration was inherited; name a file with --config or ROOST_CONFIG")
        }
        let report: ConfigurationReport
        do {
            report = try ConfigurationReport(decoding: try CompanionProgram.emit(standaloneFile))
        } catch {
            throw Fault(description: "roost-config gave no configuration for \(standaloneFile): \(error)")
        }
        guard let configuration = report.configuration else {
            throw Fault(description: report.errors.map(\.line).joined(separator: "\n"))
        }
        var start = Prepare()
        start.generation = 1
        start.configuration = configuration.section(of: worker)
        let specification = configuration.workers.first { $0.name == worker }
        start.heartbeatIntervalMs = 1000
        start.drainMs = UInt32(clamping: (specification?.drain ?? .seconds(30)).components.seconds * 1000)
        return start
    }

    private static func read(_ descriptor: Int32) throws -> Prepare {
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while content.count <= limit {
            let count = pread(descriptor, &buffer, buffer.count, content.count)
            guard count >= 0 else { throw SystemError("pread", "configuration", code: errno) }
            guard count > 0 else { return try Prepare(decoding: content) }
            content.append(contentsOf: buffer[..<count])
        }
        throw Fault(description: "the inherited configuration has more than \(limit) bytes")
    }
}
