import CLinux
package import RoostPolicy

/// How the incarnation before ended, as `last_exit` of the status tells it.
package struct LastExit: Sendable, Hashable {
    package var at: WallTime
    package var status: ExitStatus
    package var reason: ExitReason

    package init(at: WallTime, status: ExitStatus, reason: ExitReason) {
        self.at = at
        self.status = status
        self.reason = reason
    }

    /// For logs and events: `killed by signal 9`.
    package var sentence: String {
        switch status {
        case .code(let code): "exited with status \(code)"
        case .signal(let signal): "was ended by signal \(signal) (\(SignalName.of(signal)))"
        case .unknown: "ended, the kernel does not say how"
        }
    }
}

/// Signal names as signal(7) has them.
package enum SignalName {
    package static func of(_ signal: Int32) -> String {
        guard let text = roost_signal_name(signal) else { return "unknown" }
        return "SIG" + String(cString: text)
    }
}
