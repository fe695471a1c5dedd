import RoostProtocol

/// How many connections of one listener each kind of peer may hold, so that no user of the host can keep the others out.
/// Counts only: who is what is decided by the kernel's word about the peer (unix(7), SO_PEERCRED).
///
/// | peer     | may hold                                  | of 64      |
/// |----------|-------------------------------------------|------------|
/// | process  | its own few, beside all others            | 8 each     |
/// | owner    | what the others leave, a quarter for sure | 64, 16     |
/// | member   | an eighth per user, half in all           | 8, 32      |
/// | stranger | a sixteenth per user, a quarter in all    | 4, 16      |
///
/// A stranger is refused at its hello: it can hold handshakes only, and those stand in no one else's way.
package struct ConnectionShares: Sendable {
    package enum Standing: Sendable, Hashable {
        /// A process of the listener's owner, such as a worker; by pid.
        case process
        /// Who may do everything anyhow.
        case owner
        /// A user who may do something.
        case member
        /// A user who may do nothing.
        case stranger
    }

    /// What one connection is counted as.
    package struct Claim: Sendable, Hashable {
        package let standing: Standing
        /// The pid of a process, the uid of a user.
        package let holder: UInt32

        package init(_ standing: Standing, _ peer: PeerCredentials) {
            self.standing = standing
            holder = standing == .process ? UInt32(bitPattern: peer.pid) : peer.uid
        }
    }

    /// Callers at once, processes aside.
    package let callers: Int
    private var held: [Claim: Int] = [:]
    private var inAll: [Standing: Int] = [:]

    /// What a process of the owner holds at most: its connection, and what it asks beside it.
    private static let perProcess = 8

    package init(callers: Int) { self.callers = callers }

    /// Counts the connection; or says why it may not be.
    package mutating func enter(_ claim: Claim) -> RequestFailure? {
        let (mine, kind) = (held[claim, default: 0], inAll[claim.standing, default: 0])
        let all = inAll.reduce(0) { $0 + ($1.key == .process ? 0 : $1.value) }
        switch claim.standing {
        case .process:
            guard mine < Self.perProcess else { return Self.tooMany("pid \(claim.holder)", mine) }
        case .owner:
            guard kind < part(4) || all < callers else { return Self.tooMany("everybody together", all) }
        case .member, .stranger:
            let (share, most) = claim.standing == .member ? (part(8), part(2)) : (part(16), part(4))
            guard mine < share else { return Self.tooMany("uid \(claim.holder)", mine) }
            guard kind < most else { return Self.tooMany("all other users together", kind) }
            guard all < callers else { return Self.tooMany("everybody together", all) }
        }
        held[claim] = mine + 1
        inAll[claim.standing] = kind + 1
        return nil
    }

    /// The connection is gone.
    package mutating func leave(_ claim: Claim) {
        guard let mine = held[claim], let kind = inAll[claim.standing] else { return }
        held[claim] = mine > 1 ? mine - 1 : nil
        inAll[claim.standing] = kind > 1 ? kind - 1 : nil
    }

    private func part(_ divisor: Int) -> Int { max(1, callers / divisor) }

    private static func tooMany(_ who: String, _ count: Int) -> RequestFailure {
        let connections = count == 1 ? "the one connection" : "the \(count) connections"
        return RequestFailure(.exhausted, "\(who) has \(connections) that it may have here; close one and try again")
    }
}
