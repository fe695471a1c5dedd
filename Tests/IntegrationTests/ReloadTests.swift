import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("taking over a changed configuration")
struct ReloadTests {
    private static let unwatched = "supervisor: { watch: false }\n"

    private func generation(_ wanted: UInt64, _ roost: RunningRoost) async throws {
        try await eventually("generation \(wanted)") { try await roost.supervisor().configGeneration == wanted }
    }

    @Test("a rule that comes by the control socket, by SIGHUP or by a saved file serves without a new process")
    func live() async throws {
        try await RunningRoost.run(Self.unwatched + Sample.proxy) { roost in
            let origins = try ["one", "two", "three"].map { try Origin($0) }
            defer { for origin in origins { origin.stop() } }
            let pid = try await roost.wait(for: "proxy").pid
            #expect(try await roost.get().text.contains("<html"))

            try roost.scratch.write("rules.d/all.yaml", origins[0].rule("all"))
            let reply = try await roost.reload()
            #expect(reply.accepted && reply.changed && reply.generation == 2)
            #expect(try await roost.get().text == "one")

            try roost.scratch.write("rules.d/all.yaml", origins[1].rule("all"))
            roost.daemon.signal(SIGHUP)
            try await generation(3, roost)
            #expect(try await roost.get().text == "two")

            // Watching begins, and acts on what comes after.
            #expect(try await roost.reload(Sample.proxy).generation == 4)
            try roost.scratch.replace("rules.d/all.yaml", origins[2].rule("all"))
            try await generation(5, roost)
            #expect(try await roost.get().text == "three")

            // The rule goes, and a new one comes by rename, as with vi, and a written one, as with echo.
            unlink(roost.scratch.file("rules.d/all.yaml"))
            try await generation(6, roost)
            #expect(try await roost.get().text.contains("<html"))
            try roost.scratch.write("rules.d/again.yaml", origins[0].rule("again"))
            try await generation(7, roost)
            #expect(try await roost.get().text == "one")

            let worker = try await roost.worker("proxy")
            #expect(worker.pid == pid)
            #expect(worker.configGeneration == 7)
            #expect(try await roost.reload().changed == false)
        }
    }

    @Test("a folder of rules that is made later is watched as well")
    func laterFolder() async throws {
        try await RunningRoost.run(Sample.proxy, rules: [:]) { roost in
            let origin = try Origin("found")
            defer { origin.stop() }
            try await roost.wait(for: "proxy")
            rmdir(roost.scratch.file("rules.d"))
            _ = try await roost.reload()
            try roost.scratch.makeDirectory("rules.d")
            // The empty folder alone changes nothing; it has to be seen all the same.
            try await Task.sleep(for: .milliseconds(600))
            try roost.scratch.write("rules.d/all.yaml", origin.rule("all"))
            try await generation(2, roost)
            #expect(try await roost.get().text == "found")
        }
    }

