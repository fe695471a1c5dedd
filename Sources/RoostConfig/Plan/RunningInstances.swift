/// What a plan has to know of the present, handed in by whoever knows it.
package struct RunningInstances: Sendable, Equatable {
    package struct Instance: Sendable, Equatable {
        package var number: Int
        /// False: an operator has stopped it, or its restart rule has let it end.
        package var isWanted = true
        package var hasProcess = true
        /// On its way out for good, as after a `scale` down.
        package var isLeaving = false
        /// Quarantined, or waiting before its next try.
        package var isHeldBack = false
        /// Its program's file is not the one that it was started from.
        package var hasNewExecutable = false
        /// Started with the next configuration already.
        package var hasBegunAnew = false
        /// It takes changes over in the running process, and is connected to be told.
        package var isReachable = true
        /// It agreed to switch and did not.
        package var hasFailedToSwitch = false

        package init(_ number: Int) { self.number = number }
    }

    /// By worker name.
    package var instances: [String: [Instance]]
    /// Instance counts that `roost scale` has set and that hold in the next configuration.
    package var scaled: [String: Int]

    package init(_ instances: [String: [Instance]] = [:], scaled: [String: Int] = [:]) {
        self.instances = instances
        self.scaled = scaled
    }

    /// A worker's instances as a configuration alone has them: all of them run.
    package init(all configuration: Configuration) {
        self.init()
        for worker in configuration.workers { instances[worker.name] = (0..<worker.instances).map { Instance($0) } }
    }

    /// The counts that outlive a change: what `scale` has set holds until the configuration says another number.
    package static func scaled(
        _ scaled: [String: Int],
        from current: Configuration,
        to next: Configuration
    ) -> [String: Int] {
        scaled.filter { name, _ in
            guard let worker = next.workers.first(where: { $0.name == name }) else { return false }
            return current.workers.first { $0.name == name }?.instances == worker.instances
        }
    }
}
