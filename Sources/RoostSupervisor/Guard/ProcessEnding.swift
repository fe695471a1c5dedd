import CLinux
import Glibc
import RoostPolicy

/// Ends processes that are not our children: SIGTERM, time, SIGKILL, until nobody is left.
enum ProcessEnding {
    /// Sends a signal to the process, and to no later one with its number.
    static func signal(_ signal: Int32, _ pid: Int32, startTime: UInt64) {
        let pidfd = roost_pidfd_open(pid)
        guard pidfd >= 0 else { return }
        defer { close(pidfd) }
        // First hold on to the process, then see which one it is.
        guard ProcessCensus.Entry(pid: pid)?.startTime == startTime else { return }
        _ = roost_pidfd_send_signal(pidfd, signal)
    }

    /// Asks to end; a stopped process goes on, so that it can.
    static func ask(_ pid: Int32, startTime: UInt64) {
        signal(SIGTERM, pid, startTime: startTime)
        signal(SIGCONT, pid, startTime: startTime)
    }

    /// Ends everybody that `remaining` names (start times by pid; asked again and again), and says whether nobody is left.
    ///
    /// - Parameters:
    ///   - mayAsk: who gets SIGTERM now; the others are left alone until they are killed.
    ///   - killTime: when SIGKILL comes.
    static func endAll(
        killingAt killTime: MonotonicInstant,
        mayAsk: (Int32) -> Bool = { _ in true },
        remaining: () -> [Int32: UInt64]
    ) -> Bool {
        var asked: [Int32: UInt64] = [:]
        // What does not go within a second of SIGKILL hangs in the kernel, and nobody can help it.
        let end = killTime.advanced(by: .seconds(1))
        while true {
            let left = remaining()
            if left.isEmpty { return true }
            let now = MonotonicInstant(nanoseconds: roost_monotonic_now())
            guard now < end else { return false }
            for (pid, startTime) in left {
                if now >= killTime {
                    signal(SIGKILL, pid, startTime: startTime)
                } else if asked[pid] != startTime, mayAsk(pid) {
                    asked[pid] = startTime
                    ask(pid, startTime: startTime)
                }
            }
            usleep(now >= killTime ? 5_000 : 20_000)
        }
    }
}
