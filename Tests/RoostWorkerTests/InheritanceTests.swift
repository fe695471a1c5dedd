import CLinux
import Glibc
import RoostJSON
import RoostProtocol
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostWorker

/// The environment is the process's, so each test has a process.
@Suite(.ownThread) struct InheritanceTests {
    @Test("descriptors are taken by name, the environment is emptied, and nothing is inherited further")
    func taken() async {
        await #expect(processExitsWith: .success) {
            for number in 503...505 as ClosedRange<Int32> { dup2(open("/dev/null", O_RDWR), number) }
            for (name, value) in [
                ("LISTEN_FDS", "3"), ("LISTEN_FDNAMES", "configuration:ipc:proxy.listen"),
                ("LISTEN_PID", "\(getpid())"),
                ("ROOST_RUNTIME", "/run/x"), ("ROOST_INSTANCE", "2"),
            ] { setenv(name, value, 1) }
            let inheritance = try Inheritance(firstDescriptor: 503)
            guard inheritance.runtimeDirectory == "/run/x", inheritance.instance == 2 else { exit(1) }
            guard inheritance.first("configuration") == 503, inheritance.first("ipc") == 504 else { exit(2) }
            guard inheritance.listeners.map(\.name) == ["proxy.listen"], inheritance.listeners[0].descriptor == 505
            else {
                exit(3)
            }
            guard (503...505).allSatisfy({ fcntl($0, F_GETFD) & FD_CLOEXEC != 0 }) else { exit(4) }
            guard getenv("LISTEN_FDS") == nil, getenv("ROOST_RUNTIME") == nil, getenv("LISTEN_PID") == nil else {
                exit(5)
            }
            let second = try Inheritance(firstDescriptor: 503)
            guard second.descriptors.isEmpty, second.runtimeDirectory == nil, second.instance == 0 else { exit(6) }
        }
    }

    @Test("what is held for a promotion is not served at once, and has the name that it has elsewhere")
    func held() async {
        await #expect(processExitsWith: .success) {
            for number in 503...506 as ClosedRange<Int32> { dup2(open("/dev/null", O_RDWR), number) }
            setenv("LISTEN_FDS", "4", 1)
            setenv("LISTEN_FDNAMES", "configuration:held.ipc:held.proxy.listen:proxy.listen", 1)
            let inheritance = try Inheritance(firstDescriptor: 503)
            guard inheritance.first("ipc") == nil else { exit(1) }
            guard inheritance.listeners.map(\.descriptor) == [506] else { exit(2) }
            guard inheritance.held.map(\.name) == ["ipc", "proxy.listen"] else { exit(3) }
            guard inheritance.held.map(\.descriptor) == [504, 505] else { exit(4) }
        }
    }

    @Test("descriptors of another process are not ours")
    func otherPid() async {
        await #expect(processExitsWith: .success) {
            setenv("LISTEN_FDS", "3", 1)
            setenv("LISTEN_PID", "1", 1)
            guard try Inheritance(firstDescriptor: 503).descriptors.isEmpty, getenv("LISTEN_FDS") == nil else {
                exit(1)
            }
        }
    }

    @Test("descriptors without names, or with fewer, are there without a name")
    func unnamed() async {
        await #expect(processExitsWith: .success) {
            for number in 503...504 as ClosedRange<Int32> { dup2(open("/dev/null", O_RDWR), number) }
            setenv("LISTEN_FDS", "2", 1)
            setenv("LISTEN_FDNAMES", "a", 1)
            guard try Inheritance(firstDescriptor: 503).descriptors.map(\.name) == ["a", ""] else { exit(1) }
        }
    }

    @Test(
        "a LISTEN_FDS that makes no sense is refused with what it is",
        arguments: ["-1", "x", "", "1025", "99999999999", "900"]
    )
    func nonsense(text: String) async {
        await #expect(processExitsWith: .success) { [text] in
            setenv("LISTEN_FDS", text, 1)
            do {
                _ = try Inheritance(firstDescriptor: 503)
                exit(1)
            } catch {
                guard "\(error)".contains("LISTEN_FDS") else { exit(2) }
            }
        }
    }
}

