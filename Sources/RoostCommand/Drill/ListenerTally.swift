/// What came of connecting to one listener again and again.
struct ListenerTally: Equatable {
    /// `proxy.listen`
    let name: String
    let address: String
    /// Whose outcome is known, and those that waited longest without one.
    var attempts = 0
    /// Those that were refused or failed otherwise. Who waits is not one of them.
    var failed = 0
    /// Different reasons, a few.
    var problems: [String] = []

    init(name: String, address: String, attempts: Int = 0, failed: Int = 0, problems: [String] = []) {
        (self.name, self.address, self.attempts, self.failed, self.problems) = (
            name, address, attempts, failed, problems
        )
    }

    mutating func failed(because problem: String) {
        failed += 1
        if problems.count < 4, !problems.contains(problem) { problems.append(problem) }
    }
}
