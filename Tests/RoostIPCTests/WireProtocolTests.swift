import Foundation
import RoostIPC
import RoostProtocol
import RoostReactor
import RoostWire
import Testing

/// What docs/wire-protocol.md says, seen from outside: its bytes, and a client in another language that was written
/// from it.
@Suite(.timeLimit(.minutes(5))) struct WireProtocolTests {
    private static let handler = ConnectionHandler(request: { request in
        switch request.method {
        case .status:
            var reply = StatusReply()
            var worker = WorkerStatus()
            worker.name = "proxy"
            worker.state = .running
            worker.pid = 7
            reply.workers = [worker]
            return .message(reply)
        case .stop:
            return .failure(RequestFailure(.notFound, "no worker is called x", details: ["proxy is one"]))
        case .events:
            return .items { writer in
                for id in UInt64(1)...1000 {
                    var event = Event()
                    event.id = id
                    event.type = "worker"
                    var events = Events()
                    events.events = [event]
                    try await writer.send(events)
                }
            }
        default: return .unknown(request.method)
        }
    })

    private func serve(_ body: (String) async throws -> Void) async throws {
        try await withFolder { folder in
            try await TestLoop.run { loop in
                var identity = Hello()
                identity.name = "roostd"
                identity.pid = 42
                let path = folder + "/a.sock"
                let listener = Listener(
                    try UnixSocket.bind(path),
                    on: loop.reactor,
                    identity: identity,
                    handler: Self.handler
                )
                try await listener.start()
                try await body(path)
                await listener.close()
            }
        }
    }

    @Test("the document's conversation is what is spoken")
    func conversation() async throws {
        let lines = try example()
        #expect(lines.map(\.speaker) == ["dialler", "acceptor", "dialler", "acceptor", "dialler"])
        try await serve { path in
            let socket = try connect(path)
            defer { close(socket) }
            for line in lines {
                if line.speaker == "dialler" {
                    #expect(write(socket, line.bytes, line.bytes.count) == line.bytes.count)
                } else {
                    let answer = try await receive(socket, line.bytes.count)
                    #expect(answer == line.bytes)
                }
            }
            #expect(try await receive(socket, 1) == [])
        }
    }

    @Test("a client in Python that was written from the document is served")
    func python() async throws {
        try await serve { path in
            #expect(try await python(path, "check") == "ok roostd 42\n")
            #expect(
                try await python(path, "request", "STATUS")
                    == #"workers { name: "proxy" state: WORKER_STATE_RUNNING pid: 7 }"# + "\n"
            )
            let events = try await python(path, "stream", "EVENTS", "3", "follow: true")
            #expect(events == (1...3).map { #"events { id: \#($0) type: "worker" }"# + "\n" }.joined())
            #expect(try await python(path, "stream", "EVENTS", "2000").split(separator: "\n").count == 1000)
            #expect(
                try await python(path, "request", "STOP", #"names: "x""#, expecting: 1)
                    == "NOT_FOUND: no worker is called x\nproxy is one\n"
            )
        }
    }

    private func python(_ arguments: String..., expecting status: Int32 = 0) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [repository.appending(path: "Tests/Support/roost_client.py").path] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let reader = output.fileHandleForReading
        let text = try await blocking { String(decoding: reader.readDataToEndOfFile(), as: UTF8.self) }
        process.waitUntilExit()
        #expect(process.terminationStatus == status, "\(text)")
        return text
    }

    private var repository: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    private struct Line {
        let speaker: String
        var bytes: [UInt8]
    }

    /// The first conversation of the document: hexadecimal digits up to two spaces, behind who says them.
    private func example() throws -> [Line] {
        let text = try String(contentsOf: repository.appending(path: "docs/wire-protocol.md"), encoding: .utf8)
        let section = try #require(text.components(separatedBy: "## A conversation in bytes").last)
        let block = try #require(section.components(separatedBy: "```").dropFirst().first)
        var lines: [Line] = []
        for line in block.split(separator: "\n") {
            let isContinuation = line.hasPrefix(" ")
            let words = line.trimmingCharacters(in: .whitespaces).components(separatedBy: "  ")
            if !isContinuation { lines.append(Line(speaker: words[0], bytes: [])) }
            let digits = (isContinuation ? words[0] : words[1]).filter { $0 != " " }
            let numbers = digits.compactMap(\.hexDigitValue)
            try #require(numbers.count == digits.count && numbers.count % 2 == 0 && !lines.isEmpty)
            lines[lines.count - 1].bytes += stride(from: 0, to: numbers.count, by: 2).map {
                UInt8(numbers[$0] << 4 | numbers[$0 + 1])
            }
        }
        return lines
    }
}

/// That many bytes, or fewer if the other side ends before.
private func receive(_ socket: Int32, _ count: Int) async throws -> [UInt8] {
    try await blocking {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = recv(socket, &bytes, count, Int32(MSG_WAITALL))
        return Array(bytes.prefix(max(0, received)))
    }
}
