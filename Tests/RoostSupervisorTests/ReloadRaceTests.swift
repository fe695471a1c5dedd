import Glibc
import RoostConfig
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

/// What happens between the steps of a reload.
@Suite(.ownThread) struct ReloadRaceTests {
    private func launched() throws -> TestSupervisor {
        let test = try TestSupervisor()
        try test.write([try test.worker("w")])
        try test.launch()
        return test
    }

    /// Answers as a good worker, and holds the answer to `method` back until `release` is true.
    private func holding(
        _ method: RoostProtocol.Method,
        _ held: Slot<Bool>,
        _ release: Slot<Bool>,
        _ log: Slot<[RoostProtocol.Method]> = Slot([])
    ) -> @Sendable (IncomingRequest) -> Answer {
        let good = TestSupervisor.good(log)
        return { request in
            guard request.method == method else { return good(request) }
            log.value?.append(request.method)
            held.value = true
            return .later {
                while release.value != true { try await Task.sleep(for: .milliseconds(1)) }
                var reply = PrepareReply()
                reply.prepared = Prepared()
                return method == .prepare ? reply.encoded() : Committed().encoded()
            }
        }
    }

    /// Reloads, and does `meanwhile` while the worker holds its answer to `method` back.
    private func reload(
        _ test: TestSupervisor,
        while held: Slot<Bool>,
        _ release: Slot<Bool>,
        _ meanwhile: () throws -> Void
    ) throws -> ReloadReply {
        let (supervisor, reply) = (test.supervisor, Slot<ReloadReply>())
        test.bench.reactor.start { reply.value = await supervisor.reload(by: .watch) }
        try test.bench.turn(until: "the held answer") { held.value == true }
        try meanwhile()
        release.value = true
        try test.bench.turn(until: "the reload's end") { reply.value != nil }
        return try reply.require()
    }

    private func kill(_ test: TestSupervisor, _ name: String) throws -> Int32 {
        let pid = try #require(try test.pid(name))
        Glibc.kill(pid, SIGKILL)
        try test.bench.turn(until: "the successor: \(test.summary)") {
            let now = try test.pid(name)
            return now != nil && now != pid
        }
        return try #require(try test.pid(name))
    }

    @Test("who dies while it prepares has not agreed: nothing changes, and its successor is left alone")
    func diesPreparing() throws {
        let test = try launched()
        let (held, release) = (Slot<Bool>(), Slot<Bool>())
        let good = try test.play("w", holding(.prepare, held, release))
        try test.write([try test.worker("w"), try test.worker("x")])
        var second: Int32 = 0
        let reply = try reload(test, while: held, release) { second = try kill(test, "w") }
        #expect(!reply.accepted && reply.problems.first?.hasPrefix("w/0 did not prepare") == true)
        test.bench.reactor.runUntilIdle()
        #expect(try test.pid("w") == second)
        #expect(test.generation == 1 && test.names == ["w/0"])
        withExtendedLifetime(good) {}
    }

    @Test("who dies while all switch comes back with the new configuration, and is not replaced once more")
    func diesSwitching() throws {
        let test = try launched()
        let (held, release) = (Slot<Bool>(), Slot<Bool>())
        let good = try test.play("w", holding(.commit, held, release))
        var changed = try test.worker("w")
        changed.nice = 1
        try test.write([changed]) { $0.reload.commit = .milliseconds(300) }
        var second: Int32 = 0
        #expect(try reload(test, while: held, release) { second = try kill(test, "w") }.accepted)
        test.bench.reactor.runUntilIdle()
        #expect(try test.pid("w") == second)
        #expect(try test.state("w") == .starting)
        withExtendedLifetime(good) {}
    }

    @Test("what an operator stops while all prepare or switch stays stopped", arguments: [Method.prepare, .commit])
    func stopped(method: RoostProtocol.Method) throws {
        let test = try launched()
        let (held, release) = (Slot<Bool>(), Slot<Bool>())
        let good = try test.play("w", holding(method, held, release))
        var changed = try test.worker("w")
        changed.nice = 1
        try test.write([changed])
        let (supervisor, stopped) = (test.supervisor, Slot<Bool>())
        _ = try reload(test, while: held, release) {
            test.bench.reactor.start {
                _ = try? await supervisor.stop(["w"], by: .watch)
                stopped.value = true
            }
            test.bench.reactor.runUntilIdle()
        }
        try test.bench.turn(until: "the stop") { stopped.value == true }
        #expect(try test.state("w") == .stopped)
        withExtendedLifetime(good) {}
    }

