import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

// The connection to the supervisor: dialled at the start, and again when it was lost, until the lease is over.
extension WorkerRuntime {
    private static let dialLimit = Duration.seconds(2)

    /// Dials until attached or expired.
    func link(firstTime: Bool) async {
        var action = firstTime ? LeaseStateMachine.Action.dial : lease.lost(at: reactor.now)
        if firstTime, await dial() { return }
        defer { if !firstTime, isAttached { Task { await giveBack() } } }
        if firstTime { action = lease.lost(at: reactor.now) }
        while !Task.isCancelled {  // the first configuration has failed, and the process ends
            switch action {
            case .dial:
                if await dial() { return }
                action = proceed(dialFailed: true)
            case .wait(let until):
                try? await reactor.sleep(for: reactor.now.duration(to: until))
                action = proceed(dialFailed: false)
            case .expire where state == .draining: return  // it ends by itself, with what is in flight
            case .expire:
                return await drainAndEnd(because: "no supervisor within the lease of \(lease.duration)")
            }
        }
    }

    private var isAttached: Bool { lease.isAttached }

    /// A new supervisor gets what this process holds; it takes what it does not have. Bounded: while its queue is full it
    /// is being told by others.
    private func giveBack() async {
        for _ in 0..<20 {
            guard connection != nil, keepsake?.giveBack() == false else { return }
            try? await reactor.sleep(for: .milliseconds(50))
        }
        log.error("worker", "the new supervisor does not take the listeners back")
    }

    private func proceed(dialFailed: Bool) -> LeaseStateMachine.Action {
        lease.proceed(dialFailed: dialFailed, at: reactor.now, random: .random(in: 0..<1))
    }

    private func dial() async -> Bool {
        guard let runtimeDirectory else { return false }
        var hello = identity
        hello.generation = generation
        let dialer = Dialer(on: reactor, identity: hello, limits: limits)
        // A supervisor that ends in the very turn in which it has answered is gone before `connect` returns.
        let ending = Ending()
        var handler = supervisorHandler
        let closed = handler.closed
        handler.closed = { connection, failure in
            ending.hasCome = true
            closed(connection, failure)
        }
        do {
            let connection = try await dialer.connect(
                to: runtimeDirectory + "/roostd.sock",
                handler: handler,
                within: Self.dialLimit
            )
            guard !ending.hasCome else { return false }
            self.connection = connection
        } catch {
            if !hasToldFailure { log.warning("worker", "cannot reach the supervisor: \(error)") }
            hasToldFailure = true  // once for all tries until the next loss
            return false
        }
        lease.attached()
        hasToldFailure = false
        introduce()
        return true
    }

    private final class Ending: @unchecked Sendable {  // used on the reactor's thread only
        var hasCome = false
    }

    /// A connection has ended.
    func lost(_ connection: Connection) {
        guard self.connection === connection else { return }
        self.connection = nil
        log.warning("worker", "the supervisor is gone; serving on for \(lease.duration)")
        Task { await link(firstTime: false) }
    }

    func dialPeer(_ name: String, within limit: Duration) async throws -> Connection {
        guard let runtimeDirectory else {
            throw RequestFailure(.unavailable, "there is no supervisor, so there is no worker \(name)")
        }
        var hello = identity
        hello.role = .peer
        let dialer = Dialer(on: reactor, identity: hello, limits: limits)
        return try await dialer.connect(to: "\(runtimeDirectory)/\(name).sock", within: limit)
    }
}
