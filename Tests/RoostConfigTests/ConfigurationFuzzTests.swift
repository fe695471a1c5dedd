import Foundation
import RoostConfig
import RoostConfigReader
import Testing

/// Text of any kind: it is a configuration or it has errors, and nothing traps. The seeds are fixed.
@Suite struct ConfigurationFuzzTests {
    private static let rounds = ProcessInfo.processInfo.environment["ROOST_SOAK"] == nil ? 60 : 20_000

    /// Checks bytes as `roost.yaml` and as a rule, and the outcome's own sanity.
    private func probe(_ main: [UInt8], _ rule: [UInt8]) {
        let (node, faults) = YAMLText.read(main, file: "roost.yaml")
        let (ruleNode, ruleFaults) = YAMLText.read(rule, file: "rules.d/api.yaml")
        let outcome = ConfigurationText(
            main: ParsedFile(path: "roost.yaml", node: node),
            rules: [ParsedFile(path: "rules.d/api.yaml", node: ruleNode)],
            variables: ["ROOST_PROXY_LISTEN": "127.0.0.1:1"],
            directory: "/"
        ).check(machine: Sample.machine)
        let findings = faults + ruleFaults + outcome.findings
        for finding in findings {
            #expect(finding.position.line > 0 && finding.position.column > 0)
            #expect(!finding.problem.isEmpty && !finding.mend.isEmpty && !finding.key.isEmpty)
            #expect(!finding.line.utf8.contains(10))
        }
        // What passes the checks also passes those of the binary.
        guard !findings.contains(where: { $0.severity == .error }) else { return }
        let report = ConfigurationReport(
            findings: findings,
            files: [],
            digest: [],
            configuration: outcome.configuration
        )
        #expect((try? ConfigurationReport(decoding: report.encoded())) == report)
        let section = outcome.configuration.section(of: "proxy")
        #expect(section.isEmpty || (try? ProxySection(decoding: section))?.encoded() == section)
    }

    @Test("a damaged configuration is refused or right", arguments: 1...8)
    func damaged(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<Self.rounds {
            var main = Array(Sample.rich.utf8)
            var rule = Array((Sample.richRules["api"] ?? "").utf8)
            random.damage(&main)
            random.damage(&rule)
            probe(main, rule)
        }
    }

    @Test("a configuration with lines moved, repeated and left out is refused or right", arguments: 11...14)
    func shuffled(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let lines = Sample.rich.split(separator: "\n") + (Sample.richRules["api"] ?? "").split(separator: "\n")
        for _ in 0..<Self.rounds {
            let picked = (0..<Int.random(in: 1...30, using: &random)).compactMap { _ in
                lines.randomElement(using: &random)
            }
            let text = Array(picked.joined(separator: "\n").utf8)
            probe(text, text)
        }
    }

    @Test("YAML's own marks in any order are refused or right", arguments: 21...24)
    func marks(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let words = [
            "supervisor", "workers", "proxy", "name", "match", ":", ": ", "- ", "? ", "[", "]", "{", "}", ",", "\n",
            "\n  ",
            "\n    ", "\t", "#", "&a ", "*a", "!!str ", "!x ", "|", ">", "|+\n", "'", "\"", "\\", "%YAML 1.2\n",
            "---\n", "...\n",
            "\r\n", "\u{85}", "\u{FEFF}", "\0", "\u{E000}", "<<", "~", "10s", "1", "\"\\x00\"", "\"\\uD800\"", "ä", "@",
            "`",
        ]
        for _ in 0..<(Self.rounds * 2) {
            let text = (0..<Int.random(in: 1...40, using: &random)).compactMap { _ in
                words.randomElement(using: &random)
            }
            let bytes = Array(text.joined().utf8)
            probe(bytes, bytes)
        }
    }
}
