import RoostConfig
import Testing

@Suite struct EnvironmentOverridesTests {
    private let main = "workers: { proxy: { instances: 2 }, my-site: { command: [/bin/true] } }"

    @Test("a variable beats the file and the default")
    func beats() {
        let outcome = Sample.check(
            main,
            variables: [
                "ROOST_PROXY_LISTEN": "127.0.0.1:9999", "ROOST_WORKERS_PROXY_INSTANCES": "3",
                "ROOST_WORKERS_MY_SITE_MEMORY_HARD": "1GiB", "ROOST_SUPERVISOR_WATCH_ENABLED": "false",
                "ROOST_SUPERVISOR_LEASE": "3s", "ROOST_SUPERVISOR_LOG_LEVEL": "debug", "HOME": "/",
            ]
        )
        #expect(outcome.findings == [])
        let configuration = outcome.configuration
        #expect(configuration.workers[0].instances == 3)
        #expect(configuration.workers[0].listeners.map(\.address.description) == ["127.0.0.1:9999"])
        #expect(configuration.workers[1].memory.hard == 1 << 30)
        #expect(configuration.supervisor.watchDebounce == nil)
        #expect(configuration.supervisor.lease == .seconds(3))
        #expect(configuration.supervisor.log.level == .debug)
        #expect(outcome.settings["supervisor"]["lease"].origin == .environment("ROOST_SUPERVISOR_LEASE"))
    }

    @Test("a wrong value is an error that names the variable")
    func wrong() {
        let variables = ["ROOST_PROXY_LISTEN": "nowhere", "ROOST_SUPERVISOR_LEASE": "", "ROOST_LIMITS_FRAME": "1MB"]
        #expect(
            Sample.lines(main, variables: variables) == [
                "environment:1:1: ROOST_LIMITS_FRAME: \"1MB\" is not a size; did you mean 1MiB?",
                "environment:1:1: ROOST_PROXY_LISTEN: \"nowhere\" has no port; write HOST:PORT, as 127.0.0.1:8080",
                "environment:1:1: ROOST_SUPERVISOR_LEASE: has no value; write a duration from 1s to 1h",
            ]
        )
    }

    @Test("a contradiction that a variable makes is said to be the variable's")
    func contradiction() {
        let lines = Sample.lines(
            "workers: { proxy: { memory: { hard: 1MiB } } }",
            variables: ["ROOST_WORKERS_PROXY_MEMORY_SOFT": "2MiB"]
        )
        #expect(
            lines == [
                "environment:1:1: ROOST_WORKERS_PROXY_MEMORY_SOFT: 2MiB is above memory.hard (1MiB); "
                    + "choose a soft limit below the hard one"
            ]
        )
    }

    @Test("an unknown variable is a warning; those that are no configuration are none")
    func unknown() {
        let variables = [
            "ROOST_PROXI_LISTEN": "x", "ROOST_NONSENSE_OF_A_KIND": "x", "ROOST_WORKERS_OTHER_INSTANCES": "1",
            "ROOST_CONFIG": "x", "ROOST_STATE": "x", "ROOST_RUNTIME": "x", "ROOST_WORKER": "x", "ROOST_INSTANCE": "x",
            "ROOST_SOAK": "x", "PATH": "x",
        ]
        let findings = Sample.check(main, variables: variables).findings
        #expect(
            findings.map(\.line) == [
                "environment:1:1: ROOST_NONSENSE_OF_A_KIND: names no key of the configuration; unset it",
                "environment:1:1: ROOST_PROXI_LISTEN: names no key of the configuration; did you mean ROOST_PROXY_LISTEN?",
                "environment:1:1: ROOST_WORKERS_OTHER_INSTANCES: names no key of the configuration; "
                    + "did you mean ROOST_WORKERS_PROXY_INSTANCES?",
            ]
        )
        #expect(findings.allSatisfy { $0.severity == .warning })
    }

    @Test("rules are not touched by variables")
    func rules() {
        let rules = ["a": "{ name: a, priority: x, content: welcome }"]
        #expect(Sample.lines(main, rules: rules, variables: ["ROOST_PRIORITY": "1"]).count == 2)
    }
}
