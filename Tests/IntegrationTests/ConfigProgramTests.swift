import Glibc
import RoostJSON
import RoostTestSupport
import Testing

/// The program, as roostd and operators run it; what it finds is tested with its library.
@Suite("roost-config as a process")
struct ConfigProgramTests {
    private func withFile(
        _ main: String,
        rules: [String: String] = [:],
        _ body: (String) async throws -> Void
    ) async throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("rules.d")
        try scratch.write("roost.yaml", main)
        for (name, text) in rules { try scratch.write("rules.d/\(name)", text) }
        try await body(scratch.file("roost.yaml"))
    }

    @Test("a right configuration: 0, one line on standard output, nothing on standard error")
    func right() async throws {
        try await withFile("workers: { proxy: {} }\n", rules: ["a.yaml": "{ name: a, content: { source: welcome } }\n"])
        {
            file in
            let run = try await FinishedRun.of("roost-config", "check", file)
            #expect(run.status == 0)
            #expect(run.output == "\(file): ok (1 worker, 1 rule)\n")
            #expect(run.errors.isEmpty)
        }
    }

    @Test("a broken one: 78, nothing on standard output, every error as FILE:LINE:COLUMN: KEY: what; mend")
    func broken() async throws {
        let main = "supervisor: { lease: soon }\nworkers:\n  proxy: { nise: 3 }\n"
        try await withFile(main, rules: ["api.yaml": "name: api\nbackends: []\n"]) { file in
            let run = try await FinishedRun.of("roost-config", "check", file)
            #expect(run.status == 78)
            #expect(run.output.isEmpty)
            let lines = run.errors.split(separator: "\n")
            let form = try Regex(#"^(/[^:]+):(\d+):(\d+): ([^:]+): [^;]+; .+$"#)
            #expect(!lines.isEmpty && lines.allSatisfy { (try? form.wholeMatch(in: $0)) != nil }, "\(lines)")
            func has(_ start: String) -> Bool { lines.contains { $0.hasPrefix(start) } }
            #expect(has("\(file):1:22: supervisor.lease: "))
            #expect(has("\(file):3:12: workers.proxy.nise: "))
            #expect(has(file.replacing("roost.yaml", with: "rules.d/api.yaml:2:")))
        }
    }

    @Test("a missing file: 66; wrong usage: 64, and how it is used; nobody who reads: 74")
    func statuses() async throws {
        let missing = try await FinishedRun.of("roost-config", "check", "/none/roost.yaml")
        #expect(missing.status == 66)
        #expect(missing.errors.contains("/none/roost.yaml"))
        for arguments in [["check"], ["chekc", "x"], ["check", "a", "b"], ["check", "--section", "none", "a"]] {
            let run = try await FinishedRun.of(["roost-config"] + arguments)
            #expect(run.status == 64)
            #expect(run.output.isEmpty && run.errors.contains("usage: roost-config"))
        }
        try await withFile("workers: {}\n") { file in
            let command = "exec \(Program.path("roost-config")) check \(file) >/dev/full"
            let full = try await FinishedRun.of("/bin/sh", "-c", command)
            #expect(full.status == 74)
        }
    }

    @Test("emit resolves overrides of the environment, and shows an error of theirs with their name")
    func overrides() async throws {
        try await withFile("workers: { proxy: {} }\n") { file in
            func emitted(_ variables: [String], status: Int32 = 0) async throws -> String {
                let run = try await FinishedRun.of("roost-config", "emit", file, environment: variables)
                #expect(run.status == status)
                #expect(run.errors.isEmpty, "what is wrong is inside of the report")
                return run.output
            }
            let plain = try await emitted([])
            #expect(plain == (try await emitted([])))
            let nice = try await emitted(["ROOST_WORKERS_PROXY_NICE=7"])
            #expect(nice != plain)
            // Not in the text but in the value: another nice makes another report, the same one the same report.
            #expect(nice == (try await emitted(["ROOST_WORKERS_PROXY_NICE=7"])))
            #expect(nice != (try await emitted(["ROOST_WORKERS_PROXY_NICE=8"])))
            let wrong = try await emitted(["ROOST_WORKERS_PROXY_NICE=x"], status: 78)
            #expect(wrong.contains("ROOST_WORKERS_PROXY_NICE"))
            let unknown = try await emitted(["ROOST_NO_SUCH_KEY=1"])
            #expect(unknown.contains("ROOST_NO_SUCH_KEY"))
            let show = try await FinishedRun.of(
                "roost-config",
                "show",
                "--json",
                file,
                environment: ["ROOST_WORKERS_PROXY_NICE=7"]
            )
            let settings = try JSONParser.parse(show.output)
            #expect(settings["workers.proxy.nice"]?["value"] == "7")
        }
    }

    @Test("check of a wrong override: 78, and the variable is named; of an unknown one: a warning")
    func wrongOverride() async throws {
        try await withFile("workers: { proxy: {} }\n") { file in
            let wrong = try await FinishedRun.of(
                "roost-config",
                "check",
                file,
                environment: ["ROOST_PROXY_LISTEN=nowhere"]
            )
            #expect(wrong.status == 78)
            #expect(wrong.errors.hasPrefix("environment:1:1: ROOST_PROXY_LISTEN: \"nowhere\" has no port; write "))
            let unknown = try await FinishedRun.of("roost-config", "check", file, environment: ["ROOST_NONE=1"])
            #expect(unknown.status == 0)
            #expect((unknown.errors + unknown.output).contains("warning: environment:1:1: ROOST_NONE: "))
        }
    }
}
