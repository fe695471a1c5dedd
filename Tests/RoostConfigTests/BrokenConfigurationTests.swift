import Foundation
import RoostConfig
import RoostConfigReader
import Testing

/// Whole files with what must be said about them. An expected line is `LINE:COLUMN: KEY: problem; mend`; the file's
/// name stands before it when it is printed, wherever the file lies.
@Suite struct BrokenConfigurationTests {
    static let main = names(in: Sample.broken)
    static let rules = names(in: Sample.broken.appendingPathComponent("rules"))

    private static func names(in folder: URL) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(".yaml".count)) }.sorted()
    }

    @Test("there are at least twenty broken configurations to try")
    func count() { #expect(Self.main.count >= 20 && Self.rules.count >= 10) }

    @Test("a broken roost.yaml is refused with exactly these errors", arguments: main)
    func mainFile(_ name: String) throws {
        let file = Sample.broken.appendingPathComponent("\(name).yaml").path
        let report = LoadedConfiguration.load(file, variables: [:], machine: Sample.machine).report
        #expect(report.errors.map(\.line) == (try expected(name, in: Sample.broken)).map { "\(file):\($0)" })
        #expect(report.configuration == nil)
    }

    @Test("a broken rule is refused with exactly these errors", arguments: rules)
    func ruleFile(_ name: String) throws {
        let folder = Sample.broken.appendingPathComponent("rules")
        let text = try String(contentsOf: folder.appendingPathComponent("\(name).yaml"), encoding: .utf8)
        let lines = Sample.lines("workers: { proxy: {} }", rules: [name: text])
        #expect(lines == (try expected(name, in: folder)).map { "rules.d/\(name).yaml:\($0)" })
    }

    private func expected(_ name: String, in folder: URL) throws -> [String] {
        let text = try String(contentsOf: folder.appendingPathComponent("\(name).errors"), encoding: .utf8)
        return text.split(separator: "\n").map(String.init)
    }
}
