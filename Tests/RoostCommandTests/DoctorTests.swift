import Glibc
import RoostIPC
import RoostJSON
import RoostProtocol
import Testing

@testable import RoostCommand

@Suite struct DoctorTests {
    @Test("every finding has a line, and what to do below it")
    func text() {
        let report = DoctorReport([
            .good("config", "generation 3"), .bad("worker.proxy/0", "quarantined\nexit 3", "roost start proxy"),
        ])
        #expect(
            report.text(colors: false) == """
                good     config          generation 3
                bad      worker.proxy/0  quarantined
                                         exit 3
                                         -> roost start proxy
                2 checks: 1 bad, 0 warnings

                """
        )
        #expect(report.worst == .bad)
        #expect(report.json["verdict"] == "bad")
        #expect(report.json["facts"]?[1]?["mend"] == "roost start proxy")
    }

    @Test("doctor tells what the supervisor found beside what it sees itself, and ends with 1 when something is bad")
    func running() async throws {
        let answer: @Sendable (IncomingRequest) -> Answer = { _ in
            var reply = DoctorReply()
            var fact = DoctorFact()
            fact.name = "config"
            fact.verdict = .bad
            fact.finding = "rejected"
            fact.mend = "mend the files"
            reply.facts = [fact]
            return .message(reply)
        }
        try await FakeSupervisor.run(answer: answer) { fake in
            let outcome = await fake.roost("doctor", "--json") { $0.programFolders = ["/usr/bin"] }
            #expect(outcome.status == 1)
            #expect(outcome.errors.isEmpty)
            let facts = try #require(try JSONParser.parse(outcome.output)["facts"]?.arrayValue)
            #expect(facts.first?["finding"] == "rejected")
            let version = try #require(facts.first { $0["name"] == "version" })
            #expect(version["verdict"] == "warning")
            #expect(version["finding"]?.stringValue?.contains("roostd 9.9.9") == true)
            #expect(facts.contains { $0["name"] == "socket" && $0["verdict"] == "good" })
        }
    }

    @Test("doctor prints everything and ends with 2 when no supervisor answers")
    func absent() async throws {
        try await FakeSupervisor.run { fake in
            let outcome = await fake.roost("doctor") { $0.programFolders = ["/nowhere"] }
            #expect(outcome.status == 2)
            #expect(outcome.output.hasPrefix("bad      supervisor"))
            #expect(outcome.output.contains("program.roost-config"))
            #expect(outcome.errors.isEmpty)
        }
    }

    @Test("a port is told to be in use while somebody has it")
    func port() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
                bind(descriptor, plain, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, plain, &length) == 0
            }
        }
        try #require(bound)
        let text = "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        #expect(PortProbe.problem(text) == EADDRINUSE)
        close(descriptor)
        #expect(PortProbe.problem(text) == nil)
    }

    @Test("listeners are found in what roost-config shows")
    func listeners() throws {
        let settings = try JSONParser.parse(
            #"{"proxy.listen":{"value":"[127.0.0.1:8080, [::1]:8080]"},"proxy.limits.head":{"value":"1"}}"#
        )
        #expect(ConfiguredListeners.of(settings).map(\.address) == ["127.0.0.1:8080", "[::1]:8080"])
    }
}
