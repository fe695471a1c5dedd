import Foundation
import RoostConfig
import RoostConfigReader
import RoostJSON
import Testing

@Suite struct ConfigCommandTests {
    private let command = ConfigCommand(variables: ["ROOST_SUPERVISOR_LEASE": "9s"], machine: Sample.machine)

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func file(_ main: String, rules: [String: String] = [:], _ body: (String) throws -> Void) throws {
        try Sample.withFolder { try body(try Sample.write(main, rules: rules, in: $0)) }
    }

    @Test("check says that a configuration is right, and what is in it")
    func good() throws {
        try file("workers: { proxy: {}, a: { command: [x] } }", rules: ["a.yaml": "{ name: a, content: welcome }"]) {
            path in
            let outcome = command.run(["check", path])
            #expect(text(outcome.output) == "\(path): ok (2 workers, 1 rule)\n")
            #expect(outcome.errors == [])
            #expect(outcome.status == .ok)
        }
    }

    @Test("check prints every error to standard error and ends with 78; a missing file with 66")
    func bad() throws {
        try file("a: 1\nb: 2\nproxy: {}") { path in
            let outcome = command.run(["check", path])
            #expect(
                text(outcome.errors) == """
                    \(path):1:1: a: is not a known key; remove it, or use one of supervisor, limits, workers, proxy
                    \(path):2:1: b: is not a known key; remove it, or use one of supervisor, limits, workers, proxy
                    warning: \(path):3:8: proxy: nothing uses it, there is no worker proxy; add proxy to workers

                    """
            )
            #expect(outcome.output == [])
            #expect(outcome.status.rawValue == 78)
            #expect(command.run(["check", path + "x"]).status.rawValue == 66)
        }
    }

    @Test("check --json has stable keys")
    func json() throws {
        try file("a: 1\nproxy: {}") { path in
            let outcome = command.run(["check", "--json", path])
            #expect(outcome.status == .invalid && outcome.errors == [])
            let value = try #require(try JSONParser.parse(text(outcome.output)).objectValue)
            #expect(value.keys == ["file", "valid", "workers", "rules", "errors", "warnings"])
            #expect(value["valid"] == .bool(false))
            let error = try #require(value["errors"]?[0]?.objectValue)
            #expect(error.keys == ["file", "line", "column", "key", "problem", "mend"])
            #expect(error["line"] == .integer(1))
            #expect(value["warnings"]?[0]?["key"] == .string("proxy"))
            let missing = try JSONParser.parse(text(command.run(["check", path + "x", "--json"]).output))
            #expect(missing["valid"] == .bool(false))
        }
    }

    @Test("check --section looks only at what that worker uses")
    func section() throws {
        let rules = ["a.yaml": "{ name: a, content: welcome }"]
        try file("supervisor: { lease: x }\nworkers: { proxy: { nice: 99 } }\nnone: 1", rules: rules) { path in
            let outcome = command.run(["check", "--section", "proxy", path])
            #expect(text(outcome.output) == "\(path): ok (proxy, 1 rule)\n")
            #expect(outcome.status == .ok)
        }
        try file("limits: { frame: 1 }\nproxy: { listen: x }\nworkers: { b: 1 }", rules: ["a.yaml": "{}"]) { path in
            let outcome = command.run(["check", path, "--section", "proxy"])
            #expect(text(outcome.errors).split(separator: "\n").count == 5)
            #expect(outcome.status == .invalid)
        }
    }

    @Test("emit writes a bundle for a right, a wrong and a missing configuration")
    func emit() throws {
        try file("workers: { proxy: {} }") { path in
            let outcome = command.run(["emit", path])
            #expect(outcome.status == .ok && outcome.errors == [])
            let report = try ConfigurationReport(decoding: outcome.output)
            #expect(report.configuration?.workers.map(\.name) == ["proxy"])
            #expect(report.configuration?.supervisor.lease == .seconds(9))
            let missing = command.run(["emit", path + "x"])
            #expect(missing.status == .missing)
            #expect(try ConfigurationReport(decoding: missing.output).errors.map(\.key) == ["file"])
        }
        try file("workers: 1") { path in
            let outcome = command.run(["emit", path])
            #expect(outcome.status == .invalid)
            let report = try ConfigurationReport(decoding: outcome.output)
            #expect(report.errors.count == 1 && report.configuration == nil && report.files.count == 1)
        }
    }

    @Test("show says every value and who decided it")
    func show() throws {
        let main = """
            limits: { frame: 2MiB }
            workers:
              proxy: { command: [a, ""], environment: { A: , B: c }, after: [] }
            """
        let rules = ["a.yaml": "{ name: a, backends: [http://a:1] }"]
        try file(main, rules: rules) { path in
            let outcome = command.run(["show", path])
            #expect(outcome.status == .ok)
            let rows = text(outcome.output).split(separator: "\n").map { line in
                line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
            }
            for row in [
                "supervisor.lease = 9s # environment ROOST_SUPERVISOR_LEASE",
                "supervisor.watch.enabled = true # default",
                "limits.frame = 2MiB # \(path):1", "workers.proxy.command = [a, \"\"] # \(path):3",
                "workers.proxy.environment = { A: , B: c } # \(path):3", "workers.proxy.after = [] # \(path):3",
                "workers.proxy.memory.soft = (not set) # default", "workers.proxy.nice = 0 # default",
                "proxy.listen = [127.0.0.1:8080] # default",
            ] {
                #expect(rows.contains(row), "\(row)")
            }
            let rule = path.replacingOccurrences(of: "roost.yaml", with: "rules.d/a.yaml")
            #expect(rows.contains("rules.a.backends[0].url = http://a:1 # \(rule):1"))
            let json = try JSONParser.parse(text(command.run(["show", "--json", path]).output))
            #expect(json["supervisor.lease"]?["value"] == .string("9s"))
        }
        try file("a: 1") { path in
            let outcome = command.run(["show", path])
            #expect(outcome.status == .invalid && outcome.output == [] && !outcome.errors.isEmpty)
        }
    }

    @Test("schema prints a schema, help the usage")
    func schema() throws {
        let schema = try JSONParser.parse(text(command.run(["schema", "rule"]).output))
        #expect(schema["required"] == .array(["name"]))
        #expect(schema["properties"]?["backends"]?["items"]?["anyOf"] != nil)
        for word in ["--help", "-h"] { #expect(text(command.run([word]).output).hasPrefix("usage: ")) }
    }

    @Test(
        "other arguments are a usage error",
        arguments: [
            [], ["check"], ["check", "a", "b"], ["frobnicate", "a"], ["schema", "x"], ["emit", "--json", "a"],
            ["--what"],
            ["check", "--section"], ["check", "--section", "voice", "a"], ["show", "--section", "proxy", "a"],
            ["check", "--x", "a"],
        ]
    )
    func usage(_ arguments: [String]) {
        let outcome = command.run(arguments)
        #expect(outcome.status.rawValue == 64)
        #expect(text(outcome.errors).hasPrefix("usage: roost-config"))
    }

    @Test("after -- a name may start with a dash")
    func dash() { #expect(command.run(["check", "--", "-nonexistent"]).status == .missing) }
}
