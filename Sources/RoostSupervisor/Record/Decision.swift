package import RoostPolicy

/// What was decided, and the figures that the decision went by.
package struct Decision: Sendable, Hashable {
    /// The words are for ever, as those of `Cause.Kind`.
    package enum What: String, Sendable, CaseIterable {
        case restartAtOnce = "restart_at_once"
        /// After a pause.
        case restartLater = "restart_later"
        /// Nothing follows: it has done its work, or is to run once only.
        case finish
        case quarantine
        case escalate
        /// Nothing follows: it is not wanted.
        case stop
        /// Everything goes on as it was.
        case keep
        case unknown
    }

    package var what: What
    package var inputs: [Input]

    package init(_ what: What, _ inputs: [Input] = []) {
        self.what = what
        self.inputs = inputs
    }
}

extension Decision {
    /// What the state machine has made of the end of a process.
    package init(_ aftermath: WorkerStateMachine.Aftermath) {
        switch aftermath {
        case .unwanted: self.init(.stop, [.text("ground", "unwanted")])
        case .askedFor: self.init(.restartAtOnce, [.text("ground", "asked_for")])
        case .replaced: self.init(.restartAtOnce, [.text("ground", "replaced")])
        case .ruled(let ruling): self.init(ruling)
        }
    }

    /// What the restart policy has decided.
    package init(_ ruling: RestartPolicy.Ruling) {
        let settings = ruling.settings
        var inputs: [Input] = [
            .text("ground", ruling.ground.rawValue), .text("rule", settings.rule.rawValue),
            .count("streak", ruling.streak), .count("failures", ruling.failures),
            .count("intensity", settings.intensity), .duration("period", settings.period),
            .duration("healthy_after", settings.healthyAfter),
        ]
        if let readyFor = ruling.ending.readyFor { inputs.append(.duration("ready_for", readyFor)) }
        switch ruling.decision {
        case .restart(after: .zero): self.init(.restartAtOnce, inputs)
        case .restart(let pause):
            inputs += [
                .duration("backoff", pause), .duration("backoff_base", settings.backoff.base),
                .duration("backoff_max", settings.backoff.max),
            ]
            self.init(.restartLater, inputs)
        case .finished: self.init(.finish, inputs)
        case .quarantine: self.init(.quarantine, inputs)
        case .escalate: self.init(.escalate, inputs)
        }
    }
}
