package import RoostPolicy

/// What the configuration says about how an instance lives.
package struct InstanceSettings: Sendable, Hashable {
    package var lifecycle: WorkerStateMachine.Settings
    package var heartbeatDeadline: Duration
    package var memory: MemoryCeiling
    /// Any program, rather than one built with the worker kit.
    package var isPlain: Bool
    /// Longer log lines are cut.
    package var logLineLimit: Int

    package init(
        lifecycle: WorkerStateMachine.Settings,
        heartbeatDeadline: Duration,
        memory: MemoryCeiling,
        isPlain: Bool,
        logLineLimit: Int = 16 * 1024
    ) {
        self.lifecycle = lifecycle
        self.heartbeatDeadline = heartbeatDeadline
        self.memory = memory
        self.isPlain = isPlain
        self.logLineLimit = logLineLimit
    }
}
