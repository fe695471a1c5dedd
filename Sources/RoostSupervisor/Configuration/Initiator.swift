/// Who caused something, as far as it can be known.
package enum Initiator: Sendable, Hashable, CustomStringConvertible {
    /// Somebody at the control socket, and for whom it asks if it serves others.
    case peer(uid: UInt32, pid: Int32, onBehalfOf: String)
    case signal(String, pid: Int32, uid: UInt32? = nil)
    /// A changed file.
    case watch
    case boot
    /// Roostd itself, by its rules.
    case supervisor
    /// An instance, by what its process did.
    case worker(InstanceID, pid: Int32?)
    /// The service manager, for this unit.
    case unit(String)
    /// A configuration generation.
    case generation(UInt64)
    /// It is not told, and not guessed.
    case unknown

    package var description: String {
        switch self {
        case .peer(let uid, let pid, ""): "uid \(uid) (pid \(pid))"
        case .peer(let uid, let pid, let other): "\(other) through uid \(uid) (pid \(pid))"
        case .signal(let name, 0, _): "\(name) from the kernel"
        case .signal(let name, let pid, let uid?): "\(name) from uid \(uid) (pid \(pid))"
        case .signal(let name, let pid, nil): "\(name) from pid \(pid)"
        case .watch: "a changed file"
        case .boot: "start of roostd"
        case .supervisor: "roostd"
        case .worker(let id, let pid?): "\(id) (pid \(pid))"
        case .worker(let id, nil): "\(id)"
        case .unit(let name): "systemd (\(name))"
        case .generation(let generation): "configuration generation \(generation)"
        case .unknown: "unknown"
        }
    }
}
