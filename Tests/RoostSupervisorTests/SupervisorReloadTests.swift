import Glibc
import RoostConfig
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct SupervisorReloadTests {
    private func launched(_ name: String = "w") throws -> TestSupervisor {
        let test = try TestSupervisor()
        try test.write([try test.worker(name)])
        try test.launch()
        return test
    }

    @Test("a running worker prepares and switches without a new process")
    func switches() throws {
        let test = try launched()
        let asked = Slot<[Method]>([])
        let worker = try test.play("w", TestSupervisor.good(asked))
        try test.bench.turn(until: "running") { test.phase == .running }
        let pid = try test.pid("w")
        try test.write([try test.worker("w")])
        let reply = try test.reload()
        #expect(reply.accepted && reply.changed && reply.generation == 2)
        #expect(asked.value == [.prepare, .commit])
        #expect(try test.pid("w") == pid)
        #expect(try test.handle("w").assumeIsolated { $0.current?.generation } == 2)
        #expect(test.events.filter { $0.kind == .configChanged }.count == 2)
        try test.write([try test.worker("w")], isSame: true)
        let same = try test.reload()
        #expect(same.accepted && !same.changed && same.generation == 2)
        withExtendedLifetime(worker) {}
    }

    @Test("one refusal, and nothing has changed: not even for those that agreed")
    func refused() throws {
        let test = try TestSupervisor()
        let workers = [try test.worker("w"), try test.worker("x")]
        try test.write(workers)
        try test.launch()
        let asked = Slot<[Method]>([])
        let good = try test.play("w", TestSupervisor.good(asked))
        let bad = try test.play("x") { _ in
            var reply = PrepareReply()
            var refused = Refused()
            refused.problems = ["no"]
            reply.refused = refused
            return .message(reply)
        }
        try test.write(workers)
        let reply = try test.reload()
        #expect(!reply.accepted && reply.problems == ["x/0: no"] && reply.generation == 1)
        #expect(asked.value == [.prepare, .abort])
        #expect(test.events.last?.kind == .configRejected)
        #expect(try test.supervisor.assumeIsolated { try $0.status([]) }.supervisor?.configProblems == ["x/0: no"])
        withExtendedLifetime((good, bad)) {}
    }

    @Test("a worker that does not answer is a refusal, and holds the others up only once")
    func silence() throws {
        let test = try TestSupervisor()
        let workers = try ["a", "b", "c"].map { try test.worker($0) }
        try test.write(workers)
        try test.launch()
        let asked = Slot<[Method]>([])
        let silent: @Sendable (IncomingRequest) -> Answer = { request in
            asked.value?.append(request.method)
            return request.method == .prepare
                ? .later {
                    try await Task.sleep(for: .seconds(60)); return []
                } : .message(Aborted())
        }
        let connections = try ["a", "b", "c"].map { try test.play($0, silent) }
        try test.write(workers) { $0.reload.prepare = .milliseconds(200) }
        let reply = try test.reload()
        #expect(reply.problems.count == 3)
        // All were asked before the first one's patience was over: one after the other, aborts would lie in between.
        #expect(asked.value?.prefix(3) == [.prepare, .prepare, .prepare])
        withExtendedLifetime(connections) {}
    }

    @Test("an error in the files rejects them, and says it as the contract has it")
    func fault() throws {
        let test = try launched()
        try test.writeFault("is wrong")
        #expect(try test.reload().problems == ["roost.yaml:1:2: key: is wrong; mend it"])
        #expect(test.generation == 1)
    }

    @Test("a worker that was starting when the others switched is replaced, since it began with the old one")
    func starting() throws {
        let test = try launched()
        try test.bench.turn(until: "a process") { try test.pid("w") != nil }
        let first = try test.pid("w")
        try test.write([try test.worker("w")])
        #expect(try test.reload().accepted)
        try test.bench.turn(until: "the replacement") {
            let pid = try test.pid("w")
            return pid != nil && pid != first
        }
        #expect(try test.handle("w").assumeIsolated { $0.lastExit?.reason } == .configuration)
    }

    @Test("a parked worker is asked too: what it waits for may be what changes")
    func parked() throws {
        let test = try launched()
        let asked = Slot<[Method]>([])
        let worker = try test.play("w", TestSupervisor.good(asked))
        try test.handle("w").assumeIsolated { $0.hear(.parked("no server"), from: $0.pid ?? 0) }
        try test.write([try test.worker("w")])
        #expect(try test.reload().accepted)
        #expect(asked.value == [.prepare, .commit])
        #expect(try test.state("w") == .parked)
        withExtendedLifetime(worker) {}
    }

    @Test("a worker that does not switch after all is replaced, the others go on")
    func commitFails() throws {
        let test = try launched()
        let asked = Slot<[Method]>([])
        let good = TestSupervisor.good(asked)
        let worker = try test.play("w") { $0.method == .commit ? .failure(.internal, "no") : good($0) }
        let pid = try test.pid("w")
        try test.write([try test.worker("w")])
        #expect(try test.reload().accepted)
        try test.bench.turn(until: "the replacement") { test.isRolled("w", for: "configuration") }
        #expect(try test.pid("w") == pid)  // until another one is proved
        withExtendedLifetime(worker) {}
    }

    @Test("a worker that does not run is asked through --check, and silence is a refusal")
    func check() throws {
        let test = try launched()
        try Scratch.write(
            test.bench.scratch.file("bad"),
            Array("#!/bin/sh\necho 'x: wrong' >&2; exit 78\n".utf8),
            mode: 0o755
        )
        var bad = try test.worker("w")
        (bad.name, bad.program) = ("bad", .worker(executable: test.bench.scratch.file("bad")))
        try test.write([try test.worker("w"), bad])
        #expect(try test.reload().problems == ["bad: x: wrong"])
        try Scratch.write(test.bench.scratch.file("bad"), Array("#!/bin/sh\nexit 1\n".utf8), mode: 0o755)
        #expect(try test.reload().problems == ["bad: its check failed and did not say why"])
        try Scratch.write(test.bench.scratch.file("bad"), Array("#!/bin/sh\nsleep 60\n".utf8), mode: 0o755)
        try test.write([try test.worker("w"), bad]) { $0.reload.prepare = .milliseconds(300) }
        #expect(try test.reload().problems.first?.contains("did not finish within") == true)
        #expect(test.sockets == ["notify.sock", "w.sock"])
    }

    @Test("a socket that cannot be made is a refusal; one that nobody needs any more is gone")
    func sockets() throws {
        let test = try launched()
        try test.bench.scratch.write("run/x.sock", "a file")
        try test.write([try test.worker("w"), try test.worker("x")])
        #expect(try test.reload().problems == ["\(test.bench.scratch.file("run/x.sock")) is no socket; move it away"])
        unlink(test.bench.scratch.file("run/x.sock"))
        #expect(try test.reload().accepted)
        #expect(test.sockets == ["notify.sock", "w.sock", "x.sock"])
        try test.write([try test.worker("w")])
        #expect(try test.reload().accepted)
        #expect(test.sockets == ["notify.sock", "w.sock"])
    }

    @Test(
        "a stop during a reload ends everything and starts nothing",
        arguments: ["loading", "preparing", "committing"]
    )
    func stopMeanwhile(moment: String) throws {
        let test = try launched()
        let held = Slot<Bool>()
        let good = TestSupervisor.good(Slot([]))
        let worker = try test.play("w") { request in
            let holds =
                (request.method == .prepare && moment == "preparing")
                || (request.method == .commit && moment == "committing")
            guard holds else { return good(request) }
            held.value = true
            return .later {
                try await Task.sleep(for: .seconds(60)); return []
            }
        }
        if moment == "loading" { try test.bench.scratch.write("slow", "") }
        var changed = try test.worker("w")
        changed.nice = 1
        try test.write([changed, try test.worker("x")]) {
            $0.reload = .init(check: .milliseconds(300), prepare: .milliseconds(300), commit: .milliseconds(300))
        }
        let (supervisor, reply) = (test.supervisor, Slot<ReloadReply>())
        test.bench.reactor.start { reply.value = await supervisor.reload(by: .watch) }
        if moment == "loading" {
            test.bench.reactor.runUntilIdle()
        } else {
            try test.bench.turn(until: moment) { held.value == true }
        }
        test.stop()
        #expect(test.ended.value == 0)
        if moment != "loading" { try test.bench.turn(until: "the reload's end") { reply.value != nil } }
        #expect(
            try test.supervisor.assumeIsolated { try $0.targets([]) }.allSatisfy { handle in
                handle.assumeIsolated { $0.pid == nil }
            }
        )
        withExtendedLifetime(worker) {}
    }

    @Test("one change at a time; too many are refused")
    func queue() throws {
        let test = try launched()
        try test.bench.scratch.write("slow", "")
        let (supervisor, replies) = (test.supervisor, Slot<[ReloadReply]>([]))
        for _ in 0..<40 { test.bench.reactor.start { replies.value?.append(await supervisor.reload(by: .watch)) } }
        try test.bench.turn(until: "the refusals") { (replies.value?.count ?? 0) >= 7 }
        #expect(replies.value?.first?.problems == ["too many configuration changes are waiting; try again"])
        test.stop()
    }

    @Test("a program that was installed anew is taken over by a reload, and ends a quarantine")
    func executable() throws {
        let test = try launched()
        let worker = try test.play("w", TestSupervisor.good(Slot([])))
        let pid = try test.pid("w")
        let program = test.bench.scratch.file("w")
        try Scratch.write(program + ".new", try #require(Scratch.read(program)), mode: 0o755)
        try #require(rename(program + ".new", program) == 0)
        try test.write([try test.worker("w")], isSame: true)
        #expect(try test.reload().accepted)
        try test.bench.turn(until: "the replacement") { test.isRolled("w", for: "upgrade") }
        #expect(try test.pid("w") == pid)
        withExtendedLifetime(worker) {}
    }
}

