/// What a worker instance is doing, as `roost status` names it.
package enum WorkerState: String, Sendable, CaseIterable {
    /// For a dependency, a start slot or the spawn budget.
    case waiting
    /// The process is there and has not said that it is ready.
    case starting
    /// Ready.
    case running
    /// The process was asked to end and is finishing its work.
    case draining
    /// Dead; it is started again after a pause.
    case backoff
    /// Dead too often; it is started again by an operator or a changed configuration or executable only.
    case quarantined
    /// Alive; what it needs is absent. Not a failure.
    case parked
    /// Not wanted.
    case stopped
}

/// Why an incarnation ended, as `last_exit.reason` names it.
package enum ExitReason: String, Sendable, CaseIterable {
    case exited, signaled, hung, memory, startTimeout = "start_timeout", dependency, configuration, upgrade, requested
    case unknown

    /// Of an end that nobody has asked for.
    package init(of status: ExitStatus) {
        self =
            switch status {
            case .code: .exited
            case .signal: .signaled
            case .unknown: .unknown
            }
    }
}

/// How a process ended, as waitid(2) tells it.
package enum ExitStatus: Sendable, Hashable {
    case code(Int32)
    case signal(Int32)
    /// Not our child: the kernel does not say.
    case unknown

    /// Whether a program that ends this way has done its work.
    package var isSuccess: Bool { self == .code(0) }
}

/// Why a running incarnation is asked to end.
package enum StopCause: Sendable, Hashable {
    case requested, hung, memory, startTimeout, dependency, configuration, upgrade

    /// The name under which the exit is recorded.
    package var exitReason: ExitReason {
        switch self {
        case .requested: .requested
        case .hung: .hung
        case .memory: .memory
        case .startTimeout: .startTimeout
        case .dependency: .dependency
        case .configuration: .configuration
        case .upgrade: .upgrade
        }
    }
}
