/// One assignment of the notify protocol (sd_notify(3)).
package enum Notification: Equatable, Sendable {
    /// `READY=1`: start-up, or a reload, is complete.
    case ready
    /// `STATUS=`: one line for `systemctl status`. Control characters become blanks; cut at `statusLimit` bytes.
    case status(String)
    /// `RELOADING=1` with `MONOTONIC_USEC=`, without which a reload never ends from systemd 253 on. The instant is
    /// CLOCK_MONOTONIC in nanoseconds, taken when the reload began.
    case reloading(since: Int64)
    /// `STOPPING=1`. Final from systemd 259 on: never sent before the stop is certain.
    case stopping
    /// `WATCHDOG=1`: a supervision round has been completed.
    case watchdog
    /// `WATCHDOG=trigger`: asks to be killed and restarted at once, as after a missed watchdog.
    case watchdogTrigger
    /// `EXTEND_TIMEOUT_USEC=`: the present start, stop or run phase may take this much longer, counted from now.
    case extendTimeout(Duration)
    /// `MAINPID=`: the process that systemd watches from now on.
    case mainProcess(Int32)

    /// systemd ignores datagrams above 4096 bytes (NOTIFY_BUFFER_MAX); this leaves room for other assignments.
    static let statusLimit = 2048

    /// The assignment as it is sent, without a line end.
    var text: String {
        switch self {
        case .ready: "READY=1"
        case .status(let line): "STATUS=" + Self.singleLine(line)
        case .reloading(let since): "RELOADING=1\nMONOTONIC_USEC=\(max(0, since) / 1000)"
        case .stopping: "STOPPING=1"
        case .watchdog: "WATCHDOG=1"
        case .watchdogTrigger: "WATCHDOG=trigger"
        case .extendTimeout(let duration): "EXTEND_TIMEOUT_USEC=\(duration.wholeMicroseconds)"
        case .mainProcess(let identifier): "MAINPID=\(identifier)"
        }
    }

    /// A line end would begin another assignment, so no control character is let through.
    private static func singleLine(_ line: String) -> String {
        var result = ""
        var length = 0
        for scalar in line.unicodeScalars {
            length += UTF8.width(scalar)
            guard length <= statusLimit else { break }
            result.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        return result
    }
}

extension Duration {
    /// The duration in microseconds; nothing below zero, and cut at 64 bits.
    var wholeMicroseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (scaled, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : scaled &+ UInt64(attoseconds / 1_000_000_000_000)
    }
}