@Suite(.ownThread) struct FileWatchTests {
    private func watching() throws -> TestSupervisor {
        let test = try TestSupervisor()
        try test.write([TestSupervisor.plain("a")]) { $0.watchDebounce = .milliseconds(20) }
        try test.boot()
        return test
    }

    private func change(_ test: TestSupervisor) throws {
        try test.write([TestSupervisor.plain("a")]) { $0.watchDebounce = .milliseconds(20) }
    }

    @Test("a saved file is taken over", arguments: ["etc/roost.yaml", "etc/rules.d/api.yaml"])
    func saved(file: String) throws {
        let test = try watching()
        try change(test)
        try test.bench.scratch.replace(file, "new")
        try test.bench.turn(until: "the new generation") { test.generation == 2 }
    }

    @Test("however often a file is saved, the supervisor stays")
    func often() throws {
        let test = try watching()
        for generation in 2...8 as ClosedRange<UInt64> {
            try change(test)
            try test.bench.scratch.replace("etc/roost.yaml", "\(generation)")
            try test.bench.turn(until: "generation \(generation)") {
                test.generation == generation && test.phase == .running
            }
        }
    }

    @Test("rules.d that comes later, or is made anew, is watched")
    func laterFolder() throws {
        let test = try watching()
        rmdir(test.bench.scratch.file("etc/rules.d"))
        try test.bench.turn(until: "that it is gone") { test.supervisor.assumeIsolated { $0.watched.count } == 1 }
        try test.bench.scratch.makeDirectory("etc/rules.d")
        try test.bench.turn(until: "that it is there") { test.supervisor.assumeIsolated { $0.watched.count } == 2 }
        let generation = test.generation
        try change(test)
        try test.bench.scratch.write("etc/rules.d/api.yaml", "rule")
        try test.bench.turn(until: "the new generation") { test.generation > generation }
    }

