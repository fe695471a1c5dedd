import CLinux
import Glibc

/// The supervisor's own scheduling priority: on a host whose CPUs are all busy, a dead worker waits for its replacement
/// no longer than it takes to spawn one. Workers get the priority that roostd was started with, or the usual one where
/// the unit has raised it.
enum Priority {
    private static let raised: Int32 = -10

    /// What workers get; nil: what roostd has.
    nonisolated(unsafe) private(set) static var original: Int32?  // written once, before the loop runs

    /// For the program that takes this process over, which would find the raised one.
    static let variable = "ROOST_PRIORITY"

    /// Does nothing where that is not allowed (setpriority(2), EACCES): under systemd the unit does it.
    static func raise() {
        if let handed = getenv(variable).map({ String(cString: $0) }) {
            unsetenv(variable)
            original = Int32(handed)
            return
        }
        let present = roost_nice()
        guard present > raised else {
            original = 0
            return
        }
        if roost_set_nice(raised) == 0 { original = present }
    }
}