    @Test("what is scaled while all switch keeps its number, and its new instances their processes")
    func scaled() throws {
        let test = try launched()
        let (held, release) = (Slot<Bool>(), Slot<Bool>())
        let good = try test.play("w", holding(.commit, held, release))
        try test.write([try test.worker("w")])
        let supervisor = test.supervisor
        var pid: Int32?
        _ = try reload(test, while: held, release) {
            var request = ScaleRequest()
            (request.name, request.instances) = ("w", 2)
            let message = request
            test.bench.reactor.start { _ = try? await supervisor.scale(message, by: .watch) }
            try test.bench.turn(until: "the second instance") {
                test.names.contains("w/1") ? try test.pid("w", 1) != nil : false
            }
            pid = try test.pid("w", 1)
        }
        #expect(try test.pid("w", 1) == pid)
        #expect(test.names == ["w/0", "w/1"])
        withExtendedLifetime(good) {}
    }

    @Test("a worker that becomes a plain program is not asked about a section that it will not have")
    func becomesPlain() throws {
        let test = try launched()
        let asked = Slot<[RoostProtocol.Method]>([])
        let good = try test.play("w", TestSupervisor.good(asked))
        let pid = try test.pid("w")
        try test.write([TestSupervisor.plain("w")])
        #expect(try test.reload().accepted)
        #expect(asked.value?.contains(.prepare) == false)
        // As the worker that it was, it is asked to drain.
        try test.bench.turn(until: "the drain") { asked.value?.contains(.drain) == true }
        try test.bench.turn(until: "the program") {
            let now = try test.pid("w")
            return now != nil && now != pid
        }
        withExtendedLifetime(good) {}
    }

    @Test("a program installed anew is noticed by a reload that changes something as well, and answers for itself")
    func executable() throws {
        let test = try launched()
        let asked = Slot<[RoostProtocol.Method]>([])
        let good = try test.play("w", TestSupervisor.good(asked))
        let pid = try test.pid("w")
        let program = test.bench.scratch.file("w")
        let script = "#!/bin/sh\n[ \"$1\" = --check ] && touch \(program).checked && exit 0\n\(TestSupervisor.loyal)\n"
        try Scratch.write(program + ".new", Array(script.utf8), mode: 0o755)
        try #require(rename(program + ".new", program) == 0)
        var same = TestSupervisor.plain("w")
        same.program = .worker(executable: program)
        same.heartbeat = .init(interval: .milliseconds(500), deadline: .seconds(30))
        try test.write([same])
        #expect(try test.reload().accepted)
        #expect(asked.value?.contains(.prepare) == false)
        #expect(access(program + ".checked", F_OK) == 0)
        try test.bench.turn(until: "the replacement") { test.isRolled("w", for: "upgrade") }
        #expect(try test.pid("w") == pid)
        withExtendedLifetime(good) {}
    }

    @Test("a program that its own PATH leads to is the one that is compared")
    func ownPath() throws {
        let test = try TestSupervisor()
        try Scratch.write(test.bench.scratch.file("sleep"), Array("#!/bin/sh\nexec /bin/sleep 60\n".utf8), mode: 0o755)
        var plain = TestSupervisor.plain("a")
        plain.program = .plain(["sleep", "60"])
        plain.environment = .init(pass: [], set: [.init(name: "PATH", value: test.bench.scratch.path)])
        try test.write([plain])
        try test.boot()
        let pid = try test.pid("a")
        try test.write([plain], isSame: true)
        #expect(try test.reload().accepted)
        test.bench.reactor.runUntilIdle()
        #expect(try test.pid("a") == pid && test.state("a") == .running)
    }

    @Test("a worker that starts keeps its process over a change that it need not hear of")
    func comment() throws {
        let test = try launched()
        try test.bench.turn(until: "a process") { try test.pid("w") != nil }
        let pid = try test.pid("w")
        try test.write([try test.worker("w")], main: "main 1")
        let reply = try test.reload()
        #expect(reply.accepted && reply.changed && reply.generation == 2)
        test.bench.reactor.runUntilIdle()
        #expect(try test.pid("w") == pid && test.state("w") == .starting)
    }

    @Test("a reload that finds no room says nothing about the files")
    func noRoom() throws {
        let test = try launched()
        let worker = try test.play("w", TestSupervisor.good(Slot([])))
        try test.bench.scratch.write("slow", "")
        let (supervisor, replies) = (test.supervisor, Slot<[ReloadReply]>([]))
        for _ in 0..<40 { test.bench.reactor.start { replies.value?.append(await supervisor.reload(by: .watch)) } }
        try test.bench.turn(until: "the refusals") { (replies.value?.count ?? 0) >= 7 }
        #expect(try supervisor.assumeIsolated { try $0.status([]) }.supervisor?.configProblems == [])
        unlink(test.bench.scratch.file("slow"))
        try test.bench.turn(until: "the others") { replies.value?.count == 40 }
        withExtendedLifetime(worker) {}
    }
}
