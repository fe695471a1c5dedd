import RoostPolicy
import Testing

@Suite("RestartStrategy") struct RestartStrategyTests {
    @Test(
        "the companions of a failed member, in start order",
        arguments: [
            (RestartStrategy.oneForOne, "b", []),
            (.oneForAll, "b", ["a", "c", "d"]),
            (.restForOne, "b", ["c", "d"]),
            (.restForOne, "a", ["b", "c", "d"]),
            (.restForOne, "d", []),
            (.restForOne, "stranger", []),
        ] as [(RestartStrategy, String, [String])]
    )
    func companions(under strategy: RestartStrategy, of failed: String, are expected: [String]) {
        #expect(strategy.companions(of: failed, in: ["a", "b", "c", "d"]) == expected)
    }

    @Test("the names of the configuration", arguments: ["one_for_one", "rest_for_one", "one_for_all"])
    func names(_ name: String) { #expect(RestartStrategy(rawValue: name)?.rawValue == name) }
}
