/// Users, groups and programs of the machine, as the checks ask for them. A struct of closures, since tests have others.
package struct Machine: Sendable {
    /// A user with all its groups, or nil.
    package var user: @Sendable (String) -> WorkerSpecification.Account?
    /// A group's number, or nil.
    package var group: @Sendable (String) -> UInt32?
    /// True where `roost-NAME` is installed.
    package var hasWorker: @Sendable (String) -> Bool

    package init(
        user: @escaping @Sendable (String) -> WorkerSpecification.Account?,
        group: @escaping @Sendable (String) -> UInt32?,
        hasWorker: @escaping @Sendable (String) -> Bool
    ) {
        self.user = user
        self.group = group
        self.hasWorker = hasWorker
    }
}
