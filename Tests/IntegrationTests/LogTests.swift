import Glibc
import RoostIPC
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("logs and events")
struct LogTests {
    @Test("structured lines come with level and category, plain ones are wrapped")
    func lines() async throws {
        try await RunningRoost.run(Sample.scripted("then=log@10 then=lines:plain-text@20")) { roost in
            let pid = try #require(try await roost.wait(for: "alpha").pid)
            let lines = try await eventually("the lines are there") {
                let lines = try await roost.logs("alpha")
                return lines.count { $0.message == "plain-text" } == 2 ? lines : nil
            }
            let informed = try #require(lines.first { $0.message == "an informed line" })
            #expect(informed.level == .info && informed.source == "alpha" && informed.pid == pid)
            #expect(informed.fieldsJson.contains("\"category\":\"scripted\"") && informed.fieldsJson.contains("\"answer\":42"))
            let warning = try #require(lines.first { $0.message == "a warning line" })
            #expect(warning.level == .warning)
            let plain = try #require(lines.first { $0.message == "plain-text" })
            #expect(plain.level == .info && plain.source == "alpha" && plain.pid == pid)
            #expect(lines.map(\.id) == lines.map(\.id).sorted())
            #expect(try await roost.logs("alpha", level: .warning).allSatisfy { $0.level != .info })
            #expect(try await roost.logs("nobody").isEmpty)
        }
    }

    @Test("a flood of structured lines does not block the worker, and what it drops is counted")
    func flood() async throws {
        let count = Soak.size(20_000, soak: 1_000_000)
        let configuration = Sample.scripted("then=flood:\(count)@50", "heartbeat: { interval: 200ms, deadline: 20s }")
        try await RunningRoost.run(configuration) { roost in
            let over = try await eventually("the flood is over") {
                try await roost.logs("alpha", level: .warning).first { $0.message == "flood is over" }
            }
            let dropped = try #require(Int(over.fieldsJson.drop { !$0.isNumber }.prefix { $0.isNumber }))
            try await eventually("what was not dropped has arrived") {
                let written = roost.written.split(separator: "\n").count { $0.contains("\"category\":\"flood\"") } - 1
                return written + dropped == count
            }
            #expect(try await roost.worker("alpha").restarts == 0)
        }
    }

    @Test("floods of plain lines, of long lines and of large members leave roostd small")
    func bounded() async throws {
        let megabytes = Soak.size(40, soak: 2000)
        try await RunningRoost.run("workers: {}\n") { roost in
            let before = ProcessFacts.residentBytes(roost.pid)
            let line = "{\\\"message\\\":\\\"m\\\",\\\"metadata\\\":{\\\"k\\\":\\\"'$x'\\\"}}"
            let make = "x=$(head -c 8000 /dev/zero | tr '\\\\0' x);"
            let reply = try await roost.reload(
                """
                workers:
                  plain: { restart: temporary, command: [/bin/sh, -c, "yes plain | head -c \(megabytes)00000"] }
                  endless: { restart: temporary, command: [/bin/sh, -c, "head -c \(megabytes)000000 /dev/zero"] }
                  members: { restart: temporary, command: [/bin/sh, -c, "\(make) yes '\(line)' | head -c \(megabytes)000000"] }

                """
            )
            #expect(reply.accepted, "\(reply.problems)")
            for name in ["plain", "endless", "members"] {
                try await roost.wait(for: name, state: .stopped, within: .seconds(120)) { $0.lastExit?.code == 0 }
            }
            let growth = ProcessFacts.residentBytes(roost.pid) - before
            #expect(growth < 16 << 20, "grew by \(growth)")
            #expect(try await roost.logs("members").contains { $0.message == "m" && $0.fieldsJson.contains("xxxx") })
        }
    }

