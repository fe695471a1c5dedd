import Glibc
import RoostIPC
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("garbage on every socket")
struct GarbageTests {
    /// What a stranger may send, by seed: noise, noise behind a hello, frames of any kind, lengths of any size.
    private static func letter(_ seed: UInt64) -> [UInt8] {
        var random = SplitMix(seed: seed)
        func frame() -> [UInt8] {
            RawSocket.frame(
                kind: UInt8.random(in: 0...14, using: &random),
                flags: UInt16.random(in: 0...3, using: &random),
                id: UInt32.random(in: 0...3, using: &random),
                method: [1, 100, 101, 110, 120, 200, 202, 210, 211, 230, 234, 999].randomElement(using: &random) ?? 0,
                argument: UInt32.random(in: 0...(.max), using: &random),
                random.bytes(Int.random(in: 0...64, using: &random))
            )
        }
        switch seed % 5 {
        case 0: return random.bytes(Int.random(in: 1...4000, using: &random))
        case 1: return RawSocket.hello + random.bytes(Int.random(in: 1...4000, using: &random))
        case 2: return RawSocket.hello + (0..<20).flatMap { _ in frame() }
        case 3: return [0xFF, 0xFF, 0xFF, 0xFF] + random.bytes(100)
        default: return Array((RawSocket.hello + frame()).dropLast(Int.random(in: 1...30, using: &random)))
        }
    }

    private static func request(_ seed: UInt64) -> [UInt8] {
        var random = SplitMix(seed: seed)
        switch seed % 4 {
        case 0: return random.bytes(Int.random(in: 1...20_000, using: &random))
        case 1: return Array("GET / HTTP/1.1\r\nHost: x\r\n".utf8) + random.bytes(500)
        case 2:
            return Array("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".utf8) + random.bytes(500)
        default: return Array("GET / HTTP/1.1\r\n".utf8) + [UInt8](repeating: 97, count: 100_000)
        }
    }

    @Test("nothing dies of it, and everybody else is served on")
    func survives() async throws {
        let letters = UInt64(Soak.size(300, soak: 20_000))
        try await RunningRoost.run(Sample.proxy) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            let (runtime, port) = (roost.runtime, roost.port)
            for socket in ["roostd", "proxy"] {
                try await onThread {
                    var open: [RawSocket] = []
                    for seed in 0..<letters {
                        let peer = try RawSocket("\(runtime)/\(socket).sock")
                        peer.write(Self.letter(seed))
                        if seed % 7 == 0 { open.append(peer) } else { shutdown(peer.descriptor, Int32(SHUT_WR)) }
                        if open.count > 20 { open.removeFirst() }
                    }
                }
            }
            try await onThread {
                for seed in 0..<letters {
                    let client = try HTTPSocket(port: port)
                    try? client.write(Self.request(seed))
                    if seed % 2 == 0 { shutdown(client.descriptor, Int32(SHUT_WR)) }
                }
            }
            #expect(try await roost.get().status == 200)
            #expect(try await roost.supervisor().pid == roost.pid)
            let worker = try await roost.worker("proxy")
            #expect(worker.pid == pid)
            #expect(worker.lastExit == nil)
            let peer = try await roost.connect(to: "proxy")
            #expect(try await peer.request(.echo, [1, 2, 3], within: .seconds(10)) == [1, 2, 3])
            await peer.close()
            try await eventually("roostd has let the connections go") { ProcessFacts.descriptors(roost.pid).count < 40 }
            #expect(ProcessFacts.residentBytes(roost.pid) < 64 << 20)
        }
    }

    @Test("a caller that says hello as a worker that it is not is refused")
    func impostor() async throws {
        try await RunningRoost.run(Sample.proxy) { roost in
            let pid = try await roost.wait(for: "proxy").pid
            var hello = Hello()
            hello.role = .worker
            hello.name = "proxy"
            hello.pid = pid ?? 0
            hello.minVersion = 1
            hello.maxVersion = 1
            let raw = RawSocket.frame(kind: 1, hello.encoded())
            let answer = try await onThread { [runtime = roost.runtime] in
                let peer = try RawSocket("\(runtime)/roostd.sock")
                peer.write(raw)
                return peer.read() ?? []
            }
            #expect(answer.count >= 20 && answer[5] == 4)  // an error frame
            #expect(try await roost.worker("proxy").pid == pid)
            try await eventually("the real one's heartbeats count") {
                (try await roost.worker("proxy").heartbeatAgeSeconds ?? 99) < 2
            }
        }
    }
}
