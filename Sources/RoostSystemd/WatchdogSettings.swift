import Glibc

/// What the service manager expects of this process's watchdog (sd_watchdog_enabled(3)).
package struct WatchdogSettings: Equatable, Sendable {
    /// The manager acts when no ping has come for this long (`WatchdogSec=`).
    package let timeout: Duration

    /// How often to ping: a third of the timeout, so that two pings may be lost, with no lower bound.
    package var interval: Duration { timeout / 3 }

    package init(timeout: Duration) { self.timeout = timeout }

    /// Reads `WATCHDOG_USEC` and `WATCHDOG_PID`.
    ///
    /// - Parameter lookUp: gives an environment variable's value.
    /// - Returns: nil where the watchdog is off, is another process's, or is not a positive number.
    package init?(processID: Int32, lookUp: (String) -> String?) {
        guard let microseconds = lookUp("WATCHDOG_USEC").flatMap(Int64.init), microseconds > 0 else { return nil }
        if let owner = lookUp("WATCHDOG_PID"), Int32(owner) != processID { return nil }
        timeout = .microseconds(microseconds)
    }

    /// The settings in this process's environment.
    package static func inherited() -> WatchdogSettings? {
        WatchdogSettings(processID: getpid()) { name in unsafe getenv(name).map { unsafe String(cString: $0) } }
    }
}
