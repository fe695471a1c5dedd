import CLinux
import Glibc
import RoostReactor
import RoostTestSupport
import Testing

@testable import RoostSupervisor

@Suite(.ownThread) struct ProgramNotificationTests {
    private func read(_ text: String) -> ProgramNotification { ProgramNotification(Array(text.utf8)) }

    @Test(
        "READY=1 is readiness, with or without a newline and among others",
        arguments: ["READY=1", "X=2\nREADY=1\n", "READY=1\nREADY=0"]
    )
    func ready(text: String) { #expect(read(text).isReady) }

    @Test(
        "everything else is none and does nothing",
        arguments: [
            "", "\n", "READY", "READY=", "READY=0", "READY=11", "READY= 1", " READY=1", "ready=1", "STOPPING=1",
            "WATCHDOG=1", "WATCHDOG_USEC=1", "=", "=1", "MAINPID=1", "FDSTORE=0\nFDNAME=x", "FDNAME=x",
        ]
    )
    func others(text: String) { #expect(read(text) == read("")) }

    @Test("FDSTORE=1 names the descriptor that comes with it")
    func store() { #expect(read("FDSTORE=1\nFDNAME=proxy.listen").descriptorName == "proxy.listen") }

    @Test("STATUS= is one line, without what commands a terminal, and not longer than its limit")
    func status() {
        #expect(read("STATUS=a=b").status == "a=b")
        #expect(read("STATUS=a\nSTATUS=b").status == "b")
        #expect(read("STATUS=").status == "")
        #expect(read("STATUS=x\u{1B}[2J\r").status == "x [2J ")
        #expect(read("STATUS=" + String(repeating: "ä", count: 2000)).status?.count == 256)
        #expect(ProgramNotification(Array("STATUS=".utf8) + [0xFF]).status == "\u{FFFD}")
    }

    @Test("a datagram over the limit is ignored")
    func long() { #expect(!read("READY=1\n" + String(repeating: "x", count: 4096)).isReady) }

    @Test("garbage never traps", arguments: 1...50 as ClosedRange<UInt64>)
    func garbage(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        let bytes = (0..<300).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        _ = ProgramNotification(bytes)
        _ = ProgramNotification(Array("STATUS=".utf8) + bytes)
    }
}

@Suite(.ownThread) struct NotifySocketTests {
    private func send(_ bytes: [UInt8], to path: String) -> Int {
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(number) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(number, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    @Test("a datagram comes with its sender's pid as the kernel knows it; too long and empty ones do no harm")
    func pid() throws {
        let bench = try Bench()
        let heard = Slot<[(Int32, ProgramNotification)]>([])
        let path = bench.scratch.file("notify.sock")
        let socket = try NotifySocket(path, on: bench.reactor) { pid, said, _ in heard.value?.append((pid, said)) }
        #expect(send([UInt8](repeating: 120, count: 5000), to: path) == 5000)
        #expect(send([], to: path) == 0)
        #expect(send(Array("READY=1".utf8), to: path) == 7)
        try bench.turn(until: "both") { heard.value?.last?.1.isReady == true }
        #expect(heard.value?.count == 2)
        #expect(heard.value?.allSatisfy { $0.0 == getpid() } == true)
        withExtendedLifetime(socket) {}
    }

    @Test("of the descriptors that come with a datagram one is handed on, and none stays open that nobody keeps")
    func descriptors() async {
        await #expect(processExitsWith: .success) {
            let bench = try Bench()
            let heard = Slot<Int>(0)
            let path = bench.scratch.file("notify.sock")
            let notify = try NotifySocket(path, on: bench.reactor) { _, _, _ in heard.value? += 1 }
            let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard connected == 0 else { exit(1) }
            let before = ProcessFigures.openDescriptors(pid: getpid())
            for _ in 0..<20 {
                guard roost_send_fds(number, "FDSTORE=1", 9, [0, 1, 2], 3) == 9 else { exit(2) }
                bench.reactor.runUntilIdle()
            }
            guard heard.value == 20 else { exit(3) }
            guard let before, let after = ProcessFigures.openDescriptors(pid: getpid()), after < before + 10 else {
                exit(4)
            }
            withExtendedLifetime(notify) {}
        }
    }

    @Test("it replaces a stale socket, takes no other file's place, and is gone afterwards")
    func place() throws {
        let bench = try Bench()
        let path = bench.scratch.file("notify.sock")
        for _ in 0..<2 { _ = try NotifySocket(path, on: bench.reactor) { _, _, _ in } }
        #expect(access(path, F_OK) != 0)
        try bench.scratch.write("notify.sock", "a file")
        #expect(throws: SystemError("bind", path, code: EADDRINUSE)) {
            _ = try NotifySocket(path, on: bench.reactor) { _, _, _ in }
        }
        let long = bench.scratch.file(String(repeating: "x", count: 120))
        #expect(throws: SystemError("bind", long, code: ENAMETOOLONG)) {
            _ = try NotifySocket(long, on: bench.reactor) { _, _, _ in }
        }
        #expect(bench.reactor.sourceCount == 0)
    }
}
