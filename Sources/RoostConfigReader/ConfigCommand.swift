package import RoostConfig
import RoostJSON

/// The program `roost-config`: arguments in, output and exit status out.
package struct ConfigCommand: Sendable {
    /// sysexits.h, as the contract has them for `roostd`.
    package enum Status: Int32, Sendable {
        case ok = 0
        case usage = 64
        case missing = 66
        case invalid = 78
    }

    /// What the process writes, and how it ends.
    package struct Outcome: Sendable, Equatable {
        package var output: [UInt8] = []
        package var errors: [UInt8] = []
        package var status: Status = .ok

        mutating func print(_ line: String) { output += (line + "\n").utf8 }
        mutating func complain(_ line: String) { errors += (line + "\n").utf8 }
    }

    static let usage = """
        usage: roost-config check [--json] [--section proxy] FILE
               roost-config emit FILE
               roost-config show [--json] FILE
               roost-config schema roost|rule
        """

    let variables: [String: String]
    let machine: Machine

    /// `variables` is the environment.
    package init(variables: [String: String], machine: Machine) {
        self.variables = variables
        self.machine = machine
    }

    /// Runs with the arguments after the program's name.
    package func run(_ arguments: [String]) -> Outcome {
        guard let parsed = ConfigArguments(arguments) else {
            var outcome = Outcome(status: .usage)
            outcome.complain(Self.usage)
            return outcome
        }
        switch parsed.verb {
        case .help: return Outcome(output: Array((Self.usage + "\n").utf8))
        case .schema(let kind):
            return Outcome(output: Array(JSONWriter.pretty(JSONSchema.document(kind)).utf8) + [UInt8(ascii: "\n")])
        case .emit(let file):
            let loaded = load(file)
            return Outcome(output: loaded.report.encoded(), status: status(of: loaded, loaded.report.errors))
        case .check(let file): return check(file, parsed)
        case .show(let file): return show(file, parsed)
        }
    }

    private func load(_ file: String) -> LoadedConfiguration {
        LoadedConfiguration.load(file, variables: variables, machine: machine)
    }

    private func status(of loaded: LoadedConfiguration, _ errors: [Finding]) -> Status {
        loaded.isMissing ? .missing : errors.isEmpty ? .ok : .invalid
    }

    private func check(_ file: String, _ arguments: ConfigArguments) -> Outcome {
        let loaded = load(file)
        let findings = loaded.report.findings.filter { arguments.section?.concerns($0, main: file) ?? true }
        let errors = findings.filter { $0.severity == .error }
        var outcome = Outcome(status: status(of: loaded, errors))
        if arguments.isJSON {
            outcome.print(JSONWriter.compact(ConfigJSON.check(file, findings, loaded)))
            return outcome
        }
        for finding in findings { outcome.complain((finding.severity == .warning ? "warning: " : "") + finding.line) }
        guard errors.isEmpty else { return outcome }
        let rules = Self.count(loaded.rules.count, "rule")
        if let section = arguments.section {
            outcome.print("\(file): ok (\(section.rawValue), \(rules))")
        } else {
            let workers = Self.count(loaded.settings?["workers"].members.count ?? 0, "worker")
            outcome.print("\(file): ok (\(workers), \(rules))")
        }
        return outcome
    }

    private func show(_ file: String, _ arguments: ConfigArguments) -> Outcome {
        let loaded = load(file)
        var outcome = Outcome(status: status(of: loaded, loaded.report.errors))
        for finding in loaded.report.findings {
            outcome.complain((finding.severity == .warning ? "warning: " : "") + finding.line)
        }
        guard outcome.status == .ok, let settings = loaded.settings else { return outcome }
        let listing = EffectiveSettings(settings, rules: loaded.rules)
        if arguments.isJSON {
            outcome.print(JSONWriter.pretty(listing.json))
        } else {
            for line in listing.lines { outcome.print(line) }
        }
        return outcome
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