    @Test("a reload keeps the watcher, and with it what it has not told yet")
    func kept() throws {
        let test = try watching()
        let before = test.supervisor.assumeIsolated { $0.watcher.map { ObjectIdentifier($0) } }
        try change(test)
        #expect(try test.reload().accepted)
        #expect(test.supervisor.assumeIsolated { $0.watcher.map { ObjectIdentifier($0) } } == before)
        try test.write([TestSupervisor.plain("a")])
        #expect(try test.reload().accepted)
        #expect(test.supervisor.assumeIsolated { $0.watcher == nil })
    }
}

@Suite(.ownThread) struct ConfigurationHistoryTests {
    /// Three generations on disk and in the history; the helper goes on saying the third.
    private func three() throws -> TestSupervisor {
        let test = try TestSupervisor()
        try test.write([TestSupervisor.plain("a")], main: "one", rules: ["x": "1"])
        try test.boot()
        try test.write([TestSupervisor.plain("a")], main: "two", rules: ["x": "1", "y": "1"])
        _ = try test.reload()
        try test.write([TestSupervisor.plain("a")], main: "two", rules: ["x": "2"])
        _ = try test.reload()
        let scratch = test.bench.scratch
        for (name, text) in [("etc/roost.yaml", "two"), ("etc/rules.d/x.yaml", "2")] { try scratch.write(name, text) }
        return test
    }

