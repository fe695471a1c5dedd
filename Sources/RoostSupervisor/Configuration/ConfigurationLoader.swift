import Glibc
package import RoostPolicy
package import RoostProtocol
package import RoostReactor

/// Has the configuration read and checked by the short-lived helper `roost-config`, so that neither a YAML reader nor
/// Foundation ever becomes part of roostd.
package struct ConfigurationLoader: Sendable {
    package let helper: String
    package let file: String
    /// The helper resolves `ROOST_` variables against the schema.
    package let environment: [String]

    package init(helper: String, file: String, environment: [String]) {
        self.helper = helper
        self.file = file
        self.environment = environment
    }

    /// Why there is no bundle at all; faults in the files are diagnostics inside of it.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Throws: `Failure`, `CapturedRun.Failure`.
    package func load(within limit: Duration, on reactor: Reactor) async throws -> ConfigurationBundle {
        let run = try await CapturedRun.of(
            helper,
            ["emit", file],
            environment: environment,
            within: limit,
            on: reactor
        )
        do {
            let bundle = try ConfigurationBundle(decoding: run.output)
            guard bundle.format != 0 || !bundle.diagnostics.isEmpty else { throw Failure(description: "") }
            return bundle
        } catch {
            let words = run.errors.isEmpty ? "it wrote nothing that can be used" : run.errors
            throw Failure(description: "\(helper) failed (\(run.status)): \(words)")
        }
    }
}

extension Diagnostic {
    /// `FILE:LINE:COLUMN: KEY: what is wrong; what to do`.
    package var line: String {
        let place = self.line == 0 ? file : "\(file):\(self.line):\(column)"
        return "\(place): \(key.isEmpty ? "" : "\(key): ")\(message)\(mend.isEmpty ? "" : "; \(mend)")"
    }
}
