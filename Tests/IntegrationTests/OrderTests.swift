import Glibc
import RoostIPC
import RoostJSON
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("starting and stopping in order")
struct OrderTests {
    /// `NAME STATE` of every step of a worker, in order.
    static func steps(_ events: [Event]) -> [String] {
        events.compactMap { event in
            guard event.type == "worker", let data = try? JSONParser.parse(Array(event.dataJson.utf8)),
                let name = data["name"]?.stringValue, let state = data["state"]?.stringValue
            else { return nil }
            return "\(name) \(state)"
        }
    }

    private static let chain = [
        (name: "third", script: "", more: "after: [second]"),
        (name: "second", script: "ready-after=200", more: "after: [first]"),
        (name: "first", script: "ready-after=200", more: ""),
    ]

    @Test("workers start when those before them are ready, and stop in reverse")
    func order() async throws {
        try await RunningRoost.run(Sample.scripted(Self.chain)) { roost in
            try await roost.wait(for: "third")
            let started = Self.steps(try await roost.events()).filter { !$0.hasSuffix("waiting") }
            #expect(
                started == [
                    "first starting", "first running", "second starting", "second running", "third starting",
                    "third running",
                ]
            )
            var follow = EventsRequest()
            follow.follow = true
            follow.sinceId = try await roost.events().last?.id
            let connection = try await roost.connect()
            let stream = try await connection.stream(.events, follow.encoded())
            roost.daemon.signal(SIGTERM)
            var stopped: [String] = []
            do {
                for try await item in stream { stopped += Self.steps(try Events(decoding: item).events) }
            } catch is RequestFailure {}  // roostd has ended
            #expect(
                stopped == [
                    "third draining", "third stopped", "second draining", "second stopped", "first draining",
                    "first stopped",
                ]
            )
        }
    }

    @Test("who waits for somebody who is not ready waits, and says so")
    func gate() async throws {
        let workers = [
            (name: "first", script: "ready-after=60000", more: "start_timeout: 120s, drain: 0s"),
            (name: "second", script: "", more: "after: [first]"),
        ]
        try await RunningRoost.run(Sample.scripted(workers)) { roost in
            try await roost.wait(for: "first", state: .starting)
            let second = try await roost.wait(for: "second", state: .waiting)
            #expect(second.pid == nil)
            #expect(second.reason.contains("first"))
        }
    }

    @Test("SIGTERM in the middle of a start stops everything")
    func stopWhileStarting() async throws {
        let workers = (0..<6).map { (name: "w\($0)", script: "ready-after=60000", more: "drain: 1s, start_timeout: 120s") }
        try await RunningRoost.run(Sample.scripted(workers)) { roost in
            _ = try await roost.wait(for: "w0", state: .starting)
        }
    }

    private func group(_ strategy: String, crash: String, _ expected: [String: ExitReason]) async throws {
        let workers = ["a", "b", "c"].map { (name: $0, script: "", more: "strategy: \(strategy)") }
            + [(name: "other", script: "", more: "strategy: { kind: one_for_one, group: other }")]
        try await RunningRoost.run(Sample.scripted(workers)) { roost in
            var before: [String: Int32] = [:]
            for worker in workers { before[worker.name] = try await roost.wait(for: worker.name).pid }
            #expect(kill(try #require(before[crash]), SIGXCPU) == 0)
            for (name, _, _) in workers {
                let reason = expected[name]
                let worker = try await roost.wait(for: name) { ($0.pid != before[name]) == (reason != nil) }
                #expect(worker.lastExit?.reason == reason, "\(name)")
            }
        }
    }

    @Test("one_for_all: the whole group is restarted, and nobody else")
    func oneForAll() async throws {
        try await group("one_for_all", crash: "b", ["a": .dependency, "b": .signaled, "c": .dependency])
    }

    @Test("rest_for_one: those after it are restarted, and nobody else")
    func restForOne() async throws {
        try await group("rest_for_one", crash: "b", ["b": .signaled, "c": .dependency])
    }

    @Test("one that ignores drain and SIGTERM is killed after its stop_timeout")
    func killed() async throws {
        let workers = [
            (name: "alpha", script: "drain=never ignore-term", more: "drain: 200ms, stop_timeout: 200ms"),
            (name: "beta", script: "drain=never", more: "drain: 200ms, stop_timeout: 60s"),
        ]
        let plain = "  plain: { command: [/bin/sh, -c, \"trap '' TERM; while :; do sleep 1; done\"], stop_timeout: 200ms }\n"
        try await RunningRoost.run(Sample.scripted(workers) + plain) { roost in
            for name in ["alpha", "beta", "plain"] { try await roost.wait(for: name) }
            let reply = try await roost.stop("alpha", "beta", "plain")
            #expect(reply.outcomes.count == 3 && reply.outcomes.allSatisfy { $0.succeeded })
            for (name, signal) in [("alpha", SIGKILL), ("plain", SIGKILL)] {
                let worker = try await roost.worker(name)
                #expect(worker.state == .stopped)
                #expect(worker.lastExit?.signal == signal, "\(name): \(String(describing: worker.lastExit))")
                #expect(worker.lastExit?.reason == .requested)
            }
            // SIGTERM ends a drain that does not.
            let beta = try await roost.worker("beta")
            #expect(beta.lastExit?.code == 0 && beta.lastExit?.reason == .requested)
        }
    }

    @Test("a stopped worker stays stopped until it is started")
    func stopAndStart() async throws {
        try await RunningRoost.run(Sample.proxy + "  alpha: { executable: SCRIPTED }\n") { roost in
            try await roost.wait(for: "alpha")
            #expect(try await roost.stop("alpha").outcomes.first?.state == .stopped)
            #expect(try await roost.supervisor().state == .running)
            // A reload that is about somebody else does not start it.
            let other = Sample.proxy + "  alpha: { executable: SCRIPTED }\nsupervisor: { lease: 33s }\n"
            #expect(try await roost.reload(other).changed)
            #expect(try await roost.worker("alpha").state == .stopped)
            // Nor does one that it would need a new process for.
            let own = Sample.proxy + "  alpha: { executable: SCRIPTED, nice: 4 }\n"
            #expect(try await roost.reload(own).changed)
            #expect(try await roost.worker("alpha").state == .stopped)
            #expect(try await roost.start("alpha").outcomes.first?.succeeded == true)
            #expect(try await roost.worker("alpha").state == .running)
        }
    }

    @Test("an unknown worker is named together with those there are")
    func unknown() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            do {
                _ = try await roost.restart("prxy")
                Issue.record("it was restarted")
            } catch let failure as RequestFailure {
                #expect(failure.code == .notFound)
                #expect(failure.message.contains("prxy") && failure.message.contains("proxy"))
            }
        }
    }
}
