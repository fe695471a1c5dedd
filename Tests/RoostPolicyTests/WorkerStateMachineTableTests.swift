import RoostPolicy
import Testing

/// Every phase meets every event. A cell says what comes of it: `.` nothing, `!` the caller has broken the protocol and
/// the program ends, otherwise the next stage and after the colon the actions.
@Suite("WorkerStateMachine, the whole table") struct WorkerStateMachineTableTests {
    @Test("each event in each phase", arguments: Stage.allCases, Happening.allCases)
    func cell(stage: Stage, happening: Happening) throws {
        let expected = try #require(Self.table[stage])[happening.column]
        guard expected != "!" else { return }  // `refused` covers it
        var (machine, now) = stage.machine()
        let actions = machine.handle(happening.event, at: now, random: 0.5)
        let stageAfter = describe(machine)
        let outcome = stageAfter == stage.rawValue && actions.isEmpty ? "." : "\(stageAfter):\(describe(actions))"
        #expect(outcome == expected)
    }

    @Test(
        "what cannot happen ends the program",
        arguments: Stage.allCases.flatMap { stage in
            Happening.allCases.filter { table[stage]?[$0.column] == "!" }.map { (stage, $0) }
        }
    )
    func refused(stage: Stage, happening: Happening) async {
        await #expect(processExitsWith: .failure) { [stage = stage as Stage, happening = happening as Happening] in
            var (machine, now) = stage.machine()
            _ = machine.handle(happening.event, at: now, random: 0.5)
        }
    }

    /// In the order of `Happening.allCases`.
    static let table: [Stage: [String]] = [
        .stopped: [
            "waiting: request", ".", "waiting: request", ".", ".", "!", "!",
            ".", ".", ".", ".", ".", "!", ".",
        ],
        .waiting: [
            ".", "stopped: withdraw", ".", ".", "spawning: spawn", "!", "!",
            ".", ".", ".", ".", ".", "!", ".",
        ],
        .spawning: [
            ".", "spawning, unwanted:", ".", ".", ".", "starting:", "waiting: report request",
            ".", ".", ".", ".", ".", "!", ".",
        ],
        .spawningUnwanted: [
            "spawning:", ".", "spawning:", ".", ".", "terminating, unwanted: TERM", "stopped:",
            ".", ".", ".", ".", ".", "!", ".",
        ],
        .starting: [
            ".", "terminating, unwanted: TERM", "terminating: TERM", ".", ".", "!", "!",
            "running:", "parked:", "aborting: ABRT", "terminating: TERM", "killing: KILL", "waiting: report request",
            "terminating: TERM",
        ],
        .running: [
            ".", "draining, unwanted: drain", "draining: drain", ".", ".", "!", "!",
            ".", "parked:", "aborting: ABRT", "draining: drain", "killing: KILL", "waiting: report request", ".",
        ],
        .parked: [
            ".", "terminating, unwanted: TERM", "terminating: TERM", ".", ".", "!", "!",
            "running:", ".", "aborting: ABRT", "terminating: TERM", "killing: KILL", "waiting: report request", ".",
        ],
        .draining: [
            ".", "draining, unwanted:", ".", ".", ".", "!", "!",
            ".", ".", ".", ".", "killing: KILL", "waiting: request", "terminating: TERM",
        ],
        .drainingUnwanted: [
            "draining:", ".", "draining:", ".", ".", "!", "!",
            ".", ".", ".", ".", "killing, unwanted: KILL", "stopped:", "terminating, unwanted: TERM",
        ],
        .terminating: [
            ".", "terminating, unwanted:", ".", ".", ".", "!", "!",
            ".", ".", ".", ".", "killing: KILL", "waiting: request", "killing: KILL",
        ],
        .aborting: [
            ".", "aborting, unwanted:", ".", ".", ".", "!", "!",
            ".", ".", ".", ".", "killing: KILL", "waiting: report request", "killing: KILL",
        ],
        .killing: [
            ".", "killing, unwanted:", ".", ".", ".", "!", "!",
            ".", ".", ".", ".", ".", "waiting: report request", "killing: KILL",
        ],
        .backoff: [
            "waiting: request", "stopped:", "waiting: request", "waiting: request", ".", "!", "!",
            ".", ".", ".", ".", ".", "!", "waiting: request",
        ],
        .quarantined: [
            "waiting: request", "stopped:", "waiting: request", "waiting: request", ".", "!", "!",
            ".", ".", ".", ".", ".", "!", ".",
        ],
    ]

    /// The columns of the table.
    enum Happening: String, CaseIterable, Codable {
        case start, stop, restart, changed, admitted, spawned, spawnFailed
        case ready, parked, hung, softMemory, hardMemory, exited, deadlinePassed

        var column: Int { Self.allCases.firstIndex(of: self) ?? 0 }

        var event: WorkerStateMachine.Event {
            switch self {
            case .start: .start
            case .stop: .stop(.requested)
            case .restart: .restart(.configuration)
            case .changed: .changed
            case .admitted: .admitted
            case .spawned: .spawned
            case .spawnFailed: .spawnFailed
            case .ready: .ready
            case .parked: .parked
            case .hung: .hung
            case .softMemory: .memoryExceeded(isHard: false)
            case .hardMemory: .memoryExceeded(isHard: true)
            case .exited: .exited(.code(1))
            case .deadlinePassed: .deadlinePassed
            }
        }
    }

    /// The rows of the table.
    enum Stage: String, CaseIterable, Codable {
        case stopped, waiting, spawning, starting, running, parked
        case draining, terminating, aborting, killing, backoff, quarantined
        case spawningUnwanted = "spawning, unwanted"
        case drainingUnwanted = "draining, unwanted"

        private static let toRunning: [WorkerStateMachine.Event] = [.start, .admitted, .spawned, .ready]

        private var path: [WorkerStateMachine.Event] {
            let crash: [WorkerStateMachine.Event] = [.admitted, .spawned, .exited(.code(1))]
            return switch self {
            case .stopped: []
            case .waiting: [.start]
            case .spawning: [.start, .admitted]
            case .spawningUnwanted: [.start, .admitted, .stop(.requested)]
            case .starting: [.start, .admitted, .spawned]
            case .running: Self.toRunning
            case .parked: Self.toRunning + [.parked]
            case .draining: Self.toRunning + [.restart(.requested)]
            case .drainingUnwanted: Self.toRunning + [.stop(.requested)]
            case .terminating: [.start, .admitted, .spawned, .restart(.requested)]
            case .aborting: Self.toRunning + [.hung]
            case .killing: Self.toRunning + [.memoryExceeded(isHard: true)]
            case .backoff: [.start] + crash + crash
            case .quarantined: [.start] + crash + crash
            }
        }

        /// A machine in this stage, and an instant at which a deadline that it has is due.
        func machine() -> (WorkerStateMachine, MonotonicInstant) {
            var settings = WorkerStateMachine.Settings()
            if self == .quarantined { settings.restart.intensity = 1 }
            var machine = WorkerStateMachine(settings: settings)
            let now = MonotonicInstant(nanoseconds: 1_000_000_000)
            for event in path { _ = machine.handle(event, at: now, random: 0.5) }
            precondition(describe(machine) == rawValue, "the path to \(rawValue) leads to \(machine.phase)")
            return (machine, machine.deadline ?? now)
        }
    }
}

private func describe(_ machine: WorkerStateMachine) -> String {
    let name =
        switch machine.phase {
        case .spawning: "spawning"
        case .ending(let teardown, _, _): "\(teardown)"
        case .stopped, .waiting, .starting, .running, .parked, .backoff, .quarantined: machine.state.rawValue
        }
    return machine.isWanted || machine.phase == .stopped ? name : name + ", unwanted"
}

private func describe(_ actions: [WorkerStateMachine.Action]) -> String {
    actions.map { action in
        switch action {
        case .requestAdmission: " request"
        case .withdrawAdmission: " withdraw"
        case .spawn: " spawn"
        case .drain: " drain"
        case .signal(.abort): " ABRT"
        case .signal(.kill): " KILL"
        case .signal(.terminate): " TERM"
        case .reportFailure: " report"
        case .escalate: " escalate"
        }
    }.joined()
}
