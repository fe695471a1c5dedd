import Glibc
import RoostConfigReader

/// The helper that reads, checks and shows configurations: the one program that knows YAML. `roostd` runs it at start
/// and at each reload, so that neither YAML nor Foundation stays in a process that lives long.
@main
struct Main {
    static func main() {
        // A reader that went away shows as a failed write.
        signal(SIGPIPE, SIG_IGN)
        let outcome = ConfigCommand(variables: environment(), machine: .local).run(
            Array(CommandLine.arguments.dropFirst())
        )
        let isComplete = write(outcome.errors, to: STDERR_FILENO) && write(outcome.output, to: STDOUT_FILENO)
        // Without the runtime's tear-down: start-up and end are part of every reload.
        _exit(isComplete ? outcome.status.rawValue : EX_IOERR)
    }

    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return false }
        }
        return true
    }
}
