import RoostIPC
import RoostProtocol
import Testing

@Suite struct ConnectionSharesTests {
    private func claim(_ standing: ConnectionShares.Standing, uid: UInt32, pid: Int32 = 1) -> ConnectionShares.Claim {
        ConnectionShares.Claim(standing, PeerCredentials(pid: pid, uid: uid, gid: 0))
    }

    /// How many of `wanted` connections get in.
    private func fill(_ shares: inout ConnectionShares, _ claim: ConnectionShares.Claim, _ wanted: Int = 1000) -> Int {
        (0..<wanted).count { _ in shares.enter(claim) == nil }
    }

    @Test("a user holds a share, all other users a part, and the owner still gets in")
    func crowd() {
        var shares = ConnectionShares(callers: 64)
        #expect(fill(&shares, claim(.stranger, uid: 1000)) == 4)
        #expect((1001..<1100).reduce(0) { $0 + fill(&shares, claim(.stranger, uid: $1)) } == 12)
        #expect(fill(&shares, claim(.member, uid: 2000)) == 8)
        #expect((2001..<2100).reduce(0) { $0 + fill(&shares, claim(.member, uid: $1)) } == 24)
        #expect(fill(&shares, claim(.owner, uid: 0)) == 16)
        #expect(fill(&shares, claim(.process, uid: 0, pid: 77)) == 8)
        #expect(fill(&shares, claim(.process, uid: 0, pid: 78)) == 8)
    }

    @Test("alone, the owner has them all")
    func owner() {
        var shares = ConnectionShares(callers: 64)
        #expect(fill(&shares, claim(.owner, uid: 0)) == 64)
        #expect(fill(&shares, claim(.member, uid: 1)) == 0)
    }

    @Test("even of one connection, everybody has a part, and nobody's waits for another's")
    func small() {
        var shares = ConnectionShares(callers: 1)
        #expect(fill(&shares, claim(.stranger, uid: 1)) == 1)
        #expect(fill(&shares, claim(.owner, uid: 0)) == 1)
    }

    @Test("what is given back can be had again, and a refusal says whose share is used up")
    func leave() {
        var shares = ConnectionShares(callers: 64)
        let (mine, other) = (claim(.stranger, uid: 7), claim(.stranger, uid: 8))
        #expect(fill(&shares, mine) == 4)
        let refusal = shares.enter(mine)
        #expect(refusal?.code == .exhausted)
        #expect(refusal?.message == "uid 7 has the 4 connections that it may have here; close one and try again")
        shares.leave(other)  // holds none: nothing happens
        #expect(shares.enter(mine) != nil)
        shares.leave(mine)
        #expect(fill(&shares, mine) == 1)
        for _ in 0..<9 { shares.leave(mine) }
        #expect(fill(&shares, mine) == 4)
    }
}
