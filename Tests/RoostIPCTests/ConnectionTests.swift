import Glibc
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor
import RoostWire
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
    @Test("an echo comes back, of any size up to the limit")
    func echo() async throws {
        try await TestLoop.run { loop in
            let (client, _) = try await loop.connected(server: ConnectionHandler())
            for size in [0, 1, 64, 4096, 70_000, FrameLimits.standardLength - FrameHeader.size] {
                let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: size), count: size)
                let reply = try await client.request(.echo, payload)
                #expect(reply == payload)
            }
            await #expect(throws: RequestFailure.self) {
                try await client.request(.echo, [UInt8](repeating: 0, count: FrameLimits.standardLength - 15))
            }
            await client.close()
        }
    }

    @Test("both sides know each other")
    func peers() async throws {
        try await TestLoop.run { loop in
            let (client, server) = try await loop.connected(server: ConnectionHandler())
            let seen = try #require(await server.peer)
            #expect(seen.hello.name == "client")
            #expect(seen.credentials == PeerCredentials(pid: getpid(), uid: getuid(), gid: getgid()))
            #expect(await client.peer?.hello.name == "server")
            await client.close()
        }
    }

    @Test("answers now, answers later and failures reach the caller")
    func answers() async throws {
        let handler = ConnectionHandler(request: { request in
            switch request.method {
            case .status: .reply(request.payload + [1])
            case .restart:
                .later {
                    await Task.yield()
                    return request.payload + [2]
                }
            case .stop: .later { throw RequestFailure(.conflict, "not now", details: ["a", "b"]) }
            case .start: .failure(.forbidden, "not you")
            default: .unknown(request.method)
            }
        })
        try await TestLoop.run { loop in
            let (client, _) = try await loop.connected(server: handler)
            #expect(try await client.request(.status, [9]) == [9, 1])
            #expect(try await client.request(.restart, [9]) == [9, 2])
            await #expect(throws: RequestFailure(.conflict, "not now", details: ["a", "b"])) {
                try await client.request(.stop)
            }
            await #expect(throws: RequestFailure(.forbidden, "not you")) { try await client.request(.start) }
            await #expect(throws: RequestFailure(.unknownMethod, "method 234 is not served here")) {
                try await client.request(.reload)
            }
            await client.close()
        }
    }

    @Test("a thousand requests at once are each answered")
    func many() async throws {
        try await TestLoop.run { loop in
            let handler = ConnectionHandler(request: { request in .later { request.payload } })
            let (client, server) = try await loop.connected(server: handler)
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<1000 {
                    group.addTask {
                        let reply = try await client.request(.status, [UInt8](repeating: 1, count: index))
                        return reply.count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 499_500)
            #expect(await client.outboundCount == 0)
            #expect(await server.inboundCount == 0)
            await client.close()
        }
    }

    @Test("a deadline ends the wait here and the work there")
    func deadline() async throws {
        let ended = Box<Bool>()
        let handler = ConnectionHandler(request: { request in
            .later {
                do { try await Task.sleep(for: .seconds(60)) } catch { ended.send(true) }
                return []
            }
        })
        try await TestLoop.run { loop in
            let (client, server) = try await loop.connected(server: handler)
            let failure = await #expect(throws: RequestFailure.self) {
                try await client.request(.status, within: .milliseconds(20))
            }
            #expect(failure?.code == .deadlineExceeded)
            #expect(await ended.take())
            #expect(try await client.request(.echo, [5]) == [5])
            #expect(await server.inboundCount == 0)
            await client.close()
        }
    }

    @Test("a cancelled caller cancels the work at the other side")
    func cancellation() async throws {
        let began = Box<Bool>()
        let ended = Box<Bool>()
        let handler = ConnectionHandler(request: { request in
            .later {
                began.send(true)
                do { try await Task.sleep(for: .seconds(60)) } catch { ended.send(true) }
                return []
            }
        })
        try await TestLoop.run { loop in
            let (client, server) = try await loop.connected(server: handler)
            let task = Task { try await client.request(.status) }
            _ = await began.take()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(await ended.take())
            #expect(try await client.request(.echo, [5]) == [5])
            #expect(await server.inboundCount == 0)
            #expect(await client.outboundCount == 0)
            await client.close()
        }
    }

    @Test("a stream is never further ahead of its reader than its window, and ends")
    func credits() async throws {
        let sent = Counter()
        let handler = ConnectionHandler(request: { request in
            .items { writer in
                for index in 0..<500 {
                    try await writer.send([UInt8(truncatingIfNeeded: index)])
                    sent.add()
                }
            }
        })
        try await TestLoop.run { loop in
            let (client, server) = try await loop.connected(server: handler)
            let stream = try await client.stream(.logs, window: 8)
            var read = 0
            for try await item in stream {
                #expect(item == [UInt8(truncatingIfNeeded: read)])
                read += 1
                _ = try await client.request(.echo)  // all that the server could send has been sent by now
                #expect(sent.value <= read + 8)
            }
            #expect(read == 500)
            #expect(await server.inboundCount == 0)
            await client.close()
        }
    }

    @Test("letting go of a stream ends the work for it")
    func letGo() async throws {
        let ended = Box<Bool>()
        let handler = ConnectionHandler(request: { request in
            .items { writer in
                do {
                    while true { try await writer.send([1]) }
                } catch {
                    ended.send(error is CancellationError)
                }
            }
        })
        try await TestLoop.run { loop in
            let (client, _) = try await loop.connected(server: handler)
            do {
                let stream = try await client.stream(.events, window: 4)
                #expect(try await stream.next() == [1])
            }
            #expect(await ended.take())
            #expect(try await client.request(.echo, [5]) == [5])
            await client.close()
        }
    }

    @Test("a stream that fails throws after its items")
    func failingStream() async throws {
        let handler = ConnectionHandler(request: { _ in
            .items { writer in
                try await writer.send([1])
                throw RequestFailure(.failed, "broke")
            }
        })
        try await TestLoop.run { loop in
            let (client, _) = try await loop.connected(server: handler)
            let stream = try await client.stream(.events)
            #expect(try await stream.next() == [1])
            await #expect(throws: RequestFailure(.failed, "broke")) { try await stream.next() }
            #expect(try await stream.next() == nil)
            await client.close()
        }
    }

    @Test("events arrive in order")
    func events() async throws {
        let received = Box<[UInt8]>()
        let handler = ConnectionHandler(event: { event in
            if event.method == .heartbeat { received.send(event.payload) }
        })
        try await TestLoop.run { loop in
            let (client, _) = try await loop.connected(server: handler)
            for index in UInt8(0)..<3 {
                try await client.sendEvent(.heartbeat, [index])
                #expect(await received.take() == [index])
            }
            await client.close()
        }
    }

    @Test("a ping comes back")
    func ping() async throws {
        try await TestLoop.run { loop in
            let (client, server) = try await loop.connected(server: ConnectionHandler())
            #expect(try await client.ping() > .zero)
            #expect(try await server.ping() > .zero)
            await client.close()
        }
    }

    @Test("what is under way fails when the connection ends, on both sides")
    func ending() async throws {
        let began = Box<Bool>()
        let ended = Box<Bool>()
        let closed = Box<RequestFailure?>()
        let handler = ConnectionHandler(
            request: { _ in
                .later {
                    began.send(true)
                    do { try await Task.sleep(for: .seconds(60)) } catch { ended.send(true) }
                    return []
                }
            },
            closed: { _, failure in closed.send(failure) }
        )
        try await TestLoop.run { loop in
            let (client, _) = try await loop.connected(server: handler)
            let task = Task { try await client.request(.status) }
            _ = await began.take()
            await client.close()
            let failure = await #expect(throws: RequestFailure.self) { try await task.value }
            #expect(failure?.code == .unavailable)
            #expect(await ended.take())
            #expect(await closed.take()?.code == .unavailable)
            await #expect(throws: RequestFailure.self) { try await client.request(.echo) }
        }
    }

    @Test("who drains answers what it has, refuses what is new, and closes")
    func drain() async throws {
        let began = Box<Bool>()
        let release = Box<Bool>()
        let closed = Box<RequestFailure?>()
        let handler = ConnectionHandler(
            request: { _ in
                .later {
                    began.send(true)
                    _ = await release.take()
                    return [7]
                }
            }
        )
        try await TestLoop.run { loop in
            let (client, server) = try await loop.connected(
                client: ConnectionHandler(closed: { _, failure in closed.send(failure) }),
                server: handler
            )
            let task = Task { try await client.request(.status) }
            _ = await began.take()
            await server.drain()
            let failure = await #expect(throws: RequestFailure.self) {
                while true { _ = try await client.request(.echo) }
            }
            #expect(failure?.code == .unavailable)
            release.send(true)
            #expect(try await task.value == [7])
            #expect(await closed.take() == nil)
        }
    }

    @Test("limits on what is under way are kept on both sides")
    func limits() async throws {
        let handler = ConnectionHandler(request: { request in
            if request.isStream { return .items { _ in try await Task.sleep(for: .seconds(60)) } }
            return .later {
                try await Task.sleep(for: .seconds(60))
                return []
            }
        })
        try await TestLoop.run { loop in
            var few = SessionLimits()
            few.outbound = 2
            let (client, _) = try await loop.connected(server: handler, limits: few)
            let streams = [try await client.stream(.status), try await client.stream(.status)]
            await #expect(throws: RequestFailure(.exhausted, "2 requests are under way; wait for one")) {
                try await client.request(.echo)
            }
            #expect(streams.count == 2)
            await client.close()

            var fewer = SessionLimits()
            fewer.inbound = 1
            let (other, _) = try await loop.connected(server: handler, serverLimits: fewer)
            let first = Task { try await other.request(.status) }
            let failure = await #expect(throws: RequestFailure.self) {
                while true { _ = try await other.request(.echo) }
            }
            #expect(failure?.code == .exhausted)
            await other.close()
            _ = await first.result
        }
    }

    @Test("a peer that is turned away is told why")
    func refusal() async throws {
        let handler = ConnectionHandler(
            admit: { (credentials, hello) throws(RequestFailure) in
                throw RequestFailure(.refused, "\(hello.name) of uid \(credentials.uid) may not")
            }
        )
        try await TestLoop.run { loop in
            await #expect(throws: RequestFailure(.refused, "client of uid \(getuid()) may not")) {
                _ = try await loop.connected(server: handler)
            }
        }
    }
}
