import RoostConfig
import RoostJSON

/// The machine-readable answers of `roost-config`.
enum ConfigJSON {
    static func check(_ file: String, _ findings: [Finding], _ loaded: LoadedConfiguration) -> JSONValue {
        [
            "file": .string(file),
            "valid": .bool(!findings.contains { $0.severity == .error } && !loaded.isMissing),
            "workers": .integer(Int64(loaded.settings?["workers"].members.count ?? 0)),
            "rules": .integer(Int64(loaded.rules.count)),
            "errors": .array(findings.filter { $0.severity == .error }.map(finding)),
            "warnings": .array(findings.filter { $0.severity == .warning }.map(finding)),
        ]
    }

    private static func finding(_ finding: Finding) -> JSONValue {
        [
            "file": .string(finding.position.file),
            "line": .integer(Int64(finding.position.line)),
            "column": .integer(Int64(finding.position.column)),
            "key": .string(finding.key),
            "problem": .string(finding.problem),
            "mend": .string(finding.mend),
        ]
    }
}
