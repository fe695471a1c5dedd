import Glibc
import RoostPolicy
import RoostReactor
import Testing

/// Signals belong to a process, so each test is one of its own.
@Suite("Reactor, signals") struct SignalTests {
    @Test("a blocked signal is reported on the loop with its sender, and kills nobody")
    func reported() async {
        await #expect(processExitsWith: .success) {
            let reactor = try Reactor()
            nonisolated(unsafe) var seen: [Int32] = []
            try reactor.handleSignals([SIGUSR1, SIGTERM]) { signal, sender in
                #expect(sender == SignalSender(pid: getpid(), uid: getuid()))
                seen.append(signal)
                if seen.count == 2 { reactor.stop() }
            }
            pthread_kill(pthread_self(), SIGUSR1)
            pthread_kill(pthread_self(), SIGTERM)
            reactor.runUntilStopped()
            #expect(seen.sorted() == [SIGUSR1, SIGTERM].sorted())
        }
    }
}
