import Glibc
import RoostPolicy
import RoostReactor
import Testing

@Suite("Reactor, before it waits") struct ReactorTurnTests {
    private let reactor: Reactor
    init() throws { reactor = try Reactor() }

    @Test("what is to be done before the wait comes after the jobs at hand, before events, and once")
    func beforeWait() throws {
        let pipe = Pipe()
        pipe.put()
        var story: [String] = []
        try reactor.register(pipe.reader, for: [.readable, .edgeTriggered]) { _ in story.append("event") }
        reactor.beforeWait { story.append("before") }
        let told = Story()
        reactor.start { told.lines.append("job") }
        reactor.beforeWait { story.append(contentsOf: told.lines + ["after it"]) }
        reactor.runUntilIdle()
        #expect(story == ["before", "job", "after it", "event"])
    }

    @Test("what asks for it again while it is done comes in the next turn, for which the loop does not wait")
    func beforeWaitAgain() throws {
        let pipe = Pipe()
        pipe.put()
        var story: [String] = []
        try reactor.register(pipe.reader, for: [.readable, .edgeTriggered]) { _ in story.append("event") }
        reactor.beforeWait { [reactor] in
            story.append("first")
            reactor.beforeWait {
                story.append("second")
                reactor.stop()
            }
        }
        reactor.runUntilStopped()
        #expect(story == ["first", "event", "second"])
    }

    @Test("what is expected is taken without asking epoll, and only as often as it was asked for")
    func expected() throws {
        let chat = try Chat(reactor)
        chat.pipe.put()
        chat.onCome = { if $0.attempts + $0.events < 3 { $0.answer() } else { $0.reactor.stop() } }
        chat.expect()
        reactor.runUntilStopped()
        #expect(chat.events == 1 && chat.attempts == 2, "the first look is at all descriptors")
    }

    @Test("what does not come is looked for a bounded number of times, and then slept for")
    func nothingComes() throws {
        let chat = try Chat(reactor)
        chat.expect()
        reactor.schedule(after: .milliseconds(50)) { [reactor] in reactor.stop() }
        reactor.runUntilStopped()
        #expect(chat.events == 0 && chat.attempts == 0 && (1...32).contains(chat.misses))
        #expect(reactor.wakeUps <= 3)
    }

    @Test("jobs at hand are not held up by what is expected")
    func jobsFirst() throws {
        let chat = try Chat(reactor)
        let told = Story()
        let post = { [reactor] (line: String) in
            _ = reactor.start { told.lines.append("\(line) after \(chat.misses) looks") }
        }
        chat.expect()
        reactor.beforeWait {
            post("first")
            post("second")
        }
        reactor.schedule(after: .milliseconds(20)) { [reactor] in reactor.stop() }
        reactor.runUntilStopped()
        #expect(told.lines == ["first after 0 looks", "second after 0 looks"])
    }

    @Test("of a peer that answers at once for ever, the others have their turn, and so do timers and other threads")
    func fairness() throws {
        let chat = try Chat(reactor)
        let other = Pipe()
        var taken: [Int] = []
        try reactor.register(other.reader, for: .readable) { [reader = other.reader] _ in
            var byte: UInt8 = 0
            read(reader, &byte, 1)
            taken.append(chat.attempts)
        }
        var fired = false
        let posted = Story()
        chat.onCome = { [reactor] chat in
            if chat.attempts == 100 { other.put(3) }
            if chat.attempts == 400 { reactor.schedule(after: .zero) { fired = true } }
            if chat.attempts == 500 {
                #expect(fired)
                reactor.post { posted.lines.append("posted") }
            }
            if chat.attempts == 600 { reactor.stop() } else { chat.answer() }
        }
        chat.pipe.put()
        chat.expect()
        reactor.runUntilStopped()
        #expect(taken.count == 3)
        #expect((100...116).contains(try #require(taken.first)), "at the next look at all descriptors")
        #expect(taken.allSatisfy { $0 - taken[0] <= 1 }, "while others are active, epoll is asked each time")
        #expect(posted.lines == ["posted"])
    }

    @Test("when two are expected, epoll tells which it is")
    func twoExpected() throws {
        let chats = [try Chat(reactor), try Chat(reactor)]
        warmUp(chats[0])
        chats[0].expect()
        chats[1].expect()
        chats[1].pipe.put()
        chats[1].onCome = { $0.reactor.stop() }
        reactor.runUntilStopped()
        #expect(chats[1].events == 1 && chats[1].attempts == 0 && chats[0].misses == 0)
    }

    @Test("who was taken out is not looked at")
    func takenOut() throws {
        let chat = try Chat(reactor)
        warmUp(chat)
        let before = chat.attempts + chat.misses
        chat.pipe.put()
        chat.expect()
        chat.takeOut()
        reactor.schedule(after: .milliseconds(1)) { [reactor] in reactor.stop() }
        reactor.runUntilStopped()
        #expect(chat.attempts + chat.misses == before)
    }

    /// After a look at all descriptors the next ones are attempts.
    private func warmUp(_ chat: Chat) {
        chat.pipe.put()
        chat.onCome = { $0.reactor.stop() }
        reactor.runUntilStopped()
        chat.onCome = { _ in }
    }
}

/// Lines that a task writes down on the loop.
private final class Story: @unchecked Sendable { var lines: [String] = [] }  // used on the loop's thread only

/// A pipe whose answer is expected: counts how each byte was taken.
private final class Chat: @unchecked Sendable {  // used on the loop's thread only
    let reactor: Reactor
    let pipe = Pipe()
    private var token: SourceToken?
    var onCome: (Chat) -> Void = { _ in }
    private(set) var events = 0
    private(set) var attempts = 0
    private(set) var misses = 0

    init(_ reactor: Reactor) throws {
        self.reactor = reactor
        let context = Unmanaged.passUnretained(self).toOpaque()
        token = try reactor.register(pipe.reader, for: .readable, context: context) { context, _ in
            let chat = Unmanaged<Chat>.fromOpaque(context).takeUnretainedValue()
            chat.pipe.take(1)
            chat.events += 1
            chat.onCome(chat)
        }
    }

    deinit { takeOut() }

    func takeOut() { if let token { reactor.unregister(token) } }

    func expect() {
        guard let token else { return }
        reactor.expectSoon(on: token) { context in
            let chat = Unmanaged<Chat>.fromOpaque(context).takeUnretainedValue()
            guard chat.pipe.take(1) == 1 else {
                chat.misses += 1
                return false
            }
            chat.attempts += 1
            chat.onCome(chat)
            return true
        }
    }

    func answer() {
        pipe.put()
        expect()
    }
}
