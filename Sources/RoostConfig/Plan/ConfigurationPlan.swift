/// What taking over a configuration does: to each worker, to roostd itself, to the rules. Pure: `roost plan` shows it, a
/// reload carries it out.
package struct ConfigurationPlan: Sendable, Equatable {
    /// The most that happens to a worker.
    package enum Step: String, Sendable, CaseIterable {
        case unchanged
        /// Its processes take the change over, or only their number changes.
        case live
        /// Processes are replaced one after the other.
        case rolling = "rolling_restart"
        case stop
        case start
    }

    /// Why a process is replaced.
    package enum Cause: String, Sendable {
        /// A key that acts at the start of a process only.
        case configuration
        case executable
        /// It cannot be told what has changed.
        case unreachable
        /// It agreed to switch and did not.
        case failedToSwitch = "failed_to_switch"
    }

    package struct Replacement: Sendable, Equatable {
        package var instance: Int
        package var cause: Cause
    }

    package struct Worker: Sendable, Equatable {
        package var name: String
        package var step: Step
        package var keys: [KeyChange] = []
        package var replaced: [Replacement] = []
        package var started: [Int] = []
        package var stopped: [Int] = []
        /// Quarantined or waiting, and tried again since something of theirs has changed.
        package var retried: [Int] = []
    }

    package struct Rule: Sendable, Equatable {
        package enum Step: String, Sendable { case added, changed, removed }

        package var name: String
        package var step: Step
        package var keys: [KeyChange] = []
    }

    /// Of roostd itself; `change` is `.live`, or `.supervisor` for what waits for a new roostd.
    package var supervisor: [KeyChange]
    /// Those of the next configuration in its order, then those that go.
    package var workers: [Worker]
    /// By name.
    package var rules: [Rule]

    package func worker(_ name: String) -> Worker? { workers.first { $0.name == name } }

    /// Whether carrying it out would do nothing at all.
    package var isEmpty: Bool {
        supervisor.isEmpty && rules.isEmpty && workers.allSatisfy { $0.step == .unchanged }
    }
}

extension ConfigurationPlan.Worker {
    /// Whether its process, rather than the one that runs, is what the next configuration asks for.
    package var hasNewProgram: Bool {
        keys.contains { $0.key == "workers.\(name).command" || $0.key == "workers.\(name).executable" }
    }

    /// One clause for logs and `last_exit`, such as `workers.web.nice has changed`.
    package func reason(for cause: ConfigurationPlan.Cause) -> String {
        switch cause {
        case .executable: "its executable has changed"
        case .unreachable: "its configuration has changed and it cannot be told"
        case .failedToSwitch: "it did not switch to its changed configuration"
        case .configuration:
            keys.filter { $0.change == .rolling }.map(\.key).joined(separator: ", ") + " changed"
        }
    }
}
