import CLinux
import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("a stop while a helper runs")
struct HelperStopTests {
    /// While `SCRATCH/slow` exists it stays, with a child of its own, and says who both are.
    private static let slow = """
        #!/bin/sh
        if [ -e SCRATCH/slow ]; then
            sleep 1000 &
            echo $! $$ >SCRATCH/pids.new
            mv SCRATCH/pids.new SCRATCH/pids
            wait
        fi
        exec CONFIG "$@"

        """

    /// A roostd that finds a slow `roost-config` beside itself.
    private static func install(_ scratch: Scratch) throws -> String {
        try scratch.makeDirectory("bin")
        let text = slow.replacing("SCRATCH", with: scratch.path)
            .replacing("CONFIG", with: Program.path("roost-config"))
        try Scratch.write(scratch.file("bin/roost-config"), Array(text.utf8), mode: 0o755)
        let program = Program.path("roostd")
        if link(program, scratch.file("bin/roostd")) != 0 {
            guard let bytes = Scratch.read(program) else { throw TestFailure("cannot read \(program)") }
            try Scratch.write(scratch.file("bin/roostd"), bytes, mode: 0o755)
        }
        return scratch.file("bin/roostd")
    }

    private func helpers(_ scratch: Scratch) async throws -> [Int32] {
        try await eventually("the slow helper runs") {
            let pids = Scratch.text(scratch.file("pids")).split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
            return pids.count == 2 ? pids : nil
        }
    }

    @Test("a reload's helper and what it has started are ended by the stop, which does not wait for them")
    func reload() async throws {
        try await RunningRoost.run(
            "supervisor: { watch: false, reload: { check_timeout: 60s } }\nworkers: {}\n",
            exit: nil,
            executable: Self.install
        ) { roost in
            try roost.scratch.write("slow", "")
            roost.daemon.signal(SIGHUP)
            let pids = try await helpers(roost.scratch)
            #expect(pids.allSatisfy(ProcessFacts.isAlive))
            roost.daemon.signal(SIGTERM)
            #expect(try await roost.daemon.ended(within: .seconds(20)) == 0)
            // The kernel hands a killed grandchild to whoever reaps it; alive it is not.
            try await eventually("the helper and its child are gone", within: .seconds(5)) {
                !pids.contains(where: ProcessFacts.isAlive)
            }
        }
    }

    @Test("a stop while the first configuration is read ends with 0 and leaves nothing")
    func start() async throws {
        let scratch = try Scratch()
        let program = try Self.install(scratch)
        try scratch.write("roost.yaml", "workers: {}\n")
        try scratch.write("slow", "")
        let output = roost_open(scratch.file("out"), O_RDWR | O_CREAT, 0o644)
        defer { close(output) }
        let child = try Child(
            program,
            [
                "--config", scratch.file("roost.yaml"), "--state", scratch.file("state"), "--runtime",
                scratch.file("run"),
            ],
            environment: ["PATH=/usr/bin:/bin"],
            output: output
        )
        let pids = try await helpers(scratch)
        child.signal(SIGTERM)
        #expect(try await child.ended(within: .seconds(8)) == 0, "\(Scratch.text(scratch.file("out")))")
        try await eventually("the helper and its child are gone", within: .seconds(5)) {
            !pids.contains(where: ProcessFacts.isAlive)
        }
    }
}
