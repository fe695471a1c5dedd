/// What `roostd` itself is told: the section `supervisor`. The schema's table has ranges, defaults and reasons.
package struct SupervisorSettings: Sendable, Equatable {
    package var lease: Duration
    package var shutdownTimeout: Duration
    package var concurrentStarts: Int
    /// Processes per second in the long run, and at once.
    package var spawnBudget: SpawnBudget
    package var control: ControlSettings
    package var log: LogSettings
    /// Events kept for readers that resume.
    package var eventRing: Int
    /// Configurations kept for the history.
    package var historyGenerations: Int
    package var reload: ReloadTimeouts
    /// Nil: files are not watched. Otherwise the quiet time after a change.
    package var watchDebounce: Duration?

    package struct SpawnBudget: Sendable, Equatable {
        package var perSecond: Int
        package var burst: Int
    }

    package struct ReloadTimeouts: Sendable, Equatable {
        package var check: Duration
        package var prepare: Duration
        package var commit: Duration
    }
}

/// Who may use the control socket.
package struct ControlSettings: Sendable, Equatable {
    /// A group by name; `identifier` is nil where the machine does not have it.
    package struct Group: Sendable, Equatable {
        package var name: String
        package var identifier: UInt32?
    }

    package var observe: Group
    package var operate: Group
    package var admin: Group
    /// Callers connected at once.
    package var connections: Int
}

/// How logs are kept and written.
package struct LogSettings: Sendable, Equatable {
    /// From the least severe.
    package enum Level: String, Sendable, CaseIterable { case trace, debug, info, notice, warning, error }
    package enum Format: String, Sendable { case auto, human, json, journal }

    package var level: Level
    package var format: Format
    /// Bytes of memory for recent lines.
    package var ring: Int
}

/// Sizes that more than one process uses, in bytes.
package struct SharedLimits: Sendable, Equatable {
    package var frame: Int
    package var sendQueue: Int
    package var logLine: Int
}