    private func rollBack(_ test: TestSupervisor, to generation: UInt64) throws -> ReloadReply {
        let supervisor = test.supervisor
        var request = ConfigRollbackRequest()
        request.generation = generation
        let message = request
        return try test.bench.outcome { try await supervisor.rollBack(message, by: .watch) }
    }

    private func files(_ test: TestSupervisor) -> [String] {
        let scratch = test.bench.scratch
        return [Scratch.text(scratch.file("etc/roost.yaml"))]
            + Scratch.names(in: scratch.file("etc/rules.d")).map {
                "\($0) " + Scratch.text(scratch.file("etc/rules.d/\($0)"))
            }
    }

    @Test("the history tells what each generation changed")
    func history() throws {
        let test = try three()
        let history = test.supervisor.assumeIsolated { $0.configurationHistory() }.generations
        #expect(history.map(\.generation) == [3, 2, 1])
        #expect(history.map(\.current) == [true, false, false])
        #expect(
            history.map(\.changedFiles) == [
                ["rules.d/x.yaml", "rules.d/y.yaml"], ["roost.yaml", "rules.d/y.yaml"], [],
            ]
        )
        let shown = try test.supervisor.assumeIsolated { try $0.showConfiguration(2) }
        #expect(shown.files.map(\.path) == ["roost.yaml", "rules.d/x.yaml", "rules.d/y.yaml"])
        #expect(throws: RequestFailure.self) { try test.supervisor.assumeIsolated { try $0.showConfiguration(9) } }
    }

    @Test("a rollback puts the files back, with their permissions, as a new generation")
    func rollback() throws {
        let test = try three()
        chmod(test.bench.scratch.file("etc/roost.yaml"), 0o600)
        try test.write([TestSupervisor.plain("a")], main: "one", rules: ["x": "1"])
        let reply = try rollBack(test, to: 1)
        #expect(reply.accepted && reply.generation == 4)
        #expect(files(test) == ["one", "x.yaml 1"])
        var status = stat()
        stat(test.bench.scratch.file("etc/roost.yaml"), &status)
        #expect(status.st_mode & 0o777 == 0o600)
        try test.write([TestSupervisor.plain("a")], main: "two")
        #expect(try rollBack(test, to: 0).accepted, "zero is the one before")
        #expect(files(test) == ["two", "x.yaml 2"])
    }

    @Test("a rollback that does not run any more leaves the present files")
    func refused() throws {
        let test = try three()
        let before = files(test)
        try test.writeFault("is wrong")
        #expect(try rollBack(test, to: 2).accepted == false)
        #expect(files(test) == before)
    }

    @Test("a rollback that fails half way leaves the present files")
    func halfWay() throws {
        let test = try three()
        try test.bench.scratch.makeDirectory("etc/rules.d/y.yaml")
        #expect(throws: RequestFailure.self) { try rollBack(test, to: 2) }
        rmdir(test.bench.scratch.file("etc/rules.d/y.yaml"))
        #expect(files(test) == ["two", "x.yaml 2"])
    }

    @Test(
        "a generation of another file, or of files elsewhere, is refused before anything is written",
        arguments: ["other.yaml", "../x.yaml", "rules.d/../x.yaml", "rules.d/x"]
    )
    func foreign(path: String) throws {
        let test = try three()
        let before = files(test)
        var stored = try #require(test.supervisor.assumeIsolated { $0.store.load(2) })
        stored.files[0].path = path
        try test.supervisor.assumeIsolated { [stored] in try $0.store.save(stored) }
        #expect(throws: RequestFailure.self) { try rollBack(test, to: 2) }
        #expect(throws: RequestFailure.self) { try rollBack(test, to: 99) }
        #expect(files(test) == before)
    }

    @Test("a start with the newest generation's configuration goes on with its number, with another one counts on")
    func numbers() throws {
        let test = try three()
        #expect(test.generation == 3)
        let again = try TestSupervisor()
        rename(test.bench.scratch.file("state"), again.bench.scratch.file("state"))
        try again.write([TestSupervisor.plain("a")])
        try again.launch()
        #expect(again.generation == 4)
    }
}

