import CLinux
import Glibc

/// How roostd was called: `roostd [--config FILE] [--state DIR] [--runtime DIR]`. A flag beats the environment, which
/// beats systemd's directories, which beat the defaults of a shell.
package struct Invocation: Sendable, Equatable {
    package var configuration: String
    package var stateDirectory: String
    package var runtimeDirectory: String

    /// What is done instead of running, or why nothing is.
    package enum Refusal: Error, Equatable {
        case help
        case version
        /// Exit status 64.
        case usage(String)
    }

    package static let usage = """
        usage: roostd [--config FILE] [--state DIR] [--runtime DIR]
          --config FILE   the configuration (ROOST_CONFIG; /etc/roost/roost.yaml under systemd, else Config/roost.yaml)
          --state DIR     what outlives a restart (ROOST_STATE; $STATE_DIRECTORY, else .roost/state)
          --runtime DIR   the sockets (ROOST_RUNTIME; $RUNTIME_DIRECTORY, else .roost/run)
          --version, --help
        """

    /// - Throws: `Refusal`.
    package init(arguments: [String], environment: (String) -> String?) throws(Refusal) {
        func given(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        let isUnderSystemd = given("NOTIFY_SOCKET") != nil || given("RUNTIME_DIRECTORY") != nil
        configuration =
            given("ROOST_CONFIG") ?? (isUnderSystemd ? "/etc/roost/roost.yaml" : "Config/roost.yaml")
        stateDirectory = given("ROOST_STATE") ?? given("STATE_DIRECTORY") ?? ".roost/state"
        runtimeDirectory = given("ROOST_RUNTIME") ?? given("RUNTIME_DIRECTORY") ?? ".roost/run"
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch (parts[0], parts.count) {
            case ("--help", 1), ("-h", 1): throw .help
            case ("--version", 1): throw .version
            case ("--config", _), ("--state", _), ("--runtime", _):
                guard let value = parts.count > 1 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                    throw .usage("\(parts[0]) needs a value")
                }
                set(parts[0], value)
            default: throw .usage("unknown argument \(argument)")
            }
        }
        configuration = Self.absolute(configuration)
        stateDirectory = Self.absolute(stateDirectory)
        runtimeDirectory = Self.absolute(runtimeDirectory)
    }

    private mutating func set(_ name: String, _ value: String) {
        switch name {
        case "--config": configuration = value
        case "--state": stateDirectory = value
        default: runtimeDirectory = value
        }
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return String(cString: directory) + "/" + path
    }
}
