/// What the program `roostd` is besides the supervisor. Not for people: roostd and its unit call it.
package enum HiddenMode: String {
    case guardian = "--guard"
    case reaper = "--reap"

    /// Looked at before anything else of the arguments.
    package init?(_ arguments: [String]) {
        guard arguments.count == 1, let mode = Self(rawValue: arguments[0]) else { return nil }
        self = mode
    }

    /// Runs it to its end; returns the exit status.
    package func run() -> Int32 {
        switch self {
        case .guardian: Guard.run()
        case .reaper: CgroupReaper.run()
        }
    }
}
