import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("broken configurations while one runs")
struct BrokenReloadTests {
    private static let folder = Program.package + "/Tests/RoostConfigTests/Broken"

    @Test("each is refused with file and line, and the running one is untouched")
    func refused() async throws {
        let names = Scratch.names(in: Self.folder).filter { $0.hasSuffix(".yaml") }
        let rules = Scratch.names(in: Self.folder + "/rules").filter { $0.hasSuffix(".yaml") }
        #expect(names.count >= 20)
        let unwatched = "supervisor: { watch: false }\n" + Sample.proxy
        try await RunningRoost.run(unwatched) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            var refused = 0
            func isRefused(_ file: String, _ name: String) async throws {
                let reply = try await roost.reload()
                #expect(!reply.accepted, "\(name)")
                #expect(reply.generation == 1)
                #expect(!reply.problems.isEmpty && reply.problems.allSatisfy { Self.namesPlace($0, file) }, "\(name): \(reply.problems)")
                #expect(try await roost.get().status == 200)
                let worker = try await roost.worker("proxy")
                #expect(worker.pid == pid && worker.configGeneration == 1)
                refused += 1
            }
            for name in names {
                let text = Scratch.text("\(Self.folder)/\(name)")
                try roost.scratch.replace("roost.yaml", text)
                try await isRefused("roost.yaml", name)
            }
            try roost.scratch.replace("roost.yaml", roost.fill(unwatched))
            for name in rules {
                try roost.scratch.write("rules.d/\(name)", roost.fill(Scratch.text("\(Self.folder)/rules/\(name)").replacing(":8080", with: ":PORT")))
                try await isRefused(name, name)
                unlink(roost.scratch.file("rules.d/\(name)"))
            }
            #expect(refused == names.count + rules.count)
            let reply = try await roost.reload()
            #expect(reply.accepted && !reply.changed && reply.generation == 1)
            #expect(try await roost.supervisor().configProblems.isEmpty)
        }
    }

    /// `…FILE:LINE:COLUMN: `
    private static func namesPlace(_ problem: String, _ file: String) -> Bool {
        guard let range = problem.firstRange(of: file + ":") else { return false }
        let numbers = problem[range.upperBound...].split(separator: ":", maxSplits: 2)
        return numbers.count == 3 && Int(numbers[0]) != nil && Int(numbers[1]) != nil
    }
}
