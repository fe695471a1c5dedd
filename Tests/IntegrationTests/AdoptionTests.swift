import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("roostd is killed, and another one takes its place")
struct AdoptionTests {
    @Test("a worker's numbered lines at full speed over twenty kills: none is missing, none comes twice")
    func lines() async throws {
        let configuration = """
            supervisor: { lease: 20s, log: { ring: 128MiB } }
            workers:
              counter: { command: [/bin/sh, -c, "i=0; while [ ! -e SCRATCH/enough ]; do i=$((i+1)); echo line $i; done; echo last $i; exec sleep 1000"] }

            """
        try await RunningRoost.run(configuration) { roost in
            let pid = try #require(try await roost.wait(for: "counter").pid)
            var random = SplitMix(seed: 0x11AE)
            for _ in 0..<20 {
                try await Task.sleep(for: .milliseconds(Int64.random(in: 0...30, using: &random)))
                try await roost.replaceDaemon()
            }
            try roost.scratch.write("enough", "")
            let all = try await eventually("the last line", within: .seconds(60)) {
                let lines = try await roost.logs("counter").map(\.message)
                return lines.last?.hasPrefix("last ") == true ? lines : nil
            }
            #expect(try await roost.worker("counter").pid == pid)
            #expect(all.first == "line 1")
            let wrong = all.dropLast().enumerated().first { $0.element != "line \($0.offset + 1)" }
            #expect(
                wrong == nil,
                "\(wrong.map { all[max(0, $0.offset - 1)...min(all.count - 1, $0.offset + 1)] } ?? [])"
            )
            #expect(all.last == "last \(all.count - 1)")
        }
    }
}
