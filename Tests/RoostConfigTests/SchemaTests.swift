import Foundation
import RoostConfig
import RoostConfigReader
import RoostJSON
import Testing

@Suite struct SchemaTests {
    @Test("the shipped JSON Schemas are those of the table", arguments: JSONSchema.Kind.allCases)
    func upToDate(_ kind: JSONSchema.Kind) throws {
        let file = Sample.repository.appendingPathComponent("Config/schema/\(kind.rawValue).schema.json")
        let shipped = try String(contentsOf: file, encoding: .utf8)
        #expect(
            shipped == JSONWriter.pretty(JSONSchema.document(kind)) + "\n",
            "write it anew: roost-config schema \(kind.rawValue) > Config/schema/\(kind.rawValue).schema.json"
        )
    }

    @Test("every key has a reason, and every default is a value of its type")
    func keys() {
        for root in [RoostSchema.root, RuleSchema.root] {
            for (path, key) in Self.keys(of: root) {
                #expect(key.reason.count >= 4 && key.reason.hasSuffix(".") || key.name == "url", "\(path)")
            }
        }
        #expect(Sample.lines("workers: { proxy: {} }").isEmpty)
    }

    @Test("no two keys have the same variable")
    func variables() {
        let paths = EnvironmentOverrides.scalarPaths(of: RoostSchema.root, under: "", names: ["proxy", "a-b", "site"])
        let variables = paths.map { EnvironmentOverrides.variable(for: $0) }
        #expect(paths.count > 60)
        #expect(Set(variables).count == variables.count)
    }

    @Test("the reference file has every key: with its default, or in a comment where there is none")
    func reference() throws {
        let file = Sample.repository.appendingPathComponent("Config/roost.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        let shipped = LoadedConfiguration.load(file.path, variables: [:], machine: Sample.machine)
        #expect(shipped.report.findings.map(\.line) == [])
        let root = try #require(shipped.settings)
        let plain = Sample.check("workers: { proxy: {} }").settings
        for (path, key) in Self.keys(of: RoostSchema.root) {
            let parts = path.split(separator: ".").map(String.init)
            let setting = parts.reduce(root) { $0[$1] }
            let expected = parts.reduce(plain) { $0[$1] }
            if case .object = key.type { continue }
            if expected.isAbsent {
                #expect(text.contains("# \(key.name): "), "\(path) is not in the reference file")
            } else {
                #expect(setting.origin == .file, "\(path) is not in the reference file")
                #expect("\(Self.plain(setting))" == "\(Self.plain(expected))", "\(path) is not at its default")
            }
        }
    }

    @Test("the shipped examples are right, without even a warning", arguments: ["several-backends", "plain-command"])
    func examples(_ name: String) {
        let file = Sample.repository.appendingPathComponent("Config/examples/\(name)/roost.yaml").path
        let loaded = LoadedConfiguration.load(file, variables: [:], machine: Sample.machine)
        #expect(loaded.report.findings.map(\.line) == [])
        #expect(loaded.rules.isEmpty == false)
    }

    @Test("the shipped configuration listens on loopback and answers with the welcome page")
    func shipped() throws {
        let file = Sample.repository.appendingPathComponent("Config/roost.yaml").path
        let report = LoadedConfiguration.load(file, variables: [:], machine: Sample.machine).report
        let configuration = try #require(report.configuration)
        let worker = try #require(configuration.workers.first)
        #expect(
            worker.listeners == [Listener(name: "proxy.listen", address: try #require(ListenAddress("127.0.0.1:8080")))]
        )
        let section = try ProxySection(decoding: configuration.section(of: "proxy"))
        #expect(section.rules.map(\.answer) == [.content(.welcome)])
        #expect(report.files.map(\.path) == ["roost.yaml", "rules.d/welcome.yaml"])
    }

    /// Every key with its path; in place of a worker's name stands `proxy`.
    private static func keys(of schema: ObjectSchema, under path: String = "") -> [(String, SchemaKey)] {
        schema.keys.flatMap { key -> [(String, SchemaKey)] in
            let own = path.isEmpty ? key.name : "\(path).\(key.name)"
            switch key.type {
            case .object(let inner): return [(own, key)] + keys(of: inner, under: own)
            case .map(_, .object(let inner)): return keys(of: inner, under: "\(own).proxy")
            case .list(.object(let inner), _): return [(own, key)] + keys(of: inner, under: own)
            default: return [(own, key)]
            }
        }
    }

    /// The value without places and origins.
    private static func plain(_ setting: Setting) -> String {
        if case .list(let elements) = setting.value { return "[\(elements.map(plain).joined(separator: ", "))]" }
        return "\(setting.value)"
    }
}