@Suite(.ownThread) struct StartConfigurationTests {
    @Test("the inherited memory file is read whole, and closed")
    func inherited() async {
        await #expect(processExitsWith: .success) {
            var start = Prepare()
            start.generation = 9
            start.configuration = [UInt8](repeating: 7, count: 200_000)
            let bytes = start.encoded()
            let memory = roost_memfd("test")
            guard write(memory, bytes, bytes.count) == bytes.count else { exit(1) }
            dup2(memory, 503)
            setenv("LISTEN_FDS", "1", 1)
            setenv("LISTEN_FDNAMES", "configuration", 1)
            let read = try StartConfiguration.read(
                try Inheritance(firstDescriptor: 503),
                worker: "test",
                standaloneFile: nil
            )
            guard read == start, fcntl(503, F_GETFD) == -1 else { exit(2) }
        }
    }

    @Test("without one, a file has to be named; a supervised worker never reads a file")
    func none() async {
        await #expect(processExitsWith: .success) {
            for runtime in [nil, "/run/x"] as [String?] {
                if let runtime { setenv("ROOST_RUNTIME", runtime, 1) }
                do {
                    let file = runtime == nil ? nil : "/etc/x"
                    _ = try StartConfiguration.read(
                        try Inheritance(firstDescriptor: 503),
                        worker: "test",
                        standaloneFile: file
                    )
                    exit(1)
                } catch is StartConfiguration.Fault {}
            }
        }
    }
}

@Suite(.ownThread) struct WorkerLogTests {
    private func withPipe(_ body: (_ reader: Int32, _ writer: Int32) throws -> Void) throws {
        var ends: [Int32] = [-1, -1]
        try #require(roost_pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        try body(ends[0], ends[1])
    }

    private func text(_ reader: Int32) -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = read(reader, &buffer, buffer.count), count > 0 {
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return text
    }

    @Test("a line is one JSON object, whatever the message")
    func shape() throws {
        try withPipe { reader, writer in
            let log = WorkerLog(descriptor: writer, isOwnPipe: true)
            log.warning("proxy", "two\nlines \"quoted\"", ["rule": "api"])
            log.debug("c", "d")
            log.info("c", "i")
            log.error("c", "e")
            let lines = text(reader).split(separator: "\n")
            #expect(lines.count == 4)
            let first = try JSONParser.parse(Array(try #require(lines.first).utf8))
            #expect(
                first == [
                    "level": "warning", "category": "proxy", "message": "two\nlines \"quoted\"",
                    "metadata": ["rule": "api"],
                ]
            )
            let levels = try lines.map { try JSONParser.parse(Array($0.utf8))["level"] }
            #expect(levels == ["warning", "debug", "info", "error"])
        }
    }

    @Test("when nobody reads, lines are dropped and counted, and the next one that fits says how many")
    func full() throws {
        try withPipe { reader, writer in
            let log = WorkerLog(descriptor: writer, isOwnPipe: true)
            let message = String(repeating: "x", count: 1000)
            for _ in 0..<200 { log.info("c", message) }
            #expect(log.dropped > 100)
            _ = text(reader)
            log.info("c", "after")
            #expect(
                text(reader)
                    == #"{"level":"info","category":"c","message":"after","metadata":{"dropped_lines":\#(log.dropped)}}"#
                    + "\n"
            )
            log.info("c", "again")
            #expect(!text(reader).contains("dropped_lines"))
        }
    }

    @Test("a line that went half is ended, so that the next one starts afresh")
    func half() throws {
        try withPipe { reader, writer in
            let log = WorkerLog(descriptor: writer, isOwnPipe: true)
            log.info("c", String(repeating: "x", count: 200_000))
            #expect(log.dropped == 1)
            let first = text(reader)
            log.info("c", "after")
            let lines = (first + text(reader)).split(separator: "\n")
            #expect(lines.last?.contains("\"message\":\"after\"") == true)
        }
    }
}

@Suite(.ownThread) struct ServiceActionsTests {
    @Test("there is nothing to commit before a preparation, and only once after it")
    func order() throws {
        let supervisor = try FakeSupervisor(isSupervised: false)
        let service = TestService(supervisor.context)
        let actions = ServiceActions(service)
        let done = Slot<Bool>()
        supervisor.reactor.start {
            await actions.commit()
            try? await actions.prepare(Array("a".utf8), 1)
            actions.abort()
            await actions.commit()
            try? await actions.prepare(Array("b".utf8), 2)
            await actions.commit()
            await actions.commit()
            done.value = true
        }
        try supervisor.turn(until: "the end") { done.value == true }
        #expect(service.assumeIsolated { $0.inForce } == ["b"])
        #expect(actions.progress().sources.count == 2 && actions.metrics().isEmpty)
    }
}
