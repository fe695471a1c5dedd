/// The order in which workers start, from what each comes `after`; stopping goes the other way round.
package struct StartOrder: Sendable, Hashable {
    /// Names that can start together, in order.
    package let phases: [[String]]

    /// Why there is no order.
    package enum Fault: Error, Hashable {
        /// `name` comes after `dependency`, which does not exist.
        case unknown(name: String, dependency: String)
        /// The names depend on each other in a circle.
        case cycle([String])
    }

    /// `dependencies` gives for each name what it comes after; `names` gives the order inside a phase.
    package init(names: [String], dependencies: [String: [String]]) throws(Fault) {
        let known = Set(names)
        for name in names {
            for dependency in dependencies[name] ?? [] where !known.contains(dependency) {
                throw .unknown(name: name, dependency: dependency)
            }
        }
        var left = names
        var placed: Set<String> = []
        var phases: [[String]] = []
        while !left.isEmpty {
            let phase = left.filter { (dependencies[$0] ?? []).allSatisfy(placed.contains) }
            guard !phase.isEmpty else { throw .cycle(Self.circles(among: left, dependencies)) }
            phases.append(phase)
            placed.formUnion(phase)
            left.removeAll(where: placed.contains)
        }
        self.phases = phases
    }

    /// Leaves out those that only come after a circle: nobody else that is left comes after them.
    private static func circles(among names: [String], _ dependencies: [String: [String]]) -> [String] {
        var left = names
        while true {
            let wanted = Set(left.flatMap { dependencies[$0] ?? [] })
            guard !left.allSatisfy(wanted.contains) else { return left }
            left.removeAll { !wanted.contains($0) }
        }
    }
}
