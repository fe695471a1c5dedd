package import RoostPolicy

/// What the configuration says about how an instance lives.
package struct InstanceSettings: Sendable, Hashable {
    package var lifecycle: WorkerStateMachine.Settings
    package var heartbeatDeadline: Duration
    package var memory: MemoryCeiling
    /// Any program, rather than one built with the worker kit.
    package var isPlain: Bool

    package init(
        lifecycle: WorkerStateMachine.Settings,
        heartbeatDeadline: Duration,
        memory: MemoryCeiling,
        isPlain: Bool
    ) {
        self.lifecycle = lifecycle
        self.heartbeatDeadline = heartbeatDeadline
        self.memory = memory
        self.isPlain = isPlain
    }
}
