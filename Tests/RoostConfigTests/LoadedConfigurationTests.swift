import Foundation
import Glibc
import RoostConfig
import RoostConfigReader
import Testing

@Suite struct LoadedConfigurationTests {
    private func load(_ path: String, _ variables: [String: String] = [:]) -> LoadedConfiguration {
        LoadedConfiguration.load(path, variables: variables, machine: Sample.machine)
    }

    private let proxy = "workers: { proxy: {} }\n"
    private let welcome = "{ name: welcome, content: welcome }"

    @Test("a file that does not exist is said to be missing")
    func missing() throws {
        try Sample.withFolder { folder in
            let path = folder.appendingPathComponent("roost.yaml").path
            let loaded = load(path)
            #expect(loaded.isMissing)
            #expect(
                loaded.report.findings.map(\.line)
                    == ["\(path):1:1: file: does not exist; create it, or name another with --config"]
            )
        }
    }

    @Test("a folder or a pipe in place of the file is refused without waiting for it")
    func notAFile() throws {
        try Sample.withFolder { folder in
            let pipe = folder.appendingPathComponent("pipe").path
            try #require(mkfifo(pipe, 0o600) == 0)
            for path in [folder.path, pipe] {
                let loaded = load(path)
                #expect(loaded.isMissing)
                #expect(loaded.report.findings.map(\.line) == ["\(path):1:1: file: is not a regular file; name a file"])
            }
        }
    }

    @Test("a file that is too large is refused before it is read")
    func large() throws {
        try Sample.withFolder { folder in
            let path = try Sample.write(String(repeating: "#", count: YAMLText.largestFile + 1), in: folder)
            let loaded = load(path)
            #expect(!loaded.isMissing)
            #expect(
                loaded.report.findings.map(\.line)
                    == ["\(path):1:1: file: is larger than 1MiB; split it or remove what is not needed"]
            )
        }
    }

    @Test("rules are the files that end in .yaml; hidden ones and what editors leave behind are no rules")
    func leftovers() throws {
        try Sample.withFolder { folder in
            let names = [
                "welcome.yaml", ".welcome.yaml.swp", ".#welcome.yaml", "welcome.yaml~", "#welcome.yaml#", ".tmp.yaml",
                "4913",
                "README", "other.yml", "x.yaml.bak", ".yaml",
            ]
            let path = try Sample.write(
                proxy,
                rules: Dictionary(uniqueKeysWithValues: names.map { ($0, welcome) }),
                in: folder
            )
            let report = load(path).report
            #expect(report.files.map(\.path) == ["roost.yaml", "rules.d/welcome.yaml"])
            #expect(report.errors == [])
            #expect(
                report.warnings.map(\.line)
                    == ["\(folder.path)/rules.d/other.yml:1:1: file: is not read, rules end in .yaml; rename it"]
            )
        }
    }

    @Test("a rule that is a folder, or a folder of rules that is a file, is an error")
    func strange() throws {
        try Sample.withFolder { folder in
            let path = try Sample.write(proxy, in: folder)
            let rules = folder.appendingPathComponent("rules.d")
            let rule = rules.appendingPathComponent("a.yaml")
            try FileManager.default.createDirectory(at: rule, withIntermediateDirectories: false)
            #expect(
                load(path).report.errors.map(\.line) == ["\(rule.path):1:1: file: is not a regular file; name a file"]
            )
            try FileManager.default.removeItem(at: rules)
            #expect(load(path).report.errors == [])
            try Data(count: YAMLText.largestFile + 1).write(to: rules)
            #expect(load(path).report.errors == [])
        }
    }

    @Test("a rule that vanishes after the listing is no rule, a dangling link is none either")
    func dangling() throws {
        try Sample.withFolder { folder in
            let path = try Sample.write(proxy, in: folder)
            let link = folder.appendingPathComponent("rules.d/gone.yaml").path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/nonexistent/file")
            #expect(load(path).report.findings == [])
        }
    }

    @Test("more rules than a proxy is meant for are refused")
    func many() throws {
        try Sample.withFolder { folder in
            let rules = (0...1000).map { ("r\($0).yaml", "") }
            let path = try Sample.write(proxy, rules: Dictionary(uniqueKeysWithValues: rules), in: folder)
            #expect(
                load(path).report.errors.map(\.line)
                    == ["\(folder.path)/rules.d:1:1: file: holds 1001 rules, more than 1000; remove some"]
            )
        }
    }

    @Test("where roost.yaml is no YAML, its rules are checked all the same")
    func half() throws {
        try Sample.withFolder { folder in
            let path = try Sample.write("a: [", rules: ["a.yaml": "{ name: a, contnt: welcome }"], in: folder)
            let loaded = load(path)
            #expect(loaded.settings == nil)
            #expect(loaded.report.configuration == nil)
            #expect(
                loaded.report.errors.map(\.key) == ["yaml", "backends", "contnt"]
                    || loaded.report.errors.map(\.key) == ["backends", "contnt", "yaml"]
            )
        }
    }

    @Test("a configuration that was copied elsewhere is the same, and so is its digest")
    func copied() throws {
        try Sample.withFolder { one in
            try Sample.withFolder { two in
                let rules = ["welcome.yaml": welcome]
                let first = load(try Sample.write(proxy, rules: rules, in: one)).report
                let second = load(try Sample.write(proxy, rules: rules, in: two)).report
                #expect(first == second)
                #expect(first.digest.count == 32)
            }
        }
    }

    @Test("the digest changes with a file, a rule's name and an overriding variable, and with nothing else")
    func digest() throws {
        try Sample.withFolder { folder in
            func digest(
                _ main: String,
                _ rules: [String: String],
                _ variables: [String: String] = [:]
            ) throws -> [UInt8] {
                try? FileManager.default.removeItem(at: folder.appendingPathComponent("rules.d"))
                return load(try Sample.write(main, rules: rules, in: folder), variables).report.digest
            }
            let digests = [
                try digest(proxy, [:]), try digest(proxy + "#", [:]), try digest(proxy, ["a.yaml": ""]),
                try digest(proxy, ["b.yaml": ""]), try digest(proxy, [:], ["ROOST_PROXY_LISTEN": "x"]),
                try digest(proxy, [:], ["ROOST_PROXY_LISTEN": "y"]),
            ]
            #expect(Set(digests).count == digests.count)
            #expect(try digest(proxy, [:], ["PATH": "x", "ROOST_CONFIG": "y"]) == digests[0])
        }
    }

    @Test("relative paths start from the file's folder, wherever the process stands")
    func relative() throws {
        try Sample.withFolder { folder in
            let path = try Sample.write("workers: { a: { command: [./run], directory: data } }", in: folder)
            let worker = try #require(load(path).report.configuration?.workers.first)
            #expect(worker.program == .plain(["\(folder.path)/run"]))
            #expect(worker.directory == "\(folder.path)/data")
        }
    }

    @Test("this machine knows root, and no user, group or worker that does not exist")
    func machine() {
        #expect(Machine.local.user("root")?.user == 0)
        #expect(Machine.local.user("root")?.groups.contains(0) == true)
        #expect(Machine.local.group("root") == 0)
        #expect(Machine.local.user("nobody-of-this-name") == nil)
        #expect(Machine.local.group("no-group-of-this-name") == nil)
        #expect(!Machine.local.hasWorker("nonesuch"))
    }
}
