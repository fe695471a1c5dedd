import RoostConfig
package import RoostPolicy
import RoostReactor

/// A rolling restart of an instance that is under way.
final class Roll {
    let request: RollRequest
    var machine: RollStateMachine
    /// The serving process at the beginning.
    let incumbent: Int32
    var candidate: Int32?
    /// Under which reason the end of the replaced process is recorded.
    var exitReason: ExitReason
    /// How the serving process has ended, if it has before the candidate was proved.
    var incumbentEnd: (status: ExitStatus, cause: Cause)?
    /// The entry about its beginning.
    var record: UInt64?
    /// Why the candidate was not good enough, and the entry about it.
    var failure: (cause: Cause, record: UInt64)?
    /// Whether the candidate had to go because nothing of the instance was wanted any more.
    var isCalledOff = false
    /// Where the candidate's own sockets are.
    var probes: [Listener] = []

    init(_ request: RollRequest, incumbent: Int32, _ machine: RollStateMachine) {
        self.request = request
        self.incumbent = incumbent
        exitReason = request.stopCause.exitReason
        self.machine = machine
    }
}

/// What is asked for, and who waits for it.
struct RollRequest {
    /// Under which the end of the old process is recorded.
    var stopCause: StopCause
    var cause: Cause
    /// Keys of the handle's `rollWaiters`.
    var waiters: [UInt64]
}

/// How a rolling restart has come out.
package enum RollOutcome: Sendable, Hashable {
    /// The new process serves; the old one finishes what it has.
    case promoted(from: Int32, to: Int32)
    /// The new process was not good enough, for the reason; the old one serves on.
    case failed(reason: String, serving: Int32?)
    /// The old process has ended meanwhile. The new one has taken its place, or an ordinary start follows.
    case incumbentEnded
    /// No process serves that could be replaced; nothing was done.
    case notRunning
    /// It is under way still, or waits for the one before it.
    case notYet
}

/// A step of a rolling restart, for the event stream and the log.
package struct RollNews: Sendable {
    package enum Step: String, Sendable {
        case begun, started, promoted, failed
        case incumbentEnded = "old_process_ended"
        case retired
    }

    package var step: Step
    /// The serving process when it began.
    package var formerPID: Int32
    /// The new process; nil: there is none (yet).
    package var pid: Int32?
    package var cause: StopCause
    /// Of `begun`: why; of `failed`: what was wrong.
    package var reason: String
    /// Of `retired`: how the former process has ended.
    package var exit: LastExit?
}

/// What a candidate is started with.
package struct CandidateRequest: Sendable {
    package var spawn: SpawnRequest
    /// The addresses of the listening sockets that it has for itself, under the names of the listeners.
    package var probes: [Listener]
    /// Runs when the process is there, or not: closes our ends of these sockets.
    package var release: @Sendable () -> Void

    package init(_ spawn: SpawnRequest, probes: [Listener] = [], release: @escaping @Sendable () -> Void = {}) {
        self.spawn = spawn
        self.probes = probes
        self.release = release
    }
}
