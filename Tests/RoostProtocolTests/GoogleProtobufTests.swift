import Foundation
import RoostProtocol
import Testing

/// Our codec beside Google's own, in both directions. Needs the Debian packages protobuf-compiler and python3-protobuf.
@Suite struct GoogleProtobufTests {
    /// What decodes and encodes a message again, by the name in the schema.
    static let types: [String: @Sendable ([UInt8]) throws -> [UInt8]] = [
        "Hello": { try Hello(decoding: $0).encoded() },
        "Welcome": { try Welcome(decoding: $0).encoded() },
        "ErrorDetail": { try ErrorDetail(decoding: $0).encoded() },
        "Heartbeat": { try Heartbeat(decoding: $0).encoded() },
        "PrepareReply": { try PrepareReply(decoding: $0).encoded() },
        "MetricsSnapshot": { try MetricsSnapshot(decoding: $0).encoded() },
        "StatusReply": { try StatusReply(decoding: $0).encoded() },
        "ChangeReply": { try ChangeReply(decoding: $0).encoded() },
        "ReloadReply": { try ReloadReply(decoding: $0).encoded() },
        "ConfigShowReply": { try ConfigShowReply(decoding: $0).encoded() },
        "ConfigHistoryReply": { try ConfigHistoryReply(decoding: $0).encoded() },
        "LogsRequest": { try LogsRequest(decoding: $0).encoded() },
        "LogLines": { try LogLines(decoding: $0).encoded() },
        "EventsRequest": { try EventsRequest(decoding: $0).encoded() },
        "Events": { try Events(decoding: $0).encoded() },
        "DoctorReply": { try DoctorReply(decoding: $0).encoded() },
        "MetricsReply": { try MetricsReply(decoding: $0).encoded() },
        "ConfigurationBundle": { try ConfigurationBundle(decoding: $0).encoded() },
    ]

    @Test("Google reads what we write")
    func read() throws {
        var metric = Metric()
        metric.name = "proxy_requests_total"
        metric.kind = .histogram
        metric.bounds = [0.5, 1]
        metric.buckets = [1, 0, 300]
        metric.sum = -0.25
        var snapshot = MetricsSnapshot()
        snapshot.takenAtNs = -5
        snapshot.metrics = [metric]
        let lines = try google([
            "read Hello \(hex(ProtobufCodecTests.hello.encoded()))",
            "read MetricsSnapshot \(hex(snapshot.encoded()))",
        ])
        #expect(
            lines == [
                hex(ProtobufCodecTests.helloBytes)
                    + #"|0|min_version: 1 max_version: 1 role: ROLE_WORKER name: "proxy" instance: 2 pid: 300"#,
                hex(snapshot.encoded())
                    + #"|0|taken_at_ns: -5 metrics { name: "proxy_requests_total" kind: KIND_HISTOGRAM "#
                    + "bounds: 0.5 bounds: 1.0 buckets: 1 buckets: 0 buckets: 300 sum: -0.25 }",
            ]
        )
    }

    @Test("we read what Google writes, and write the same bytes")
    func write() throws {
        let names = (0..<40).flatMap { _ in Self.types.keys.sorted() }
        let lines = try google(names.enumerated().map { "make \($1) \($0)" })
        #expect(lines.count == names.count)
        var bytes = 0
        for (name, line) in zip(names, lines) {
            let theirs = unhex(line)
            bytes += theirs.count
            let recode = try #require(Self.types[name])
            let isSame = try recode(theirs) == theirs
            #expect(isSame, "\(name) \(line.prefix(400))")
        }
        #expect(bytes > 1_000_000)
    }

    private func google(_ lines: [String]) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-protobuf-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a test's own folder; nothing depends on it
        let input = folder.appending(path: "in")
        let output = folder.appending(path: "out")
        try lines.joined(separator: "\n").write(to: input, atomically: false, encoding: .utf8)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Support/google_protobuf.py").path
        ]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        // An empty message is an empty line.
        return try String(contentsOf: output, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

private func unhex(_ text: String) -> [UInt8] {
    let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
