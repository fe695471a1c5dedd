import RoostProtocol

/// The processes that a dead supervisor was responsible for: those that its state names, their groups, and whatever
/// these have started. Once a process is on the roll it stays there, wherever it goes, until it has ended.
struct ProcessRoll {
    struct Member: Hashable {
        var startTime: UInt64
        /// The process of the state that it descends from; itself if it is one.
        var root: Int32
        /// It was built with the worker kit and ends by itself when the lease is over.
        var hasLease: Bool
    }

    /// By pid.
    private(set) var members: [Int32: Member] = [:]
    /// Which processes the state names, with their start times; 0: not known yet.
    private var roots: [Int32: Member] = [:]
    /// The guard's own number and session; the session is that of the supervisor that it was started by.
    private let own: (pid: Int32, session: Int32)

    init(own: (pid: Int32, session: Int32)) { self.own = own }

    /// Adds what a state names. Process numbers alone prove nothing: `update` compares the start times.
    mutating func add(_ state: SavedState, unfinishedSpawn: Int32?) {
        let processes = state.instances.flatMap { [$0.process, $0.roll?.process].compactMap(\.self) }
        for process in processes + state.strays where process.pid > 0 {
            guard process.startTime > 0, process.pid != own.pid else { continue }
            roots[process.pid] = Member(startTime: process.startTime, root: process.pid, hasLease: !process.plain)
        }
        if let unfinishedSpawn, roots[unfinishedSpawn] == nil, unfinishedSpawn != own.pid {
            roots[unfinishedSpawn] = Member(startTime: 0, root: unfinishedSpawn, hasLease: false)
        }
    }

    /// Brings the roll up to date; `isOurs` recognises processes that nothing else leads to.
    mutating func update(_ census: ProcessCensus, isOurs: (ProcessCensus.Entry) -> Bool) {
        members = members.filter { census.entries[$0.key]?.startTime == $0.value.startTime }
        for (pid, root) in roots { admit(pid, root, census) }
        var rest = census.entries.values.filter { members[$0.pid] == nil && $0.pid != own.pid && $0.pid > 1 }
        for entry in rest where isOurs(entry) {
            members[entry.pid] = Member(startTime: entry.startTime, root: entry.pid, hasLease: false)
        }
        // As long as somebody new leads to somebody else.
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            rest.removeAll { members[$0.pid] != nil }
            for entry in rest {
                guard let leader = self.leader(of: entry, census) else { continue }
                members[entry.pid] = Member(startTime: entry.startTime, root: leader.root, hasLease: leader.hasLease)
                isGrowing = true
            }
        }
    }

    private mutating func admit(_ pid: Int32, _ root: Member, _ census: ProcessCensus) {
        guard members[pid] == nil, let entry = census.entries[pid] else { return }
        if root.startTime == 0 {
            // Started in the supervisor's last moment. Nothing says when, but it is of this session, and its number was
            // given out a moment ago.
            guard entry.session == own.session else { return }
            roots[pid]?.startTime = entry.startTime
        } else if root.startTime != entry.startTime {
            return
        }
        members[pid] = Member(startTime: entry.startTime, root: pid, hasLease: root.hasLease)
    }

    /// Through whom the process is ours: its parent, or the leader of its group, which may be dead.
    private func leader(of entry: ProcessCensus.Entry, _ census: ProcessCensus) -> Member? {
        if let parent = members[entry.parent] { return parent }
        guard let root = roots[entry.group] else { return nil }
        guard census.entries[entry.group] == nil else { return members[entry.group] }
        // A group keeps its number from being given out again; a group of this session with it is the one.
        return entry.session == own.session ? root : nil
    }
}
