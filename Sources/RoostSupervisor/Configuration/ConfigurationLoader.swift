package import RoostConfig
package import RoostReactor

/// Has the configuration read and checked by the short-lived helper `roost-config`, so that neither a YAML reader nor
/// Foundation ever becomes part of roostd.
package struct ConfigurationLoader: Sendable {
    package let helper: String
    package var file: String
    /// The helper resolves `ROOST_` variables against the schema.
    package let environment: [String]
    private let runs: HelperRuns

    package init(helper: String, file: String, environment: [String], among runs: HelperRuns = HelperRuns()) {
        self.helper = helper
        self.file = file
        self.environment = environment
        self.runs = runs
    }

    /// Why there is no report at all; faults in the files are findings inside of it.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Throws: `Failure`, `CapturedRun.Failure`.
    package func load(within limit: Duration, on reactor: Reactor) async throws -> ConfigurationReport {
        let run = try await CapturedRun.of(
            helper,
            ["emit", file],
            environment: environment,
            within: limit,
            on: reactor,
            among: runs
        )
        do {
            return try ConfigurationReport(decoding: run.output)
        } catch {
            let words =
                run.errors.isEmpty ? "it and roostd are not of one version (\(error)): install both anew" : run.errors
            throw Failure(description: "\(helper) failed: \(words)")
        }
    }
}