    @Test("a rejected change alters nothing, and is in status, log and events until it is mended")
    func rejected() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            try roost.scratch.replace("rules.d/bad.yaml", "name: bad\nbackends: [1]\n")
            try await eventually("the status names the problem") {
                try await roost.supervisor().configProblems.contains { $0.contains("rules.d/bad.yaml:2:") }
            }
            #expect(
                try await roost.events().contains { $0.type == "config_rejected" && $0.dataJson.contains("bad.yaml") }
            )
            #expect(
                try await roost.logs("roostd").contains { $0.level == .error && $0.message.contains("bad.yaml:2:") }
            )
            #expect(try await roost.supervisor().configGeneration == 1)
            #expect(try await roost.worker("proxy").pid == pid)
            unlink(roost.scratch.file("rules.d/bad.yaml"))
            try await eventually("the problem is gone") { try await roost.supervisor().configProblems.isEmpty }
            #expect(try await roost.supervisor().configGeneration == 1)
        }
    }

    @Test("one worker that refuses, or is silent, and nobody switches", arguments: ["refuse", "silent"])
    func rolledBack(_ how: String) async throws {
        let others =
            "  alpha: { executable: SCRIPTED }\n  beta: { executable: SCRIPTED, environment: { SCRIPT: prepare=\(how) } }\n"
        let supervisor = "supervisor: { watch: false, reload: { prepare_timeout: 700ms } }\n"
        try await RunningRoost.run(supervisor + Sample.proxy + others) { roost in
            let origin = try Origin("new")
            defer { origin.stop() }
            var pids: [Int32?] = []
            for name in ["proxy", "alpha", "beta"] { pids.append(try await roost.wait(for: name).pid) }
            try roost.scratch.write("rules.d/all.yaml", origin.rule("all"))
            let reply = try await roost.reload()
            #expect(!reply.accepted)
            #expect(reply.generation == 1)
            #expect(reply.problems.count == 1)
            #expect(reply.problems.first?.contains("beta/0") == true)
            if how == "refuse" { #expect(reply.problems.first?.contains("write another script") == true) }
            #expect(try await roost.get().text.contains("<html"))
            for (name, pid) in zip(["proxy", "alpha", "beta"], pids) {
                let worker = try await roost.worker(name)
                #expect(worker.pid == pid)
                #expect(worker.configGeneration == 1)
            }
            #expect(try await roost.supervisor().configProblems == reply.problems)
            // Without the one that refuses it goes through, and its preparation did not disturb.
            let without = supervisor + Sample.proxy + "  alpha: { executable: SCRIPTED }\n"
            let next = try await roost.reload(without)
            #expect(next.accepted && next.generation == 2)
            #expect(try await roost.get().text == "new")
        }
    }

    @Test("who starts, or is parked, while a change is taken over works with the new configuration")
    func bystanders() async throws {
        let workers = [
            (name: "late", script: "ready-after=1500", more: ""),
            (name: "parked", script: "then=park:600000@10", more: "drain: 1s"),
        ]
        try await RunningRoost.run(Sample.scripted(workers)) { roost in
            try await roost.wait(for: "parked", state: .parked)
            try await roost.wait(for: "late", state: .starting)
            let reply = try await roost.reload(Sample.scripted(workers, supervisor: "lease: 44s"))
            #expect(reply.accepted && reply.generation == 2)
            try await roost.wait(for: "late") { $0.configGeneration == 2 }
            try await roost.wait(for: "parked", state: .parked) { $0.configGeneration == 2 }
        }
    }

    @Test("a changed listener: the new port serves and the old one is closed")
    func listener() async throws {
        try await RunningRoost.run(Self.unwatched + Sample.proxy) { roost in
            try await roost.wait(for: "proxy")
            let port = Ports.free()
            let text = Sample.proxy.replacing("PORT", with: "\(port)")
            #expect(try await roost.reload(Self.unwatched + text).accepted)
            try await eventually("the new port serves") { (try? await HTTPSocket.get(port: port).status) == 200 }
            try await eventually("the old port is closed") {
                do throws(HTTPSocket.Failure) {
                    _ = try HTTPSocket(port: roost.port)
                    return false
                } catch { return error == .connect(ECONNREFUSED) }
            }
            #expect(try await roost.supervisor().listeners.map(\.address) == ["127.0.0.1:\(port)"])
        }
    }

    @Test("a listener goes from one address to all and back with its port open at every moment")
    func listenerWidened() async throws {
        try await RunningRoost.run(Self.unwatched + Sample.proxy) { roost in
            try await roost.wait(for: "proxy")
            let counts = try await Clients.run(port: roost.port) {
                for host in ["0.0.0.0", "127.0.0.1", "0.0.0.0"] {
                    let pid = try await roost.worker("proxy").pid
                    let text = Sample.proxy.replacing("127.0.0.1:PORT", with: "\(host):PORT")
                    let reply = try await roost.reload(Self.unwatched + text)
                    #expect(reply.accepted, "\(reply.problems)")
                    try await roost.wait(for: "proxy") { $0.pid != pid }
                    #expect(try await roost.supervisor().listeners.map(\.address) == ["\(host):\(roost.port)"])
                    // Whoever is in the old socket's backlog when its last holder closes it is reset.
                    try await eventually("it serves") { (try? await roost.get().status) == 200 }
                }
            }
            #expect(counts.refused == 0)
            #expect(counts.connected > 0)
        }
    }

    @Test("a listener that cannot be bound refuses the change, names the holder, and keeps the old one")
    func listenerHeld() async throws {
        try await RunningRoost.run(Self.unwatched + Sample.proxy) { roost in
            try await roost.wait(for: "proxy")
            let port = Ports.free()
            let held = try #require(Ports.bound(to: port))
            defer { close(held) }
            let reply = try await roost.reload(Self.unwatched + Sample.proxy.replacing("PORT", with: "\(port)"))
            #expect(!reply.accepted)
            #expect(reply.problems.contains { $0.contains("127.0.0.1:\(port)") && $0.contains("pid \(getpid())") })
            #expect(try await roost.get().status == 200)
        }
    }

    @Test("a worker that is added starts, one that is removed ends, one that needs a new process gets it")
    func workers() async throws {
        let base = Self.unwatched + Sample.proxy
        try await RunningRoost.run(base + "  alpha: { executable: SCRIPTED }\n  beta: { executable: SCRIPTED }\n") {
            roost in
            let proxy = try await roost.wait(for: "proxy").pid
            let alpha = try await roost.wait(for: "alpha").pid
            let beta = try #require(try await roost.wait(for: "beta").pid)
            let reply = try await roost.reload(
                base + "  alpha: { executable: SCRIPTED, nice: 3 }\n  gamma: { executable: SCRIPTED }\n"
            )
            #expect(reply.accepted)
            try await roost.wait(for: "gamma")
            try await roost.wait(for: "alpha") { $0.pid != alpha && $0.lastExit?.reason == .configuration }
            try await eventually("beta is gone") { !ProcessFacts.isAlive(beta) }
            try await eventually("the status does not name beta") {
                try await roost.status().workers.map(\.name).sorted() == ["alpha", "gamma", "proxy"]
            }
            #expect(try await roost.worker("proxy").pid == proxy)
        }
    }

    @Test("instances share the listener; scaling leaves the others alone")
    func scale() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            let first = try #require(try await roost.wait(for: "proxy").pid)
            let up = try await roost.scale("proxy", 3)
            #expect(up.outcomes.count == 2 && up.outcomes.allSatisfy { $0.succeeded })
            let pids = try await roost.status().workers.compactMap(\.pid)
            #expect(Set(pids).count == 3 && pids.contains(first))
            func listener(_ pid: Int32) -> String? { ProcessFacts.descriptors(pid)[5] }
            #expect(Set(pids.map(listener)).count == 1)
            for _ in 0..<20 { #expect(try await roost.get().status == 200) }
            let down = try await roost.scale("proxy", 1)
            #expect(down.outcomes.allSatisfy { $0.succeeded })
            #expect(try await roost.status().workers.compactMap(\.pid) == [first])
            for pid in pids where pid != first { #expect(!ProcessFacts.isAlive(pid)) }
            #expect(try await roost.get().status == 200)
        }
    }

    @Test("scaling up again while the surplus instance still drains brings it back")
    func scaleBack() async throws {
        let configuration = Sample.scripted("drain=1000", "instances: 2, drain: 20s")
        try await RunningRoost.run(configuration) { roost in
            let pid = try await roost.wait(for: "alpha", 1).pid
            async let down = roost.scale("alpha", 1)
            try await roost.wait(for: "alpha", 1, state: .draining)
            let up = try await roost.scale("alpha", 2)
            _ = try await down
            #expect(up.outcomes.count == 1 && up.outcomes.allSatisfy { $0.succeeded })
            try await roost.wait(for: "alpha", 1) { $0.pid != pid }
        }
    }

    @Test("history tells the generations, and rollback brings one back as a new one")
    func history() async throws {
        try await RunningRoost.run(Self.unwatched + Sample.proxy) { roost in
            let origins = try ["one", "two"].map { try Origin($0) }
            defer { for origin in origins { origin.stop() } }
            try await roost.wait(for: "proxy")
            for origin in origins {
                try roost.scratch.write("rules.d/all.yaml", origin.rule("all"))
                #expect(try await roost.reload().accepted)
            }
            let history = try await roost.ask(.configHistory, ConfigHistoryRequest(), ConfigHistoryReply.self)
                .generations
            #expect(history.map(\.generation) == [3, 2, 1])
            #expect(history.map(\.current) == [true, false, false])
            #expect(history.map(\.changedFiles) == [["rules.d/all.yaml"], ["rules.d/all.yaml"], []])
            #expect(
                history[0].initiator.contains("uid \(getuid())") && history[0].initiator.contains("pid \(getpid())")
            )
            #expect(Set(history.map(\.digest)).count == 3)

            var request = ConfigRollbackRequest()
            request.generation = 2
            let back = try await roost.ask(.configRollback, request, ReloadReply.self)
            #expect(back.accepted && back.generation == 4)
            #expect(try await roost.get().text == "one")
            #expect(Scratch.text(roost.scratch.file("rules.d/all.yaml")) == origins[0].rule("all"))

            request.generation = 1
            #expect(try await roost.ask(.configRollback, request, ReloadReply.self).accepted)
            #expect(Scratch.names(in: roost.scratch.file("rules.d")) == ["welcome.yaml"])
            #expect(try await roost.get().text.contains("<html"))

            // A new roostd goes on counting.
            let workers = roost.processes.filter { $0 != roost.pid }
            roost.daemon.signal(SIGTERM)
            #expect(try await roost.daemon.ended() == 0)
            #expect(!workers.contains(where: ProcessFacts.isAlive))
            try await roost.replaceDaemon(killing: false)
            #expect(try await roost.supervisor().configGeneration == 5)
        }
    }

    @Test("a change goes on when the one who asked for it has gone")
    func goneCaller() async throws {
        try await RunningRoost.run(Self.unwatched + Sample.proxy) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            try roost.scratch.write("rules.d/all.yaml", "name: all\ncontent: { source: welcome }\n")
            let runtime = roost.runtime
            let reload = RawSocket.frame(kind: 2, id: 1, method: 234)
            try await onThread {
                let peer = try RawSocket("\(runtime)/roostd.sock")
                peer.write(RawSocket.hello + reload)
                _ = peer.read()
            }
            try await generation(2, roost)
            try await eventually("the proxy has it") { try await roost.worker("proxy").configGeneration == 2 }
            #expect(try await roost.worker("proxy").pid == pid)
        }
    }

    @Test("many changes at once, from everywhere, end in the last one")
    func storm() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            let origin = try Origin("last")
            defer { origin.stop() }
            let pid = try await roost.wait(for: "proxy").pid
            for round in 0..<20 {
                try roost.scratch.replace("rules.d/r\(round).yaml", origin.rule("r\(round)", priority: -500 - round))
                if round % 3 == 0 { roost.daemon.signal(SIGHUP) }
                if round % 5 == 0 { async let _ = roost.reload() }
            }
            try roost.scratch.replace("rules.d/all.yaml", origin.rule("all"))
            try await eventually("the last rule serves") { try await roost.get().text == "last" }
            try await eventually("the status is calm") { try await roost.supervisor().state == .running }
            let generation = try await roost.supervisor().configGeneration
            try await eventually("the proxy has it") { try await roost.worker("proxy").configGeneration == generation }
            #expect(try await roost.worker("proxy").pid == pid)
        }
    }
}
