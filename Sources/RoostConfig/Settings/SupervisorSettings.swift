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
    /// Bytes on disk for the causal record.
    package var recordSize: Int
    package var reload: ReloadTimeouts
    /// Nil: files are not watched. Otherwise the quiet time after a change.
    package var watchDebounce: Duration?

    package struct SpawnBudget: Sendable, Equatable {
        package var perSecond: Int
        package var burst: Int

        package init(perSecond: Int, burst: Int) {
            self.perSecond = perSecond
            self.burst = burst
        }
    }

    package struct ReloadTimeouts: Sendable, Equatable {
        package var check: Duration
        package var prepare: Duration
        package var commit: Duration

        package init(check: Duration, prepare: Duration, commit: Duration) {
            self.check = check
            self.prepare = prepare
            self.commit = commit
        }
    }
}

/// Who may use the control socket.
package struct ControlSettings: Sendable, Equatable {
    /// A group by name; `identifier` is nil where the machine does not have it.
    package struct Group: Sendable, Equatable {
        package var name: String
        package var identifier: UInt32?

        package init(name: String, identifier: UInt32? = nil) {
            self.name = name
            self.identifier = identifier
        }
    }

    package var observe: Group
    package var operate: Group
    package var admin: Group
    /// Callers connected at once.
    package var connections: Int

    package init(observe: Group, operate: Group, admin: Group, connections: Int) {
        self.observe = observe
        self.operate = operate
        self.admin = admin
        self.connections = connections
    }
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

    package init(level: Level, format: Format, ring: Int) {
        self.level = level
        self.format = format
        self.ring = ring
    }
}

/// Sizes that more than one process uses, in bytes.
package struct SharedLimits: Sendable, Equatable {
    package var frame: Int
    package var sendQueue: Int
    package var logLine: Int

    package init(frame: Int, sendQueue: Int, logLine: Int) {
        self.frame = frame
        self.sendQueue = sendQueue
        self.logLine = logLine
    }
}
