import Glibc
import RoostIPC
import RoostProtocol
import RoostReactor
import RoostWire
import Testing

@Suite(.timeLimit(.minutes(5))) struct ListenerTests {
    /// A listener on a socket of its own, and a dialler.
    private static func run(
        limits: SessionLimits = SessionLimits(),
        mostConnections: Int = 256,
        handler: ConnectionHandler = ConnectionHandler(),
        _ body: (TestLoop, Listener, Dialer, String) async throws -> Void
    ) async throws {
        try await withFolder { folder in
            try await TestLoop.run { loop in
                let path = folder + "/a.sock"
                let listener = Listener(
                    try UnixSocket.bind(path),
                    on: loop.reactor,
                    identity: TestLoop.identity("server"),
                    handler: handler,
                    limits: limits,
                    mostConnections: mostConnections
                )
                try await listener.start()
                let dialer = Dialer(on: loop.reactor, identity: TestLoop.identity("client"))
                try await body(loop, listener, dialer, path)
                await listener.close()
            }
        }
    }

    @Test("a dialler is served, and forgotten when it closes")
    func serve() async throws {
        let closed = Box<Bool>()
        let handler = ConnectionHandler(closed: { _, _ in closed.send(true) })
        try await Self.run(handler: handler) { _, listener, dialer, path in
            let connection = try await dialer.connect(to: path)
            #expect(try await connection.request(.echo, [1, 2]) == [1, 2])
            #expect(await listener.connectionCount == 1)
            await connection.close()
            _ = await closed.take()
            #expect(await listener.connectionCount == 0)
        }
    }

    @Test("a dialler waits in the backlog while nobody accepts")
    func backlog() async throws {
        try await withFolder { folder in
            try await TestLoop.run { loop in
                let path = folder + "/a.sock"
                let socket = try UnixSocket.bind(path, backlog: 0)
                let dialer = Dialer(on: loop.reactor, identity: TestLoop.identity("client"))
                let tasks = (0..<3).map { index in
                    Task { () throws -> [UInt8] in
                        let connection = try await dialer.connect(to: path, within: .seconds(20))
                        let reply = try await connection.request(.echo, [UInt8(index)])
                        await connection.close()
                        return reply
                    }
                }
                // One connects, the others find the backlog full; then the worker is back.
                let listener = Listener(
                    socket,
                    on: loop.reactor,
                    identity: TestLoop.identity("server"),
                    handler: ConnectionHandler()
                )
                try await listener.start()
                for (index, task) in tasks.enumerated() { #expect(try await task.value == [UInt8(index)]) }
                await listener.close()
            }
        }
    }

    @Test("a dialler gives up at its deadline, and at once where nobody listens")
    func giveUp() async throws {
        try await withFolder { folder in
            try await TestLoop.run { loop in
                let path = folder + "/a.sock"
                let dialer = Dialer(on: loop.reactor, identity: TestLoop.identity("client"))
                await #expect(throws: UnixSocket.BindError.system(SystemError("connect", path, code: ENOENT))) {
                    _ = try await dialer.connect(to: path)
                }
                do { _ = try UnixSocket.bind(path) }
                await #expect(throws: UnixSocket.BindError.system(SystemError("connect", path, code: ECONNREFUSED))) {
                    _ = try await dialer.connect(to: path)
                }
                let socket = try UnixSocket.bind(path)
                let failure = await #expect(throws: RequestFailure.self) {
                    _ = try await dialer.connect(to: path, within: .milliseconds(30))
                }
                #expect(failure?.code == .deadlineExceeded)
                #expect(socket.number >= 0)
            }
        }
    }

    @Test("more than the allowed connections wait until one closes")
    func bound() async throws {
        try await Self.run(mostConnections: 1) { _, listener, dialer, path in
            let first = try await dialer.connect(to: path)
            let second = Task { try await dialer.connect(to: path, within: .seconds(20)) }
            for _ in 0..<20 { _ = try await first.request(.echo) }
            #expect(await listener.connectionCount == 1)
            await first.close()
            let connection = try await second.value
            #expect(try await connection.request(.echo, [3]) == [3])
            await connection.close()
        }
    }

    @Test("idle handshakes of one kind of peer fill its share; it is told so, and the others get in")
    func share() async throws {
        try await withFolder { folder in
            try await TestLoop.run { loop in
                let path = folder + "/a.sock"
                let isOwner = Counter()
                let listener = Listener(
                    try UnixSocket.bind(path),
                    on: loop.reactor,
                    identity: TestLoop.identity("server"),
                    handler: ConnectionHandler(),
                    fairness: .init(callers: 16) { _ in isOwner.value > 0 ? .owner : .stranger }
                )
                try await listener.start()
                let idle = try connect(path)
                defer { Glibc.close(idle) }
                let dialer = Dialer(on: loop.reactor, identity: TestLoop.identity("client"))
                let refusal = await #expect(throws: RequestFailure.self) { _ = try await dialer.connect(to: path) }
                #expect(refusal?.code == .exhausted)
                #expect(refusal?.message.contains("uid \(geteuid()) has the one connection") == true)
                isOwner.add()
                let connection = try await dialer.connect(to: path)
                #expect(try await connection.request(.echo, [1]) == [1])
                #expect(await listener.connectionCount == 2)
                await connection.close()
                await listener.close()
            }
        }
    }

    static let refused: [([UInt8], ErrorCode)] = [
        ([0xff, 0xff, 0xff, 0xff], .frameTooLarge),
        ([0, 0, 0, 3], .malformedFrame),
        ([0, 0, 0, 16, 9, 1], .malformedFrame),
        ([0, 0, 0, 16, 1, 99], .malformedFrame),
        (Array("GET / HTTP/1.1\r\n\r\n".utf8), .frameTooLarge),
        ([0, 0, 0, 16, 1, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0], .protocolViolation),
        ([0, 0, 0, 18, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], .malformedFrame),
        ([0, 0, 0, 20, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 16, 3], .versionMismatch),
    ]

    @Test("garbage is answered with an error and an end, and the others are served on", arguments: refused)
    func garbage(bytes: [UInt8], code: ErrorCode) async throws {
        try await Self.run { _, _, dialer, path in
            let good = try await dialer.connect(to: path)
            let raw = try connect(path)
            defer { Glibc.close(raw) }
            #expect(write(raw, bytes, bytes.count) == bytes.count)
            let answer = try await readToEnd(raw)
            #expect(answer.count >= 20)
            #expect(Array(answer[4..<12]) == [1, 4, 0, 0, 0, 0, 0, 0])
            #expect(answer[19] == UInt8(code.rawValue))
            #expect(try await good.request(.echo, [1]) == [1])
            await good.close()
        }
    }

    @Test("who connects and says nothing is sent away")
    func silence() async throws {
        var limits = SessionLimits()
        limits.handshake = .milliseconds(30)
        try await Self.run(limits: limits) { _, _, _, path in
            let raw = try connect(path)
            defer { Glibc.close(raw) }
            let answer = try await readToEnd(raw)
            try #require(answer.count >= 20)
            #expect(answer[19] == UInt8(ErrorCode.deadlineExceeded.rawValue))
        }
    }

    @Test("a peer that asks and does not read costs bounded memory, and gets everything once it reads")
    func slowReader() async throws {
        let seen = Box<Connection>()
        let handler = ConnectionHandler(opened: { seen.send($0) })
        try await Self.run(handler: handler) { _, _, dialer, path in
            let raw = try connect(path)
            defer { Glibc.close(raw) }
            var output = FrameOutput()
            var hello = Hello()
            hello.minVersion = 1
            hello.maxVersion = 1
            output.append(FrameHeader(.hello), payload: hello.encoded())
            // Written by a thread that blocks as the server stops reading.
            async let writer: Void = blocking { [output] in
                var output = output
                for id in UInt32(1)...4000 {
                    output.append(FrameHeader(.request, id: id, method: 1), payload: [UInt8](repeating: 7, count: 4000))
                    while output.pending > 0 {
                        _ = output.drain { $0.withUnsafeBytes { write(raw, $0.baseAddress, $0.count) } }
                    }
                }
            }
            let server = await seen.take()
            let healthy = try await dialer.connect(to: path)
            var most = 0
            for _ in 0..<300 {
                most = max(most, await server.pendingOutput)
                _ = try await healthy.request(.echo)
            }
            #expect(most <= SessionLimits().outputMark + 8192)
            #expect(try await countReplies(raw, upTo: 4000) == 4000)
            try await writer
            await healthy.close()
        }
    }
}

private func readToEnd(_ descriptor: Int32) async throws -> [UInt8] {
    try await blocking {
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while case let count = read(descriptor, &piece, piece.count), count > 0 { all += piece[..<count] }
        return all
    }
}

/// Reads frames until so many replies have come.
private func countReplies(_ descriptor: Int32, upTo count: Int) async throws -> Int {
    try await blocking {
        var decoder = FrameDecoder()
        var replies = 0
        while replies < count {
            let moved = decoder.fill { $0.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) } }
            guard moved.count > 0 else { break }
            while let header = try decoder.next() { if header.kind == .reply { replies += 1 } }
        }
        return replies
    }
}
