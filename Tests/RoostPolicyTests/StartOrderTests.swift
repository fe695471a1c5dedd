import RoostPolicy
import Testing

@Suite("StartOrder") struct StartOrderTests {
    @Test(
        "a name comes in the first phase after all that it depends on",
        arguments: [
            ([], [:], []),
            (["a"], [:], [["a"]]),
            (["b", "a"], [:], [["b", "a"]]),
            (["a", "b"], ["a": ["b"]], [["b"], ["a"]]),
            (["a", "b", "c"], ["c": ["a", "b"], "b": ["a"]], [["a"], ["b"], ["c"]]),
            (["d", "c", "b", "a"], ["d": ["b", "c"], "b": ["a"], "c": ["a"]], [["a"], ["c", "b"], ["d"]]),
            (["a", "b"], ["a": ["b", "b"], "unlisted": ["nothing"]], [["b"], ["a"]]),
        ] as [([String], [String: [String]], [[String]])]
    )
    func phases(of names: [String], after dependencies: [String: [String]], are expected: [[String]]) throws {
        #expect(try StartOrder(names: names, dependencies: dependencies).phases == expected)
    }

    @Test("a dependency that does not exist is named, with who wants it")
    func unknown() {
        #expect(throws: StartOrder.Fault.unknown(name: "b", dependency: "ghost")) {
            try StartOrder(names: ["a", "b"], dependencies: ["b": ["a", "ghost"]])
        }
    }

    @Test(
        "a circle is reported without those that only come after or before it",
        arguments: [
            (["a"], ["a": ["a"]], ["a"]),
            (["a", "b"], ["a": ["b"], "b": ["a"]], ["a", "b"]),
            (["first", "a", "b", "last"], ["a": ["b", "first"], "b": ["a"], "last": ["a"]], ["a", "b"]),
            (
                ["end", "last", "a", "b", "c"], ["end": ["last"], "last": ["b"], "a": ["c"], "b": ["a"], "c": ["b"]],
                ["a", "b", "c"]
            ),
        ] as [([String], [String: [String]], [String])]
    )
    func cycle(of names: [String], after dependencies: [String: [String]], is expected: [String]) {
        #expect(throws: StartOrder.Fault.cycle(expected)) {
            try StartOrder(names: names, dependencies: dependencies)
        }
    }
}
