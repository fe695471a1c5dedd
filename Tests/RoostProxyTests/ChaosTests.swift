import Foundation
import Testing

@testable import RoostProxy

@Suite("Chaos")
struct ChaosTests {
    private static let isSoak = ProcessInfo.processInfo.environment["ROOST_SOAK"] == "1"

    /// What a token says about how its answer goes wrong; the same on both sides.
    private static func mood(_ token: String) -> Int { token.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % 16 }

    private static func misbehave(_ token: String, _ socket: Socket) -> Bool {
        let padding = String(repeating: "p", count: mood(token) * 1000)
        switch mood(token) {
        case 0: return false
        case 1:
            socket.resetOnClose()
            return false
        case 2:
            socket.write("HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n\(token)")
            return false
        case 3:
            socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
            socket.resetOnClose()
            return false
        case 4: return socket.write(okay(token) + okay("nobody asked"))
        case 5, 6:
            let size = String(token.utf8.count, radix: 16)
            return socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n\(token)\r\n0\r\n\r\n")
        case 7:
            socket.write("HTTP/1.0 200 OK\r\n\r\n\(token)")
            return false
        case 8: return socket.write("HTTP/1.1 103 Early Hints\r\n\r\n" + okay(token))
        default: return socket.write(okay(token + padding))
        }
    }

    @Test("answers are never mixed up, whatever resets, truncations and surplus bytes both sides produce")
    func noMixUp() throws {
        let origin = Origin { _, socket in
            while let head = socket.readHead(), readBody(of: head, from: socket) != nil {
                let token = String(head.split(separator: " ")[1].dropFirst())
                guard Self.misbehave(token, socket) else { return }
            }
        }
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let (whole, wrong, done) = (Counter(), Counter(), Counter())
        let group = DispatchGroup()
        let count = Self.isSoak ? 10_000 : 150
        for worker in 0..<8 {
            group.enter()
            Thread.detachNewThread {
                defer { group.leave() }
                var client = try? proxy.connect()
                for index in 0..<count {
                    let token = "\(worker)x\(index)y"
                    let body = index % 3 == 0 ? "Content-Length: 5\r\n\r\nhello" : "\r\n"
                    client?.write("\(index % 3 == 0 ? "PUT" : "GET") /\(token) HTTP/1.1\r\nHost: a\r\n\(body)")
                    if index % 29 == 7 {
                        client?.resetOnClose()
                        client = try? proxy.connect()
                        continue
                    }
                    var answer = client.flatMap { try? Answer(from: $0) }
                    while let interim = answer, interim.status == 103 {
                        answer = client.flatMap { try? Answer(from: $0) }
                    }
                    done.add()
                    if let answer, answer.isWhole, answer.status == 200 {
                        if answer.text.hasPrefix(token) { whole.add() } else { wrong.add() }
                    }
                    let goesOn = answer.map { $0.isWhole && field("connection", of: $0.head) != "close" } ?? false
                    if !goesOn { client = try? proxy.connect() }
                }
            }
        }
        #expect(group.wait(timeout: .now() + (Self.isSoak ? 600 : 60)) == .success)
        #expect(wrong.value == 0)
        #expect(whole.value > done.value / 2)
        #expect(eventually { try proxy.withPlane { $0.inFlight == 0 && $0.connections == 0 } })
        let snapshot = try proxy.snapshot()
        #expect(snapshot.rules["all"]?.traffic.active == 0)
        #expect(snapshot.rules["all"]?.backends.values.allSatisfy { $0.active == 0 } == true)
    }

    @Test("random bytes on the listener end their connection at most", arguments: 1...4)
    func garbage(_ seed: UInt64) throws {
        var state = seed
        func roll(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let origin = Origin(answering: { _, _ in okay("fine") })
        defer { origin.stop() }
        let proxy = try RunningProxy(to: [origin.port])
        defer { proxy.stop() }
        let seeds = SmugglingTests.cases.map { Array($0.2.utf8) } + [Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)]
        for _ in 0..<40 {
            let socket = try proxy.connect()
            for _ in 0..<3 {
                var bytes = seeds[roll(seeds.count)]
                for _ in 0..<roll(8) where !bytes.isEmpty { bytes[roll(bytes.count)] = UInt8(roll(256)) }
                for _ in 0..<roll(60) where roll(9) == 0 { bytes.append(UInt8(roll(256))) }
                guard socket.write(bytes) else { break }
            }
            if roll(2) == 0 { socket.resetOnClose() } else { socket.endWriting() }
        }
        #expect(try proxy.get().text == "fine")
        #expect(eventually { try proxy.withPlane { $0.inFlight == 0 } })
    }
}
