package import RoostPolicy

/// What is known of a process that has ended as nobody wanted it to, or of a start that failed. Used on the loop only.
package final class FlightReport: @unchecked Sendable {  // made, completed and written on the loop
    package let id: InstanceID
    package let at: WallTime
    package let instant: MonotonicInstant
    /// Nil: no process has come up.
    package let exit: LastExit?
    package let cause: Cause
    package let log: FlightLog
    /// Which file the process was started from.
    package var stamp: ExecutableStamp?
    /// The entry of the causal record about the end; nil as long as there is none.
    package var record: UInt64?
    /// Of the configuration.
    package var generation: UInt64

    package init(
        _ id: InstanceID,
        at: WallTime,
        instant: MonotonicInstant,
        exit: LastExit?,
        because cause: Cause,
        _ log: FlightLog
    ) {
        self.id = id
        self.at = at
        self.instant = instant
        self.exit = exit
        self.cause = cause
        self.log = log
        generation = log.generation
    }
}

extension LastExit {
    /// Whether nobody has asked for such an end, neither people nor the configuration nor the program itself.
    ///
    /// - Parameter cause: what the process was told to end for.
    func isAbnormal(toldBecause cause: Cause.Kind?) -> Bool {
        switch reason {
        case .exited: !status.isSuccess || cause == .rollFailed
        case .signaled, .hung, .startTimeout, .unknown: true
        case .memory: cause == .memoryHard || hasCrashed
        case .dependency, .configuration, .upgrade, .requested: hasCrashed
        }
    }

    /// Ended by a signal that nobody sends to have a process end.
    private var hasCrashed: Bool {
        guard case .signal(let signal) = status else { return false }
        return !["SIGTERM", "SIGKILL", "SIGINT", "SIGHUP"].contains(SignalName.of(signal))
    }
}
