package import RoostConfig
package import RoostIPC
package import RoostProtocol

/// What a caller of the control socket may do. Each level includes the ones before.
package enum AccessLevel: Int, Sendable, Comparable {
    case none, observe, operate, admin

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// What a peer may do: root and roostd's own user everything, others by their groups. Decided by what the kernel says
    /// of the peer (unix(7), SO_PEERCRED and SO_PEERGROUPS), not by what it says of itself.
    package init(of peer: PeerCredentials, own uid: UInt32, _ settings: ControlSettings) {
        func isMember(_ group: ControlSettings.Group) -> Bool {
            guard let identifier = group.identifier else { return false }
            return peer.gid == identifier || peer.groups.contains(identifier)
        }
        if peer.uid == 0 || peer.uid == uid || isMember(settings.admin) {
            self = .admin
        } else if isMember(settings.operate) {
            self = .operate
        } else if isMember(settings.observe) {
            self = .observe
        } else {
            self = .none
        }
    }

    /// What a method of the control socket asks for; nil: it is none of its methods.
    package static func needed(for method: Method) -> AccessLevel? {
        switch method {
        case .echo, .status, .configShow, .configHistory, .doctor, .plan, .metrics, .why, .logs, .events: .observe
        case .restart, .stop, .start, .scale, .reload, .drill: .operate
        case .configRollback: .admin
        default: nil
        }
    }

    /// What a plan asks for. The faults of a file tell what is in it, and roostd may read what its caller may not:
    /// another file than `own`, roostd's, is for those who may change the configuration.
    package static func needed(for plan: PlanRequest, own: String) -> AccessLevel {
        plan.file.isEmpty || plan.file == own ? .observe : .admin
    }

    /// What a drill asks for.
    package static func needed(for drill: DrillRequest) -> AccessLevel {
        drill.fault == .supervisorKill ? .admin : .operate
    }

    /// The group that gives the level.
    package func group(_ settings: ControlSettings) -> String {
        switch self {
        case .none, .observe: settings.observe.name
        case .operate: settings.operate.name
        case .admin: settings.admin.name
        }
    }
}
