import CLinux
import Glibc
import Testing

@testable import RoostSystemd

@Suite("Journal") struct JournalTests {
    static func record(_ message: String) -> JournalRecord {
        JournalRecord(message: message, priority: 6, identifier: "roostd")
    }

    @Test("a record has the bytes of the native protocol")
    func bytes() {
        var record = JournalRecord(message: "started", priority: 5, identifier: "roostd")
        record.add(.worker, "proxy")
        record.add(.instance, "0")
        record.add(key: "request.id", "7")
        #expect(
            String(decoding: record.bytes, as: UTF8.self) == """
                MESSAGE=started
                PRIORITY=5
                SYSLOG_IDENTIFIER=roostd
                ROOST_WORKER=proxy
                ROOST_INSTANCE=0
                ROOST_REQUEST_ID=7

                """
        )
    }

    @Test("a value with a line feed carries its length, so it cannot add a field")
    func lineFeed() {
        let record = JournalRecord(message: "a\nPRIORITY=0", priority: 6, identifier: "x")
        let value = Array("a\nPRIORITY=0".utf8)
        #expect(
            record.bytes == Array("MESSAGE\n".utf8) + [UInt8(value.count), 0, 0, 0, 0, 0, 0, 0] + value
                + Array("\nPRIORITY=6\nSYSLOG_IDENTIFIER=x\n".utf8)
        )
    }

    @Test(
        "a key becomes a field name of our own",
        arguments: [
            ("worker.id", "ROOST_WORKER_ID"), ("_PID", "ROOST__PID"), ("MESSAGE", "ROOST_MESSAGE"), ("é", "ROOST___"),
            ("a=b\nc", "ROOST_A_B_C"),
            (String(repeating: "k", count: 99), "ROOST_" + String(repeating: "K", count: 58)),
        ]
    )
    func fieldName(_ key: String, _ expected: String) {
        #expect(JournalRecord.fieldName(for: key) == expected)
    }

    @Test("an empty key names no field")
    func emptyKey() {
        #expect(JournalRecord.fieldName(for: "") == nil)
    }

    @Test("priorities beyond syslog's are cut", arguments: [(-1, "0"), (8, "7"), (Int.max, "7")])
    func priority(_ value: Int, _ expected: String) {
        let record = JournalRecord(message: "m", priority: value, identifier: "x")
        #expect(String(decoding: record.bytes, as: UTF8.self).contains("PRIORITY=\(expected)\n"))
    }

    @Test("a full queue drops and counts, and the next record says how many went before it", .timeLimit(.minutes(1)))
    func fullQueue() throws {
        let socket = try #require(FakeNotifySocket(freshSocketPath()))
        var journal = Journal(address: socket.address)
        var sent = 0
        while journal.send(Self.record("x")), sent < 100_000 { sent += 1 }
        #expect((1..<100_000).contains(sent))
        let again = journal.send(Self.record("y"))
        #expect(!again)
        let dropped = journal.droppedCount
        #expect(dropped == 2)

        while socket.receive() != nil { sent -= 1 }
        #expect(sent == 0)
        let taken = journal.send(Self.record("z"))
        #expect(taken)
        #expect(socket.receiveText()?.hasSuffix("ROOST_DROPPED=2\n") == true)
        journal.send(Self.record("z"))
        #expect(socket.receiveText()?.contains("ROOST_DROPPED") == false)
    }

    @Test("a record above the size of a datagram is passed in a sealed memfd")
    func largeRecord() throws {
        let socket = try #require(FakeNotifySocket(freshSocketPath()))
        var journal = Journal(address: socket.address)
        let record = Self.record(String(repeating: "m", count: 900_000))
        let isSent = journal.send(record)
        #expect(isSent)
        let (bytes, descriptors) = try #require(socket.receive())
        #expect(bytes.isEmpty)
        try #require(descriptors.count == 1)
        defer { close(descriptors[0]) }
        var status = stat()
        #expect(fstat(descriptors[0], &status) == 0 && status.st_size == record.bytes.count)
        #expect(write(descriptors[0], "x", 1) == -1 && errno == EPERM)
    }

    @Test("a record above the limit is dropped")
    func oversized() throws {
        let socket = try #require(FakeNotifySocket(freshSocketPath()))
        var journal = Journal(address: socket.address)
        let isSent = journal.send(Self.record(String(repeating: "m", count: Journal.recordLimit)))
        #expect(!isSent)
        #expect(socket.receive() == nil)
    }

    @Test("a journald whose socket was made anew is found again; while there is none, records are counted")
    func reconnects() throws {
        let path = freshSocketPath()
        var first = FakeNotifySocket(path)
        var journal = Journal(address: path)
        journal.send(Self.record("1"))
        #expect(first?.receive() != nil)
        first = nil
        let isSent = journal.send(Self.record("2"))
        #expect(!isSent)
        let second = try #require(FakeNotifySocket(path))
        journal.send(Self.record("3"))
        #expect(second.receiveText()?.hasPrefix("MESSAGE=3\n") == true)
        let dropped = journal.droppedCount
        #expect(dropped == 1)
    }

    @Test("only the very stream of JOURNAL_STREAM is the journal")
    func stream() {
        var status = stat()
        #expect(fstat(1, &status) == 0)
        let own = "\(status.st_dev):\(status.st_ino)"
        #expect(JournalStream.isJournal(1, variable: own))
        #expect(!JournalStream.isJournal(1, variable: "\(status.st_dev):\(status.st_ino + 1)"))
        for wrong in [nil, "", ":", "1", "a:b", own + ":1", "-1:5", " " + own] {
            #expect(!JournalStream.isJournal(1, variable: wrong))
        }
        #expect(!JournalStream.isJournal(-1, variable: own))
    }
}
