package import RoostPolicy

// The causes that roostd itself finds, with their words and figures.
extension Cause {
    /// An operator's verb, or what the console asks on somebody's behalf.
    package static func verb(_ verb: String, by initiator: Initiator, parent: UInt64? = nil) -> Cause {
        Cause(.operator, "\(initiator) asked to \(verb) it", by: initiator, parent: parent)
    }

    /// The process ended without having been asked to. Who sent a signal is not in what the kernel tells a parent
    /// (waitid(2)), so it is never guessed.
    package static func ending(_ exit: LastExit, of id: InstanceID, pid: Int32?) -> Cause {
        switch exit.status {
        case .code(let code):
            Cause(.exit, exit.sentence, by: .worker(id, pid: pid), inputs: [.count("code", code)])
        case .signal(let signal):
            Cause(
                .signal,
                exit.sentence,
                by: .unknown,
                inputs: [.count("signal", signal), .text("signal_name", SignalName.of(signal))]
            )
        case .unknown: Cause(.unknown, exit.sentence, by: .unknown)
        }
    }

    package static func hang(_ reason: HealthStateMachine.Reason, deadline: Duration) -> Cause {
        switch reason {
        case .silent(let duration):
            Cause(
                .missedHeartbeats,
                "missed heartbeats for \(Words.duration(duration)) (deadline \(Words.duration(deadline)))",
                by: .supervisor,
                inputs: [.duration("silent_for", duration), .duration("deadline", deadline)]
            )
        case .stalled(let source, let duration):
            Cause(
                .stalledWork,
                "had work in \(source) and finished none of it for \(Words.duration(duration))",
                by: .supervisor,
                inputs: [.text("source", source), .duration("stalled_for", duration)]
            )
        }
    }

    package static func memory(isHard: Bool, bytes: Int, ceiling: Int?) -> Cause {
        let name = isHard ? "hard" : "soft"
        let limit = ceiling.map { ", which is \(Words.size($0))" } ?? ""
        return Cause(
            isHard ? .memoryHard : .memorySoft,
            "used \(Words.size(bytes)) of memory, above its \(name) ceiling\(limit)",
            by: .supervisor,
            inputs: [.size("resident", bytes)] + (ceiling.map { [.size("ceiling", $0)] } ?? [])
        )
    }

    package static func startTimeout(_ limit: Duration) -> Cause {
        Cause(
            .startTimeout,
            "was not ready within \(Words.duration(limit))",
            by: .supervisor,
            inputs: [.duration("start_timeout", limit)]
        )
    }

    /// The error says what could not be started, and why.
    package static func spawnFailure(_ error: any Error) -> Cause {
        Cause(.spawnFailure, "could not be started: \(error)", by: .supervisor)
    }
}
