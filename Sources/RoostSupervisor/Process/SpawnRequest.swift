import CLinux

/// A program to start, complete: nothing is inherited that is not named here.
package struct SpawnRequest {
    /// Whom the program runs as.
    package struct User: Sendable, Hashable {
        package var uid: UInt32
        package var gid: UInt32
        package var groups: [UInt32]

        package init(uid: UInt32, gid: UInt32, groups: [UInt32]) {
            self.uid = uid
            self.gid = gid
            self.groups = groups
        }
    }

    /// A resource limit (setrlimit(2)); `RLIM_INFINITY` for none.
    package struct Limit: Sendable, Hashable {
        package var resource: Int32
        package var soft: UInt64
        package var hard: UInt64

        package init(resource: Int32, soft: UInt64, hard: UInt64) {
            self.resource = resource
            self.soft = soft
            self.hard = hard
        }
    }

    package var path: String
    package var arguments: [String]
    /// `NAME=VALUE` each.
    package var environment: [String]
    package var directory: String?
    /// The i-th becomes descriptor i of the program.
    package var descriptors: [Int32]
    /// The descriptors from 3 on are listeners of these names: LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID are set
    /// (sd_listen_fds(3)).
    package var listenerNames: [String] = []
    package var limits: [Limit] = []
    package var nice: Int32?
    package var oomScoreAdjust: Int32?
    package var user: User?
    package var denyNewPrivileges = true

    package init(path: String, arguments: [String], environment: [String], descriptors: [Int32]) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.descriptors = descriptors
    }
}

/// A program that could not be started.
package struct SpawnError: Error, Equatable, CustomStringConvertible {
    package enum Step: Int32, Sendable {
        case clone = 1, group, descriptors, limits, priority, user, directory, exec
    }

    package let path: String
    package let step: Step
    /// The positive `errno` value.
    package let code: Int32

    package var description: String {
        let reason = String(cString: strerror(code))
        return switch step {
        case .clone: "cannot make a process for \(path): \(reason)"
        case .group: "cannot put \(path) into a process group of its own: \(reason)"
        case .descriptors: "cannot hand \(path) its descriptors: \(reason)"
        case .limits: "cannot set the resource limits of \(path): \(reason)"
        case .priority: "cannot set nice value or OOM score of \(path): \(reason)"
        case .user: "cannot change the user for \(path): \(reason)"
        case .directory: "cannot enter the working directory of \(path): \(reason)"
        case .exec: "cannot execute \(path): \(reason)"
        }
    }
}
