extension Supervisor {
    /// Before the first worker: from then on nothing that is started here outlives this supervisor for long, unless
    /// another one comes.
    func startGuard() {
        let keeper = GuardKeeper(invocation.runtimeDirectory, on: reactor) { [unowned self] problem in
            assumeIsolated { $0.say(.error, problem) }
        }
        guardKeeper = keeper
        keeper.start()
    }
}
