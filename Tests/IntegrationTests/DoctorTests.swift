import RoostJSON
import RoostTestSupport
import Testing

@Suite("roost doctor beside a running roostd")
struct DoctorTests {
    private func facts(_ roost: RunningRoost) async throws -> [String: (verdict: String, finding: String)] {
        let run = try await FinishedRun.of("roost", "--runtime", roost.runtime, "doctor", "--json")
        let facts = try JSONParser.parse(run.output)["facts"]?.arrayValue ?? []
        return facts.reduce(into: [:]) { all, fact in
            func text(_ key: String) -> String { fact[key]?.stringValue ?? "" }
            all[text("name")] = (text("verdict"), text("finding"))
        }
    }

    @Test("it looks at the files and the state directory that roostd was started with, wherever they are")
    func ownFiles() async throws {
        try await RunningRoost.run("supervisor: { watch: false }\n" + Sample.proxy) { roost in
            let good = try await facts(roost)
            #expect(good["config.files"]?.verdict == "good")
            #expect(good["config.files"]?.finding == "\(roost.configurationPath): ok (1 worker, 1 rule)")
            #expect(good["state"]?.finding.hasPrefix(roost.scratch.file("state") + " belongs to ") == true)
            try roost.scratch.replace("roost.yaml", "no_such_key: 1\n")
            let broken = try await facts(roost)
            #expect(broken["config.files"]?.verdict == "bad")
            #expect(broken["config.files"]?.finding.hasPrefix("\(roost.configurationPath):1:1: no_such_key: ") == true)
        }
    }
}
