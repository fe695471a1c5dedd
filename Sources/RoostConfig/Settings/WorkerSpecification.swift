/// One entry of `workers`: what the supervisor starts, watches and restarts, and how. OTP calls it a child spec.
package struct WorkerSpecification: Sendable, Equatable {
    /// What is executed.
    package enum Program: Sendable, Equatable {
        /// A worker that speaks the wire protocol; nil: `roost-NAME` beside `roostd` or in `../libexec/roost`.
        case worker(executable: String?)
        /// A plain program and its arguments; it has no heartbeat and may say that it is ready by sd_notify. A first
        /// element without `/` is looked for on PATH.
        case plain([String])
    }

    package enum Restart: String, Sendable { case permanent, transient, temporary }

    package enum Strategy: String, Sendable {
        case oneForOne = "one_for_one"
        case restForOne = "rest_for_one"
        case oneForAll = "one_for_all"
    }

    /// More than `restarts` failures within `period` are a crash loop.
    package struct Intensity: Sendable, Equatable {
        package enum Consequence: String, Sendable { case quarantine, escalate }

        package var restarts: Int
        package var period: Duration
        package var then: Consequence

        package init(restarts: Int, period: Duration, then: Consequence) {
            self.restarts = restarts
            self.period = period
            self.then = then
        }
    }

    /// Bounds of the wait before a restart. `base` is not above `maximum`.
    package struct Backoff: Sendable, Equatable {
        package var base: Duration
        package var maximum: Duration

        package init(base: Duration, maximum: Duration) {
            self.base = base
            self.maximum = maximum
        }
    }

    /// `interval` is below `deadline`.
    package struct Heartbeat: Sendable, Equatable {
        package var interval: Duration
        package var deadline: Duration

        package init(interval: Duration, deadline: Duration) {
            self.interval = interval
            self.deadline = deadline
        }
    }

    /// Resident bytes of an instance; `soft` is below `hard` where both are there.
    package struct Memory: Sendable, Equatable {
        package var soft: Int?
        package var hard: Int?

        package init(soft: Int? = nil, hard: Int? = nil) {
            self.soft = soft
            self.hard = hard
        }
    }

    /// Who a process runs as, looked up when the configuration was read.
    package struct Account: Sendable, Equatable {
        package var name: String
        package var user: UInt32
        package var group: UInt32
        /// All groups of the user, `group` included.
        package var groups: [UInt32]

        package init(name: String, user: UInt32, group: UInt32, groups: [UInt32]) {
            self.name = name
            self.user = user
            self.group = group
            self.groups = groups
        }
    }

    /// setrlimit(2), soft and hard alike; nil is inherited.
    package struct ResourceLimits: Sendable, Equatable {
        package var openFiles: UInt64?
        package var processes: UInt64?
        package var core: UInt64?
        package var fileSize: UInt64?
        package var addressSpace: UInt64?
        package var stack: UInt64?
        package var lockedMemory: UInt64?

        package init(
            openFiles: UInt64? = nil,
            processes: UInt64? = nil,
            core: UInt64? = nil,
            fileSize: UInt64? = nil,
            addressSpace: UInt64? = nil,
            stack: UInt64? = nil,
            lockedMemory: UInt64? = nil
        ) {
            self.openFiles = openFiles
            self.processes = processes
            self.core = core
            self.fileSize = fileSize
            self.addressSpace = addressSpace
            self.stack = stack
            self.lockedMemory = lockedMemory
        }
    }

    /// The variables that a process gets, beside those that the supervisor sets itself.
    package struct Environment: Sendable, Equatable {
        /// Names that every process is passed.
        package static let alwaysPassed = ["PATH", "LANG", "LC_ALL", "TZ"]

        /// Names of `roostd`'s variables to pass on where they are set, without those that `set` has.
        package var pass: [String]
        package var set: [Variable]

        package init(pass: [String], set: [Variable]) {
            self.pass = pass
            self.set = set
        }
    }

    package struct Variable: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var name: String
    package var program: Program
    /// Absolute; nil: that of `roostd`.
    package var directory: String?
    package var instances: Int
    package var restart: Restart
    package var strategy: Strategy
    /// Workers with one group belong together, in the order of the file.
    package var strategyGroup: String
    package var intensity: Intensity
    package var backoff: Backoff
    package var healthyAfter: Duration
    /// Nil for a plain program.
    package var heartbeat: Heartbeat?
    package var startTimeout: Duration
    package var drain: Duration
    package var stopTimeout: Duration
    package var memory: Memory
    /// Other workers of this configuration, without circles.
    package var after: [String]
    /// Nil: as `roostd`.
    package var account: Account?
    package var environment: Environment
    package var nice: Int
    package var oomScoreAdjust: Int
    package var limits: ResourceLimits
    /// Bound by the supervisor and inherited by every instance.
    package var listeners: [Listener]
}

/// A listener of a worker.
package struct Listener: Sendable, Hashable {
    /// The key of the configuration, and the name in LISTEN_FDNAMES: `proxy.listen`. Several listeners may share it.
    package var name: String
    package var address: ListenAddress

    package init(name: String, address: ListenAddress) {
        self.name = name
        self.address = address
    }
}
