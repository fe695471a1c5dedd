import RoostIPC
import RoostJSON
import RoostProtocol
import Testing

@testable import RoostCommand

@Suite struct WhyCommandTests {
    private static func entry(_ id: UInt64, _ event: String, parent: UInt64 = 0) -> RecordEntry {
        var entry = RecordEntry()
        entry.id = id
        entry.atNs = Samples.at
        entry.bootId = [UInt8](1...16)
        entry.event = event
        (entry.subject, entry.name, entry.pid) = ("instance", "proxy", 81)
        var cause = RecordCause()
        (cause.kind, cause.sentence) = ("missed_heartbeats", "missed heartbeats")
        var silent = RecordInput()
        (silent.name, silent.durationNs) = ("silent_for", 2_040_000_000)
        var size = RecordInput()
        (size.name, size.size) = ("resident", 12)
        cause.inputs = [silent, size]
        var initiator = RecordInitiator()
        (initiator.kind, initiator.uid, initiator.sentence) = ("peer", 1000, "uid 1000")
        cause.initiator = initiator
        entry.cause = cause
        var decision = RecordDecision()
        (decision.what, decision.sentence) = ("restart_at_once", "restart at once")
        entry.decision = decision
        entry.parent = parent
        entry.sentence = "proxy/0 \(event)"
        return entry
    }

    private static func answer(_ asked: WhyRequest) -> WhyReply {
        var reply = WhyReply()
        if asked.beforeId == 0 {
            var answer = WhyAnswer()
            answer.subject = "proxy/0"
            answer.sentence = "proxy/0 was restarted because of \(asked.names)"
            answer.chain = [entry(9, "started", parent: 8), entry(8, "ended")]
            reply.answers = [answer]
        }
        guard asked.history else { return reply }
        let first = asked.beforeId == 0 ? 9 : asked.beforeId - 1
        reply.history = [entry(first, "started")]
        reply.nextBeforeId = first > 7 ? first : 0
        return reply
    }

    private static let supervisor: @Sendable (IncomingRequest) -> Answer = { request in
        guard request.method == .why, let asked = try? WhyRequest(decoding: request.payload) else {
            return .unknown(request.method)
        }
        return .message(answer(asked))
    }

    @Test("the answer is a sentence with the chain below, and the history follows to its end")
    func text() async throws {
        try await FakeSupervisor.run(answer: Self.supervisor) { fake in
            let short = await fake.roost("why", "proxy")
            #expect(
                short.output == """
                    proxy/0 was restarted because of ["proxy"].
                      #9 proxy/0 started; after #8
                      #8 proxy/0 ended

                    """
            )
            let long = await fake.roost("why", "proxy", "--history")
            #expect(long.output.hasPrefix(short.output))
            #expect(
                long.output.dropFirst(short.output.count)
                    == "#9 proxy/0 started\n#8 proxy/0 started\n#7 proxy/0 started\n"
            )
        }
    }

    @Test("JSON has every member, figures with their units, and the whole history at once")
    func json() async throws {
        try await FakeSupervisor.run(answer: Self.supervisor) { fake in
            let short = try JSONParser.parse(await fake.roost("why", "proxy", "--json").output)
            #expect(short["history"] == nil)
            let entry = try #require(short["answers"]?[0]?["chain"]?[0])
            #expect(
                entry == [
                    "id": 9, "at": "2026-03-01T12:00:00.250Z", "monotonic_ns": 0,
                    "boot_id": "01020304-0506-0708-090a-0b0c0d0e0f10", "event": "started", "subject": "instance",
                    "name": "proxy", "instance": 0, "pid": 81,
                    "cause": [
                        "kind": "missed_heartbeats", "sentence": "missed heartbeats",
                        "inputs": ["silent_for_seconds": 2.04, "resident_bytes": 12],
                    ],
                    "initiator": [
                        "kind": "peer", "uid": 1000, "pid": nil, "on_behalf_of": nil, "signal": nil, "unit": nil,
                        "worker": nil, "generation": nil, "sentence": "uid 1000",
                    ],
                    "decision": ["what": "restart_at_once", "sentence": "restart at once", "inputs": [:]],
                    "parent": 8, "sentence": "proxy/0 started",
                ]
            )
            let long = try JSONParser.parse(await fake.roost("why", "--history", "--json").output)
            #expect(long["history"]?.arrayValue?.compactMap { $0["id"]?.integerValue } == [9, 8, 7])
            #expect(long["answers"]?.arrayValue?.count == 1)
        }
    }
}
