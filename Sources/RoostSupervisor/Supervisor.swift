import CLinux
import Glibc
package import RoostConfig
import RoostJSON
package import RoostPolicy
package import RoostProtocol
package import RoostReactor
import RoostSystemd

/// The host's supervisor: owns the configuration, the listeners and a `WorkerHandle` per instance, and decides who
/// starts when. What a single instance does is the handle's business; what is asked from outside is `ControlService`'s.
///
/// The extensions follow its life: booting, workers, reloading, the tick, stopping.
package actor Supervisor {
    /// What it is doing, as `supervisor.state` of the status names it.
    package enum Phase: String, Sendable { case starting, running, reloading, stopping }

    package static let version = Release.version

    package nonisolated let reactor: Reactor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
    package nonisolated let invocation: Invocation
    package nonisolated let installation: Installation
    package nonisolated let startedAt: MonotonicInstant

    package let logs: LogBook
    package let events: Feed<RoostProtocol.Event>
    let listeners = ListenerTable()
    let notifier: Notifier
    /// What outlives this process.
    let descriptors: DescriptorStore
    var stateFile: StateFile?
    /// Whether a save is due before the loop waits.
    var isSaving = false
    /// Workers whose listeners only their own processes hold: nothing of theirs is started until they give them back.
    var awaited: Set<String> = []
    let watchdog = WatchdogSettings.inherited()

    package internal(set) var phase = Phase.starting
    package internal(set) var configuration: Configuration?
    package internal(set) var generation: UInt64 = 0
    /// Of the configuration in force.
    var digest: [UInt8] = []
    /// Why the files as they are now do not run; empty when they do.
    package internal(set) var problems: [String] = []

    /// One per instance that exists, wanted or not.
    var handles: [InstanceID: WorkerHandle] = [:]
    /// Instance counts that `scale` has set over the configuration's.
    var scaled: [String: Int] = [:]
    var admission: AdmissionQueue<InstanceID>
    var isAdmitting = false
    var admissionTimer: TimerToken?
    /// The sockets `RUNTIME/NAME.sock`, held over the workers' lives.
    var workerSockets: [String: SharedDescriptor] = [:]
    /// What each worker starts with, of the generation in force.
    var configurationFiles: [String: SharedDescriptor] = [:]
    /// Whether this process is there for the supervisor alone, so that every child that it has not started is a stray.
    let isSubreaper: Bool
    /// The runs of `roost-config` and of the workers' `--check`.
    let helpers = HelperRuns()
    let nullDevice = roost_open("/dev/null", O_RDWR, 0)
    /// The executable that each instance was last started from.
    var stamps: [InstanceID: ExecutableStamp] = [:]
    /// The configuration generation that each instance was last started with.
    var begunWith: [InstanceID: UInt64] = [:]
    /// The same two facts of the process beside an instance's serving one.
    var candidates: [InstanceID: (stamp: ExecutableStamp?, generation: UInt64)] = [:]
    /// Instances whose processes are to be replaced because of their configuration or program, and have not been yet.
    var renewals: [InstanceID: StopCause] = [:]
    /// Whether workers are being told of the generation in force.
    var isSwitching = false
    /// Instances that ran when this supervisor was told to stop: whoever comes after its death in the middle of that is
    /// started to run them.
    var wantedAtStop: Set<InstanceID> = []
    /// Instances that go when they have ended, unless they are wanted again before.
    var retiring: Set<InstanceID> = []

    var store: GenerationStore
    /// Why everything was done.
    let record: CausalRecord
    /// The record's entry that this roostd has started.
    var bootRecord: UInt64?
    /// The last refusal of somebody without leave that went into the record.
    var refused: (uid: UInt32, at: MonotonicInstant)?
    var watcher: FileWatcher?
    var watched: [FileIdentity] = []
    var watchTimer: TimerToken?
    var reloadQueue = SerialQueue()
    /// Plans wait for each other, and no reload for them.
    var planQueue = SerialQueue()
    var drift = ConfigurationDrift()

    var nextTick = MonotonicInstant(nanoseconds: 0)
    var tickTimer: TimerToken?
    var tickCount: UInt64 = 0
    var lastStatus = ""
    /// Pending while the status line may have changed and was not told yet.
    var statusTimer: TimerToken?
    var strays: StrayReaper?
    /// Ends what this process leaves if it dies for good.
    var guardKeeper: GuardKeeper?
    var notifications: NotifySocket?
    /// Called once, with the exit status, when everything has ended.
    var finish: (@Sendable (Int32) -> Void)?
    var exitStatus: Int32 = 0
    /// Called once, when everything that can has come up.
    var announce: (@Sendable ([Listener]) -> Void)?

    package init(
        _ reactor: Reactor,
        invocation: Invocation,
        installation: Installation,
        logs: LogBook,
        events: Feed<RoostProtocol.Event>,
        isSubreaper: Bool = false,
        inherited: [(name: String, number: Int32)] = []
    ) {
        let notifier = Notifier()
        self.notifier = notifier
        descriptors = DescriptorStore(notifier, inherited: inherited)
        self.reactor = reactor
        self.invocation = invocation
        self.installation = installation
        self.logs = logs
        self.isSubreaper = isSubreaper
        startedAt = reactor.now
        self.events = events
        admission = AdmissionQueue(settings: .init(), at: reactor.now)
        store = GenerationStore(stateDirectory: invocation.stateDirectory, limit: 50)
        record = CausalRecord(reactor, stateDirectory: invocation.stateDirectory, limit: 4 << 20) {
            logs.append(Self.line($0, $1))
        }
    }

    /// Has `action` called once, with the listeners, when everything that can has come up.
    package func whenReady(_ action: @escaping @Sendable ([Listener]) -> Void) { announce = action }

    /// Has `action` called once, with the exit status, when everything has ended.
    package func whenEnded(_ action: @escaping @Sendable (Int32) -> Void) { finish = action }

    /// Every instance in the order of the configuration.
    package var instances: [WorkerHandle] {
        let order = configuration?.workers.map(\.name) ?? []
        return handles.values.sorted {
            let left = (order.firstIndex(of: $0.id.name) ?? .max, $0.id.name, $0.id.instance)
            let right = (order.firstIndex(of: $1.id.name) ?? .max, $1.id.name, $1.id.instance)
            return left < right
        }
    }

    /// The instance's state, read without suspending: all handles live on this reactor.
    nonisolated func state(of handle: WorkerHandle) -> RoostPolicy.WorkerState {
        handle.assumeIsolated { $0.state }
    }

    func specification(_ name: String) -> WorkerSpecification? {
        configuration?.workers.first { $0.name == name }
    }
}

// MARK: - Speaking

extension Supervisor {
    /// A log line of the supervisor itself.
    func say(_ level: LogLevel, _ message: String, _ metadata: JSONObject = [:]) {
        var line = Self.line(level, message)
        line.metadata = metadata
        logs.append(line)
    }

    private static func line(_ level: LogLevel, _ message: String) -> LogRecord {
        let source = LogRecord.Source(name: "roostd", instance: 0, pid: getpid())
        let time = WallTime(nanoseconds: roost_wall_now())
        return LogRecord(time: time, level: level, source: source, category: "supervisor", message: message)
    }

    @discardableResult
    func tell(_ kind: Event.Kind, _ data: JSONObject) -> UInt64 {
        events.append(RoostProtocol.Event(Event(kind, time: WallTime(nanoseconds: roost_wall_now()), data: data)))
    }
}
