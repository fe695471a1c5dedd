import Glibc
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct InvocationTests {
    struct Case: Sendable {
        var arguments: [String] = []
        var environment: [String: String] = [:]
        var expected: [String]
    }

    @Test(
        "a flag beats the environment, which beats systemd's directories, which beat the defaults",
        arguments: [
            Case(expected: ["Config/roost.yaml", ".roost/state", ".roost/run"]),
            Case(
                environment: ["NOTIFY_SOCKET": "/n", "STATE_DIRECTORY": "/s", "RUNTIME_DIRECTORY": "/r"],
                expected: ["/etc/roost/roost.yaml", "/s", "/r"]
            ),
            Case(
                environment: [
                    "ROOST_CONFIG": "/c", "ROOST_STATE": "/s", "ROOST_RUNTIME": "/r", "STATE_DIRECTORY": "/x",
                ],
                expected: ["/c", "/s", "/r"]
            ),
            Case(
                arguments: ["--config", "/a", "--state=/b=c", "--runtime", "/d"],
                environment: ["ROOST_CONFIG": "/c", "ROOST_STATE": "/s"],
                expected: ["/a", "/b=c", "/d"]
            ),
            Case(
                environment: ["ROOST_CONFIG": "", "ROOST_STATE": "", "RUNTIME_DIRECTORY": ""],
                expected: ["Config/roost.yaml", ".roost/state", ".roost/run"]
            ),
        ]
    )
    func places(example: Case) throws {
        let invocation = try Invocation(arguments: example.arguments) { example.environment[$0] }
        let here = try #require(getcwd(nil, 0))
        defer { free(here) }
        let expected = example.expected.map { $0.hasPrefix("/") ? $0 : String(cString: here) + "/" + $0 }
        #expect([invocation.configuration, invocation.stateDirectory, invocation.runtimeDirectory] == expected)
    }

    @Test(
        "what is no call is refused with its reason",
        arguments: [
            ([""], "unknown argument "), (["--config"], "--config needs a value"),
            (["--state="], "--state needs a value"),
            (["--config=", "/a"], "--config needs a value"), (["--what"], "unknown argument --what"),
            (["file"], "unknown argument file"), (["--help=1"], "unknown argument --help=1"),
        ] as [([String], String)]
    )
    func usage(arguments: [String], problem: String) {
        #expect(throws: Invocation.Refusal.usage(problem)) { _ = try Invocation(arguments: arguments) { _ in nil } }
    }

    @Test("help and version are answered")
    func answers() {
        for help in ["--help", "-h"] {
            #expect(throws: Invocation.Refusal.help) { _ = try Invocation(arguments: [help]) { _ in nil } }
        }
        #expect(throws: Invocation.Refusal.version) { _ = try Invocation(arguments: ["--version"]) { _ in nil } }
    }
}
