/// Who caused a change.
package enum Initiator: Sendable, Hashable, CustomStringConvertible {
    /// Somebody at the control socket, and for whom it asks if it serves others.
    case peer(uid: UInt32, pid: Int32, onBehalfOf: String)
    case signal(String, pid: Int32)
    /// A changed file.
    case watch
    case boot

    package var description: String {
        switch self {
        case .peer(let uid, let pid, ""): "uid \(uid) (pid \(pid))"
        case .peer(let uid, let pid, let other): "\(other) through uid \(uid) (pid \(pid))"
        case .signal(let name, let pid): "\(name) from pid \(pid)"
        case .watch: "a changed file"
        case .boot: "start of roostd"
        }
    }
}