@Suite(.ownThread) struct EventStreamTests {
    @Test(
        "a resume from any number, past the end as well, is answered",
        arguments: [0, 1, 5, 1000, UInt64.max - 3, .max]
    )
    func resume(since: UInt64) throws {
        let test = try TestSupervisor()
        try test.write([TestSupervisor.plain("a")])
        try test.boot()
        let count = test.events.count
        let found = try collect(test) { $0.sinceId = since }
        #expect(found.count == max(0, count - Int(clamping: since)))
    }

    @Test("types are filtered, and what the ring has given up is counted")
    func dropped() throws {
        let test = try TestSupervisor()
        try test.write([TestSupervisor.plain("a")]) { $0.eventRing = 2 }
        try test.boot()
        #expect(try collect(test) { $0.types = ["worker"] }.allSatisfy { $0.type == "worker" })
        #expect(try collect(test) { $0.types = ["device"] }.isEmpty)
        let items = try stream(test) { $0.sinceId = 1 }
        #expect(
            items.reduce(0) { $0 + $1.dropped } == UInt64(test.supervisor.assumeIsolated { $0.events.ring.first }) - 2
        )
    }

    @Test("logs are found by worker, instance and level")
    func logs() throws {
        let test = try TestSupervisor()
        try test.write([TestSupervisor.plain("a", "echo hello; " + TestSupervisor.loyal)])
        try test.boot()
        func lines(_ change: (inout LogsRequest) -> Void) throws -> [LogLine] {
            var request = LogsRequest()
            change(&request)
            return try ask(test, .logs, request.encoded()).flatMap { try LogLines(decoding: $0).lines }
        }
        try test.bench.turn(until: "the line") { try lines { $0.names = ["a"] }.contains { $0.message == "hello" } }
        #expect(try lines { $0.names = ["a/1"] }.isEmpty)
        #expect(try lines { $0.level = .error }.isEmpty)
        #expect(try lines { $0.names = ["roostd"] }.contains { $0.message.hasPrefix("running, ") })
    }

    private func collect(
        _ test: TestSupervisor,
        _ change: (inout EventsRequest) -> Void
    ) throws -> [RoostProtocol.Event] {
        try stream(test, change).flatMap(\.events)
    }

    private func stream(_ test: TestSupervisor, _ change: (inout EventsRequest) -> Void) throws -> [Events] {
        var request = EventsRequest()
        change(&request)
        return try ask(test, .events, request.encoded()).map { try Events(decoding: $0) }
    }

    /// The items of a stream, asked through the control socket's own handler.
    private func ask(_ test: TestSupervisor, _ method: Method, _ payload: [UInt8]) throws -> [[UInt8]] {
        let ends = try Bench.socketPair()
        let server = Connection(
            try ReactorByteStream(Descriptor(owning: ends[0]), on: test.bench.reactor),
            .acceptor,
            identity: Hello(),
            handler: ControlService(test.supervisor).handler
        )
        let client = Connection(
            try ReactorByteStream(Descriptor(owning: ends[1]), on: test.bench.reactor),
            .dialler,
            identity: Hello()
        )
        return try test.bench.outcome {
            try await server.start()
            try await client.open()
            var items: [[UInt8]] = []
            for try await item in try await client.stream(method, payload) { items.append(item) }
            await client.close()
            return items
        }
    }
}