    @Test("followers that do not read cost bounded memory, and others are served")
    func slowFollowers() async throws {
        let megabytes = Soak.size(10, soak: 1000)
        try await RunningRoost.run("workers: {}\n") { roost in
            let before = ProcessFacts.residentBytes(roost.pid)
            let runtime = roost.runtime
            let followers = try await onThread {
                var request = LogsRequest()
                request.follow = true
                return try (0..<8).map { _ in
                    let peer = try RawSocket("\(runtime)/roostd.sock")
                    peer.write(RawSocket.hello)
                    _ = peer.read()
                    peer.write(RawSocket.frame(kind: 2, flags: 1, id: 1, method: 210, request.encoded()))
                    peer.write(RawSocket.frame(kind: 7, id: 1, argument: 4000))
                    return Unread(peer)
                }
            }
            let noisy = "[/bin/sh, -c, \"yes a line of some length for the ring | head -c \(megabytes)000000\"]"
            _ = try await roost.reload("workers: { noisy: { restart: temporary, command: \(noisy) } }\n")
            try await roost.wait(for: "noisy", state: .stopped, within: .seconds(120)) { $0.lastExit?.code == 0 }
            #expect(ProcessFacts.residentBytes(roost.pid) - before < 24 << 20)
            #expect(try await roost.logs("noisy").count > 100)
            withExtendedLifetime(followers) {}
        }
    }

    private struct Unread: @unchecked Sendable {  // kept, not used
        let socket: RawSocket
        init(_ socket: RawSocket) { self.socket = socket }
    }

    @Test("a follower that is behind is told how many lines it has missed")
    func missed() async throws {
        try await RunningRoost.run("supervisor: { log: { ring: 64KiB } }\nworkers: {}\n") { roost in
            var request = LogsRequest()
            request.follow = true
            let connection = try await roost.connect()
            let stream = try await connection.stream(.logs, request.encoded(), window: 1)
            _ = try await stream.next()
            _ = try await roost.reload(
                """
                supervisor: { log: { ring: 64KiB } }
                workers: { noisy: { restart: temporary, command: [/bin/sh, -c, "seq 20000"] } }

                """
            )
            try await roost.wait(for: "noisy", state: .stopped)
            var (lines, dropped, last) = (0, UInt64(0), UInt64(0))
            while true {
                let item = try LogLines(decoding: try #require(try await stream.next()))
                dropped += item.dropped
                lines += item.lines.count
                last = item.lines.last?.id ?? last
                if item.lines.contains(where: { $0.message == "20000" }) { break }
            }
            #expect(dropped > 0)
            #expect(lines < 20_000)
            await connection.close()
        }
    }

    @Test("events have ascending ids, resume behind one, and come as they happen")
    func events() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            let pid = try #require(try await roost.wait(for: "proxy").pid)
            let first = try await roost.events()
            #expect(first.map(\.id) == Array(1...UInt64(first.count)))
            let last = try #require(first.last?.id)
            var request = EventsRequest()
            request.follow = true
            request.sinceId = last
            request.types = ["worker"]
            let connection = try await roost.connect()
            let stream = try await connection.stream(.events, request.encoded())
            #expect(kill(pid, SIGKILL) == 0)
            var followed: [Event] = []
            while !followed.contains(where: { $0.dataJson.contains("\"state\":\"running\"") }) {
                followed += try Events(decoding: try #require(try await stream.next())).events
            }
            await connection.close()
            #expect(followed.first?.id == last + 1)
            #expect(followed.first?.dataJson.contains("\"signal\":9") == true)
            #expect(followed.allSatisfy { $0.type == "worker" })
            let resumed = try await roost.events(since: last)
            #expect(resumed.filter { $0.type == "worker" }.prefix(followed.count).map(\.id) == followed.map(\.id))
        }
    }

    @Test("every change is in the log with its caller")
    func callers() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            try await roost.wait(for: "proxy")
            var request = RestartRequest()
            request.names = ["proxy"]
            request.onBehalfOf = "alice"
            _ = try await roost.ask(.restart, request, ChangeReply.self)
            let line = try #require(try await roost.logs("roostd").first { $0.message.hasPrefix("restart proxy") })
            #expect(line.message.contains("alice") && line.message.contains("uid \(getuid())") && line.message.contains("pid \(getpid())"))
        }
    }
}
