import Foundation
import RoostConfig
import RoostConfigReader

/// Configurations for the tests, and a machine that is the same everywhere.
enum Sample {
    /// Has the users root and roost, the groups root and roost-admin, and the programs of two workers.
    static let machine = Machine(
        user: { name in
            switch name {
            case "root": .init(name: "root", user: 0, group: 0, groups: [0])
            case "roost": .init(name: "roost", user: 900, group: 901, groups: [901, 44])
            default: nil
            }
        },
        group: { ["root": 0, "roost-admin": 77][$0] },
        hasWorker: { ["proxy", "scripted"].contains($0) }
    )

    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let broken = repository.appendingPathComponent("Tests/RoostConfigTests/Broken")

    /// Checks texts as if they were files: `roost.yaml`, and rules by name.
    static func check(
        _ main: String,
        rules: [String: String] = [:],
        variables: [String: String] = [:]
    ) -> ConfigurationText.Outcome {
        var faults: [Finding] = []
        func parsed(_ text: String, _ path: String) -> ParsedFile {
            let (node, found) = YAMLText.read(Array(text.utf8), file: path)
            faults += found
            return ParsedFile(path: path, node: node)
        }
        let text = ConfigurationText(
            main: parsed(main, "roost.yaml"),
            rules: rules.keys.sorted().map { parsed(rules[$0] ?? "", "rules.d/\($0).yaml") },
            variables: variables,
            directory: "/etc/roost"
        )
        var outcome = text.check(machine: machine)
        outcome.findings = (outcome.findings + faults).sorted()
        return outcome
    }

    /// The lines of all findings.
    static func lines(
        _ main: String,
        rules: [String: String] = [:],
        variables: [String: String] = [:]
    ) -> [String] {
        check(main, rules: rules, variables: variables).findings.map(\.line)
    }

    /// Runs `body` with a folder that is gone afterwards.
    static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("roost-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// Writes `roost.yaml` and rules under `folder`, and returns the path of the first.
    static func write(_ main: String, rules: [String: String] = [:], in folder: URL) throws -> String {
        let file = folder.appendingPathComponent("roost.yaml")
        try Data(main.utf8).write(to: file)
        let ruleFolder = folder.appendingPathComponent("rules.d")
        try FileManager.default.createDirectory(at: ruleFolder, withIntermediateDirectories: true)
        for (name, text) in rules { try Data(text.utf8).write(to: ruleFolder.appendingPathComponent(name)) }
        return file.path
    }

    /// Everything that a configuration can say.
    static let rich = """
        supervisor: { lease: 7s, watch: false, log: { level: debug, format: json, ring: 64KiB } }
        limits: { frame: 2MiB }
        workers:
          first:
            command: [bin/first, --flag, ""]
            directory: data
            restart: transient
            strategy: { kind: rest_for_one, group: media }
            intensity: { restarts: 0, period: 1m, then: escalate }
            backoff: { base: 1ms, max: 2ms }
            healthy_after: 1500ms
            start_timeout: 2m
            drain: 0s
            stop_timeout: 10ms
            memory: { soft: 1MiB, hard: 2MiB }
            user: roost
            group: roost-admin
            environment: { HOME: , NUMBER: 1, LANG: C }
            nice: -5
            oom_score_adjust: -1000
            limits: { open_files: 1024, processes: 5, core: 0, file_size: 1, address_space: 1GiB, stack: 64KiB, locked_memory: 0 }
          proxy:
            instances: 3
            executable: ../libexec/roost-proxy
            heartbeat: { interval: 100ms, deadline: 300ms }
            after: [first]
        proxy:
          listen: ["127.0.0.1:0", "[::1]:8080"]
          limits: { connections: 5, head: 1KiB, fields: 8, body: 1MiB, target: 256 }
          timeouts: { head: 1s, body: 2s, idle: 3s }
          upstream: { idle_connections: 0, idle_timeout: 4s }
        """

    static let richRules = [
        "api": """
        name: api
        priority: -3
        match: { hosts: [Api.Test, "*.b.test"], path: { prefix: /v1/ }, methods: GET }
        backends: [{ url: "http://[::1]:9001", weight: 3 }, http://Backend.test]
        rewrite: { strip_prefix: /v1, add_prefix: /x, host: backend }
        timeouts: { connect: 1ms, response: 2s, idle: 3s }
        """,
        "one": "{ name: one, match: { path: { exact: /one } }, content: welcome }",
    ]
}
