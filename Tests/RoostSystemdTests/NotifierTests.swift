import CLinux
import Glibc
import Testing

@testable import RoostSystemd

/// libsystemd reads `NOTIFY_SOCKET` from the environment, so each test is a process of its own (an exit test).
@Suite("Notifier") struct NotifierTests {
    @Test("the assignments of one call reach a path socket in one datagram")
    func pathSocket() async {
        await #expect(processExitsWith: .success) {
            let socket = try #require(FakeNotifySocket(freshSocketPath()))
            setenv("NOTIFY_SOCKET", socket.address, 1)
            #expect(Notifier().send(.ready, .status("1/1 ready"), .watchdog) == .sent)
            #expect(socket.receiveText() == "READY=1\nSTATUS=1/1 ready\nWATCHDOG=1")
            #expect(socket.receiveText() == nil)
        }
    }

    @Test("an abstract socket is reached as well")
    func abstractSocket() async {
        await #expect(processExitsWith: .success) {
            let socket = try #require(FakeNotifySocket("@roost-test-\(getpid())"))
            setenv("NOTIFY_SOCKET", socket.address, 1)
            #expect(Notifier().send(.reloading(since: 7_000)) == .sent)
            #expect(socket.receiveText() == "RELOADING=1\nMONOTONIC_USEC=7")
        }
    }

    @Test("without a service manager nothing is sent and nothing is wrong")
    func absent() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            let notifier = Notifier()
            #expect(notifier.send(.ready) == .absent)
            #expect(notifier.store(0, as: "x") == .absent)
            #expect(notifier.barrier() == nil)
            #expect(notifier.waitUntilHandled(limit: .seconds(1)))
        }
    }

    @Test("a manager that is gone is an error, not a hang")
    func goneManager() async {
        await #expect(processExitsWith: .success) {
            setenv("NOTIFY_SOCKET", freshSocketPath(), 1)
            #expect(Notifier().send(.ready) == .failed(ENOENT))
        }
    }

    @Test("a manager that does not read is busy, and the call returns")
    func busyManager() async {
        await #expect(processExitsWith: .success) {
            let socket = try #require(FakeNotifySocket(freshSocketPath()))
            setenv("NOTIFY_SOCKET", socket.address, 1)
            let notifier = Notifier()
            alarm(20)  // a blocked send would end this process
            var sent = 0
            while notifier.send(.watchdog) == .sent, sent < 100_000 { sent += 1 }
            #expect((1..<100_000).contains(sent))
            #expect(notifier.send(.watchdog) == .busy)
            while socket.receiveText() != nil { sent -= 1 }
            #expect(sent == 0)
            #expect(notifier.send(.watchdog) == .sent)
        }
    }

    @Test("a stored descriptor goes alone in its datagram, with its name")
    func store() async {
        await #expect(processExitsWith: .success) {
            let socket = try #require(FakeNotifySocket(freshSocketPath()))
            setenv("NOTIFY_SOCKET", socket.address, 1)
            let notifier = Notifier()
            var ends: [Int32] = [-1, -1]
            try #require(roost_pipe(&ends) == 0)

            #expect(notifier.store(ends[0], as: "proxy.listen") == .sent)
            let first = try #require(socket.receive())
            #expect(String(decoding: first.bytes, as: UTF8.self) == "FDSTORE=1\nFDNAME=proxy.listen")
            #expect(first.descriptors.count == 1)
            write(ends[1], "x", 1)
            var byte: UInt8 = 0
            #expect(read(first.descriptors[0], &byte, 1) == 1)

            #expect(notifier.store(ends[0], as: "state", isPolled: false) == .sent)
            #expect(socket.receiveText() == "FDSTORE=1\nFDNAME=state\nFDPOLL=0")
            #expect(notifier.removeStored("state") == .sent)
            #expect(socket.receiveText() == "FDSTOREREMOVE=1\nFDNAME=state")
            #expect(notifier.store(ends[0], as: "a:b") == .failed(EINVAL))
            #expect(socket.receiveText() == nil)
        }
    }

    @Test("a barrier is alone in its datagram and hangs up when the manager closes its descriptor")
    func barrier() async {
        await #expect(processExitsWith: .success) {
            let socket = try #require(FakeNotifySocket(freshSocketPath()))
            setenv("NOTIFY_SOCKET", socket.address, 1)
            let end = try #require(Notifier().barrier())
            var byte: UInt8 = 0
            #expect(read(end, &byte, 1) == -1 && errno == EAGAIN)
            let message = try #require(socket.receive())
            #expect(String(decoding: message.bytes, as: UTF8.self) == "BARRIER=1")
            #expect(message.descriptors.count == 1)
            close(message.descriptors[0])
            #expect(read(end, &byte, 1) == 0)
        }
    }

    @Test("the wait for a barrier that nobody handles ends in time")
    func barrierTimesOut() async {
        await #expect(processExitsWith: .success) {
            let socket = try #require(FakeNotifySocket(freshSocketPath()))
            setenv("NOTIFY_SOCKET", socket.address, 1)
            #expect(!Notifier().waitUntilHandled(limit: .milliseconds(20)))
        }
    }
}
