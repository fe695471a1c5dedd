import RoostConfig
import Testing

/// What is wrong between values, one fault each: the text and the lines that follow.
@Suite struct ContradictionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var main = "workers: { proxy: {} }"
        var rules: [String: String] = [:]
        var lines: [String]

        init(_ name: String, _ main: String, _ lines: [String]) {
            testDescription = name
            self.main = main
            self.lines = lines
        }

        init(_ name: String, rules: [String: String], _ lines: [String]) {
            testDescription = name
            self.rules = rules
            self.lines = lines
        }
    }

    private static let backend = "backends: [http://127.0.0.1:9001]"

    static let workers: [Case] = [
        Case(
            "an unknown user",
            "workers: { proxy: { user: nobody-here } }",
            ["roost.yaml:1:27: workers.proxy.user: there is no user nobody-here; create it, or remove the key"]
        ),
        Case(
            "an unknown group",
            "workers: { proxy: { user: root, group: strangers } }",
            ["roost.yaml:1:40: workers.proxy.group: there is no group strangers; create it, or remove the key"]
        ),
        Case(
            "a group without a user",
            "workers: { proxy: { group: root } }",
            ["roost.yaml:1:28: workers.proxy.group: needs a user; add user, or remove the key"]
        ),
        Case(
            "a user's name that is none",
            "workers: { proxy: { user: \"a:b\" } }",
            [
                "roost.yaml:1:27: workers.proxy.user: \"a:b\" is not the name of a user or group; "
                    + "write a name as in /etc/passwd or /etc/group"
            ]
        ),
        Case(
            "an interval above the default deadline",
            "workers: { proxy: { heartbeat: { interval: 3s } } }",
            [
                "roost.yaml:1:44: workers.proxy.heartbeat.interval: the deadline (2s) is not above the interval (3s); "
                    + "choose a deadline of at least two intervals"
            ]
        ),
        Case(
            "a base above the default max",
            "workers: { proxy: { backoff: 1m } }",
            ["roost.yaml:1:30: workers.proxy.backoff.base: base (1m) is above max (30s); choose a base below max"]
        ),
        Case(
            "a max below the default base",
            "workers: { proxy: { backoff: { max: 1ms } } }",
            ["roost.yaml:1:37: workers.proxy.backoff.max: base (100ms) is above max (1ms); choose a base below max"]
        ),
        Case(
            "a dependency that is written twice",
            "workers: { proxy: { after: [a, a] }, a: { command: [/bin/true] } }",
            ["roost.yaml:1:32: workers.proxy.after[1]: names a twice; remove one"]
        ),
        Case(
            "an empty program",
            "workers: { a: { command: [\"\"] } }",
            ["roost.yaml:1:27: workers.a.command[0]: is empty; write the program's name or path"]
        ),
        Case(
            "an empty path",
            "workers: { a: { command: [x], directory: \"\" } }",
            ["roost.yaml:1:42: workers.a.directory: is empty; write a path"]
        ),
        Case(
            "a control character",
            "workers: { a: { command: [x], directory: \"a\\0b\" } }",
            ["roost.yaml:1:42: workers.a.directory: contains a control character; remove it"]
        ),
        Case(
            "a key with a line break",
            "\"a\\nb\": 1",
            [
                "roost.yaml:1:1: a\\u{a}b: is not a known key; remove it, or use one of supervisor, limits, workers, proxy"
            ]
        ),
        Case(
            "a merge key",
            "workers: { proxy: { <<: {} } }",
            ["roost.yaml:1:21: workers.proxy.<<: merge keys are not supported; write the keys out"]
        ),
        Case(
            "a list as a key",
            "{ [a]: 1 }",
            ["roost.yaml:1:3: yaml: a list or map cannot be a key; write a name"]
        ),
        Case(
            "variables as one text",
            "workers: { proxy: { environment: A=1 } }",
            ["roost.yaml:1:34: workers.proxy.environment: is \"A=1\"; write a map of NAME: value"]
        ),
        Case(
            "variables in a list",
            "workers: { proxy: { environment: [A=1, A, [B], 1C=2] } }",
            [
                "roost.yaml:1:40: workers.proxy.environment.A: is written twice; keep one of them",
                "roost.yaml:1:43: workers.proxy.environment[2]: is a list; write NAME=value or NAME",
                "roost.yaml:1:48: workers.proxy.environment.1C: is not the name of a variable; use letters, digits and _",
            ]
        ),
        Case(
            "workers as a list",
            "workers: [proxy]",
            ["roost.yaml:1:10: workers: is a list; write a map of names"]
        ),
        Case(
            "a worker as a text",
            "workers: { proxy: yes }",
            ["roost.yaml:1:19: workers.proxy: is \"yes\"; write a map of keys"]
        ),
        Case(
            "a boolean in quotes",
            "supervisor: { watch: \"false\" }",
            ["roost.yaml:1:22: supervisor.watch.enabled: is the text \"false\"; write false without quotes"]
        ),
        Case(
            "too many listeners",
            "workers: { proxy: {} }\nproxy: { listen: [\(Array(repeating: "127.0.0.1:0", count: 17).joined(separator: ", "))] }",
            ["roost.yaml:2:18: proxy.listen: has 17 elements; at most 16 are allowed"]
        ),
        Case(
            "an address twice",
            "workers: { proxy: {} }\nproxy: { listen: [\"localhost:1\", \"127.0.0.1:1\"] }",
            [
                "roost.yaml:2:34: proxy.listen[1]: 127.0.0.1:1 is already taken by proxy.listen[0] (127.0.0.1:1); "
                    + "choose another port"
            ]
        ),
        Case(
            "a size that nobody can guess",
            "supervisor: { log: { ring: lots } }",
            ["roost.yaml:1:28: supervisor.log.ring: \"lots\" is not a size; write bytes, or a unit as in 64MiB"]
        ),
        Case(
            "a stop that is longer than the stop of everything",
            "workers: { proxy: { drain: 58s } }",
            [
                "roost.yaml:1:28: workers.proxy.drain: drain and stop_timeout (1m3s) are longer than "
                    + "supervisor.shutdown_timeout (1m); raise the one or lower the other"
            ]
        ),
        Case(
            "a section that nobody uses",
            "proxy: { listen: 127.0.0.1:80 }",
            ["roost.yaml:1:8: proxy: nothing uses it, there is no worker proxy; add proxy to workers"]
        ),
    ]

    static let rules: [Case] = [
        Case(
            "two rules that match the same",
            rules: ["a": "{ name: a, \(backend) }", "b": "{ name: b, \(backend) }"],
            [
                "rules.d/b.yaml:1:1: match: is the same as that of rule a, with the same priority; "
                    + "change one of them, or remove one rule"
            ]
        ),
        Case(
            "a rule that is never used",
            rules: [
                "a": "{ name: a, match: { path: { prefix: /v1 } }, \(backend) }",
                "b": "{ name: b, priority: 1, match: { path: { prefix: /v1/ } }, \(backend) }",
            ],
            [
                "rules.d/a.yaml:1:19: match: rule a is never used, b matches the same with a higher priority; "
                    + "change one of them, or remove the rule"
            ]
        ),
        Case(
            "an empty rule",
            rules: ["a": ""],
            [
                "rules.d/a.yaml:1:1: backends: is missing; add a backend, or content with a source",
                "rules.d/a.yaml:1:1: name: is missing; add it: the rule's name",
            ]
        ),
        Case(
            "no backends in the list",
            rules: ["a": "{ name: a, backends: [] }"],
            [
                "rules.d/a.yaml:1:22: backends: is empty; add one"
            ]
        ),
        Case(
            "a backend on every address of the machine",
            rules: ["a": "{ name: a, backends: [http://127.0.0.2:8080] }"],
            []
        ),
        Case(
            "an unknown source",
            rules: ["a": "{ name: a, content: banner }"],
            [
                "rules.d/a.yaml:1:21: content.source: there is no content source banner; use welcome"
            ]
        ),
        Case(
            "a name that is no file's",
            rules: ["a": "{ name: a/b, \(backend) }"],
            [
                "rules.d/a.yaml:1:9: name: \"a/b\" is not a name; "
                    + "use letters, digits, -, _ and ., at most 100, a letter or digit first"
            ]
        ),
        Case(
            "a file whose name is no rule's",
            rules: ["A b": "{ name: A b, \(backend) }"],
            [
                "rules.d/A b.yaml:1:9: name: \"A b\" is not a name; "
                    + "use letters, digits, -, _ and ., at most 100, a letter or digit first"
            ]
        ),
        Case(
            "a very long path",
            rules: [
                "a": "{ name: a, match: { path: { exact: /\(String(repeating: "x", count: 4096)) } }, \(backend) }"
            ],
            [
                "rules.d/a.yaml:1:36: match.path.exact: is longer than 4096 bytes; shorten it"
            ]
        ),
    ]

    @Test("each contradiction of roost.yaml is said with its place, its key and its mend", arguments: workers)
    func main(_ example: Case) { #expect(Sample.lines(example.main) == example.lines) }

    @Test("each contradiction of rules is said with its place, its key and its mend", arguments: rules)
    func rule(_ example: Case) { #expect(Sample.lines(example.main, rules: example.rules) == example.lines) }

    @Test("a proxy that listens on every address is its own backend on a loopback address")
    func anyAddress() {
        let lines = Sample.lines(
            "workers: { proxy: {} }\nproxy: { listen: \"*:8080\" }",
            rules: ["a": "{ name: a, backends: [http://127.0.0.2:8080, http://192.0.2.1:8080] }"]
        )
        #expect(
            lines.count == 1 && lines[0].hasPrefix("rules.d/a.yaml:1:23: backends[0].url: is an address of the proxy")
        )
    }

    @Test("warnings do not refuse a configuration")
    func warnings() {
        let findings = Sample.check("proxy: { listen: 127.0.0.1:80 }").findings
        #expect(findings.map(\.severity) == [.warning])
    }

    @Test("every fault is reported at once, sorted by place, and a wrong value leads to no second complaint")
    func allAtOnce() {
        let lines = Sample.lines(
            """
            workers:
              proxy:
                heartbeat: { interval: 5, deadline: 1 }
                memory: { soft: x, hard: 1MiB }
                after: [prox]
              b: { command: [/bin/true], instances: -1 }
            proxy: { listen: [nowhere, 127.0.0.1:1] }
            """
        )
        #expect(
            lines.map { $0.split(separator: ": ")[1] } == [
                "workers.proxy.heartbeat.interval", "workers.proxy.heartbeat.deadline", "workers.proxy.memory.soft",
                "workers.proxy.after[0]", "workers.b.instances", "proxy.listen[0]",
            ]
        )
    }
}
