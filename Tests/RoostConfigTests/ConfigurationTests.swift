import RoostConfig
import Testing

/// What the text becomes.
@Suite struct ConfigurationTests {
    private let outcome = Sample.check(Sample.rich, rules: Sample.richRules)

    @Test("a configuration that says everything is right")
    func valid() { #expect(outcome.findings.map(\.line) == []) }

    @Test("a plain program has its command, folder and limits, and no heartbeat")
    func plain() throws {
        let worker = try #require(outcome.configuration.workers.first)
        #expect(worker.name == "first")
        #expect(worker.program == .plain(["/etc/roost/bin/first", "--flag", ""]))
        #expect(worker.directory == "/etc/roost/data")
        #expect(worker.restart == .transient)
        #expect(worker.strategy == .restForOne && worker.strategyGroup == "media")
        #expect(worker.intensity == .init(restarts: 0, period: .seconds(60), then: .escalate))
        #expect(worker.backoff == .init(base: .milliseconds(1), maximum: .milliseconds(2)))
        #expect(worker.heartbeat == nil)
        #expect(worker.memory == .init(soft: 1 << 20, hard: 2 << 20))
        #expect(worker.account == .init(name: "roost", user: 900, group: 77, groups: [901, 44, 77]))
        #expect(worker.environment.set.map { "\($0.name)=\($0.value)" } == ["NUMBER=1", "LANG=C"])
        #expect(worker.environment.pass == ["PATH", "LC_ALL", "TZ", "HOME"])
        #expect(worker.limits.openFiles == 1024 && worker.limits.core == 0 && worker.limits.fileSize == 1)
        #expect(worker.limits.lockedMemory == 0 && worker.limits.stack == 65_536 && worker.limits.processes == 5)
        #expect(worker.nice == -5 && worker.oomScoreAdjust == -1000)
        #expect(worker.listeners.isEmpty)
    }

    @Test("a worker has its listeners, its program and its own section")
    func proxy() throws {
        let worker = try #require(outcome.configuration.workers.last)
        #expect(worker.program == .worker(executable: "/etc/libexec/roost-proxy"))
        #expect(worker.heartbeat == .init(interval: .milliseconds(100), deadline: .milliseconds(300)))
        #expect(worker.after == ["first"])
        #expect(worker.listeners.map(\.name) == ["proxy.listen", "proxy.listen"])
        #expect(worker.listeners.map(\.address.description) == ["127.0.0.1:0", "[::1]:8080"])
        #expect(worker.account == nil)
        #expect(outcome.configuration.sections.map(\.worker) == ["proxy"])
        #expect(outcome.configuration.section(of: "first") == [])
        let section = try ProxySection(decoding: outcome.configuration.section(of: "proxy"))
        #expect(section.settings.limits == .init(connections: 5, head: 1024, fields: 8, body: 1 << 20, target: 256))
        #expect(section.settings.timeouts == .init(head: .seconds(1), body: .seconds(2), idle: .seconds(3)))
        #expect(section.settings.upstream == .init(idleConnections: 0, idleTimeout: .seconds(4)))
        #expect(section.limits.frame == 2 << 20)
    }

    @Test("a rule has its match, its backends and what is rewritten")
    func rules() throws {
        let rules = try ProxySection(decoding: outcome.configuration.section(of: "proxy")).rules
        #expect(rules.map(\.name) == ["api", "one"])
        #expect(rules[0].priority == -3)
        #expect(rules[0].match.hosts.map(\.description) == ["api.test", "*.b.test"])
        #expect(rules[0].match.path == .prefix("/v1/"))
        #expect(rules[0].match.methods == ["GET"])
        let backends = try ["http://[::1]:9001", "http://backend.test"].map { try #require(BackendURL($0)) }
        #expect(
            rules[0].answer
                == .forward(
                    [.init(url: backends[0], weight: 3), .init(url: backends[1], weight: 1)],
                    balance: .roundRobin
                )
        )
        #expect(rules[0].rewrite == .init(stripPrefix: "/v1", addPrefix: "/x", host: .backend))
        #expect(rules[0].timeouts.connect == .milliseconds(1))
        #expect(rules[1].match.path == .exact("/one"))
        #expect(rules[1].answer == .content(.welcome))
    }

    @Test("an empty file is a supervisor with nothing to do")
    func empty() {
        let outcome = Sample.check("")
        #expect(outcome.findings == [])
        #expect(outcome.configuration.workers.isEmpty)
        #expect(outcome.configuration.supervisor.lease == .seconds(10))
        #expect(outcome.configuration.supervisor.control.admin == .init(name: "roost-admin", identifier: 77))
        #expect(outcome.configuration.supervisor.control.observe == .init(name: "roost-observe", identifier: nil))
    }

    @Test("a plain value in an object's place is its main key")
    func shorthands() throws {
        let outcome = Sample.check(
            "workers: { proxy: { heartbeat: 400ms, memory: 1GiB, intensity: 9, backoff: 1s, strategy: one_for_all } }"
        )
        #expect(outcome.findings == [])
        let worker = try #require(outcome.configuration.workers.first)
        #expect(worker.heartbeat == .init(interval: .milliseconds(200), deadline: .milliseconds(400)))
        #expect(worker.memory == .init(soft: nil, hard: 1 << 30))
        #expect(worker.intensity.restarts == 9)
        #expect(worker.backoff.base == .seconds(1))
        #expect(worker.strategy == .oneForAll)
    }

    @Test("a section and rules that do not fit into a frame are refused")
    func size() {
        let hosts = (0..<250).map {
            "\"h\($0).\(String(repeating: "x", count: 60)).\(String(repeating: "y", count: 60)).test\""
        }
        let rules = Dictionary(
            uniqueKeysWithValues: (0..<4).map { index in
                (
                    "r\(index)",
                    "{ name: r\(index), match: { hosts: [\(hosts.joined(separator: ", "))], path: { exact: /\(index) } }, content: welcome }"
                )
            }
        )
        let lines = Sample.lines("limits: { frame: 64KiB }\nworkers: { proxy: {} }", rules: rules)
        #expect(lines.count == 1 && lines[0].hasPrefix("roost.yaml:1:1: proxy: with its rules it takes "))
    }
}
