import CLinux
import Glibc
import RoostPolicy
import RoostReactor
import Testing

@Suite("Reactor, descriptors") struct ReactorDescriptorTests {
    private let reactor: Reactor
    init() throws { reactor = try Reactor(clock: .virtual(VirtualClock())) }

    @Test("a readable descriptor is reported for as long as it is readable")
    func levelTriggered() throws {
        let pipe = Pipe()
        pipe.put(3)
        var calls = 0
        try reactor.register(pipe.reader, for: .readable) { [reader = pipe.reader] readiness in
            #expect(readiness == .readable)
            calls += 1
            var byte: UInt8 = 0
            read(reader, &byte, 1)
        }
        reactor.runUntilIdle()
        #expect(calls == 3)
    }

    @Test("an edge-triggered descriptor is reported once for each arrival, read or not")
    func edgeTriggered() throws {
        let pipe = Pipe()
        var calls = 0
        try reactor.register(pipe.reader, for: [.readable, .edgeTriggered]) { _ in calls += 1 }
        for expected in 1...3 {
            pipe.put()
            reactor.runUntilIdle()
            #expect(calls == expected)
        }
    }

    @Test("the other end's close is a hang-up, even if nothing was asked for")
    func hangUp() throws {
        var ends: [Int32] = [-1, -1]
        #expect(roost_pipe(&ends) == 0)
        var seen = Readiness()
        var token: SourceToken?
        token = try reactor.register(ends[0], for: []) { [reactor] in
            seen = $0
            if let token { reactor.unregister(token) }
        }
        close(ends[1])
        reactor.runUntilIdle()
        #expect(seen == .hangUp)
        close(ends[0])
    }

    @Test("what a descriptor is watched for can be changed")
    func modified() throws {
        var ends: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
        defer { ends.forEach { close($0) } }
        var seen: [Readiness] = []
        var token: SourceToken?
        token = try reactor.register(ends[0], for: .readable) { [reactor] in
            seen.append($0)
            if let token { reactor.modify(token, for: []) }
        }
        reactor.runUntilIdle()
        #expect(seen.isEmpty)
        reactor.modify(try #require(token), for: .writable)
        reactor.runUntilIdle()
        #expect(seen == [.writable])
    }

    @Test("the raw form passes its context")
    func raw() throws {
        let pipe = Pipe()
        pipe.put()
        let context = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
        context.initialize(to: 0)
        defer { context.deallocate() }
        let token = try reactor.register(pipe.reader, for: [.readable, .edgeTriggered], context: context) {
            $0.assumingMemoryBound(to: UInt32.self).pointee = $1
        }
        reactor.runUntilIdle()
        #expect(context.pointee == Readiness.readable.rawValue)
        reactor.unregister(token)
    }

    @Test("a descriptor that epoll does not take is an error, and leaves nothing behind")
    func refused() throws {
        let file = roost_open("/proc/self/status", O_RDONLY, 0)
        defer { close(file) }
        #expect(throws: SystemError("epoll_ctl", "fd \(file)", code: EPERM)) {
            try reactor.register(file, for: .readable) { _ in }
        }
        #expect(throws: SystemError("epoll_ctl", "fd -1", code: EBADF)) {
            try reactor.register(-1, for: .readable) { _ in }
        }
        #expect(reactor.sourceCount == 0)
    }

    @Test("a handler that takes out another whose event is in the same batch keeps it from being called")
    func unregisterInBatch() throws {
        let pipes = [Ends(), Ends(), Ends()]
        defer { pipes.forEach { $0.close() } }
        var tokens: [SourceToken] = []
        var called: [Int] = []
        for (index, pipe) in pipes.enumerated() {
            pipe.put()
            tokens.append(
                try reactor.register(pipe.reader, for: .readable) { [reactor] _ in
                    called.append(index)
                    for token in tokens { reactor.unregister(token) }
                }
            )
        }
        reactor.runUntilIdle()
        #expect(called.count == 1 && reactor.sourceCount == 0)
    }

    @Test("an event of a batch does not reach a descriptor that got the same place and number within the batch")
    func reuseInBatch() throws {
        let pipes = [Ends(), Ends()]
        defer { pipes.forEach { $0.close() } }
        var tokens: [SourceToken] = []
        var called: [String] = []
        for (index, pipe) in pipes.enumerated() {
            pipe.put()
            tokens.append(
                try reactor.register(pipe.reader, for: .readable) { [reactor] _ in
                    called.append("first")
                    pipe.take()
                    let other = 1 - index
                    reactor.unregister(tokens[other])
                    pipes[other].take()
                    // The same descriptor again, not readable any more: the event under way was for the old one.
                    _ = try? reactor.register(pipes[other].reader, for: .readable) { _ in called.append("stale") }
                }
            )
        }
        reactor.runUntilIdle()
        #expect(called == ["first"] && reactor.sourceCount == 2)
    }

    @Test("a stale token neither changes nor takes out who has its place now")
    func staleToken() throws {
        let pipe = Pipe()
        let stale = try reactor.register(pipe.reader, for: .readable) { _ in Issue.record("taken out") }
        reactor.unregister(stale)
        var calls = 0
        try reactor.register(pipe.reader, for: [.readable, .edgeTriggered]) { _ in calls += 1 }
        reactor.unregister(stale)
        reactor.modify(stale, for: [])
        pipe.put()
        reactor.runUntilIdle()
        #expect(calls == 1 && reactor.sourceCount == 1)
    }

    @Test("a handler may take itself out, and what it holds lives until it returns")
    func unregisterSelf() throws {
        final class Held {}
        let pipe = Pipe()
        pipe.put()
        weak var weakly: Held?
        do {
            let held = Held()
            weakly = held
            var token: SourceToken?
            token = try reactor.register(pipe.reader, for: .readable) { [reactor] _ in
                if let token { reactor.unregister(token) }
                withExtendedLifetime(held) {}
            }
        }
        reactor.runUntilIdle()
        #expect(weakly == nil, "nothing holds on to the handler of a descriptor that was taken out")
    }

    @Test("the end of a turn comes after all its events")
    func endOfTurn() throws {
        let pipes = [Ends(), Ends()]
        defer { pipes.forEach { $0.close() } }
        var story: [String] = []
        reactor.atEndOfTurn { if story.last != "end" { story.append("end") } }
        for pipe in pipes {
            pipe.put()
            try reactor.register(pipe.reader, for: [.readable, .edgeTriggered]) { _ in story.append("event") }
        }
        reactor.runUntilIdle()
        #expect(story == ["event", "event", "end"])
    }
}

/// The ends of a pipe as a copyable value, for closures.
private struct Ends {
    let reader: Int32
    let writer: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(roost_pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
    }

    func close() { for end in [reader, writer] { Glibc.close(end) } }
    func put() { write(writer, "x", 1) }
    func take() {
        var byte: UInt8 = 0
        read(reader, &byte, 1)
    }
}
