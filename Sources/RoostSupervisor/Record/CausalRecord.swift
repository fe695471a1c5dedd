import CLinux
import Glibc
import RoostPolicy
import RoostProtocol
package import RoostReactor

/// The causal record: every start, stop, restart, adoption and refusal with its cause. Used on the loop only.
///
/// `note` is cheap and touches no disk: entries are encoded and written before the loop waits again, so that nothing
/// comes between an exit and its replacement's spawn. The newest are in memory too, so that a full disk costs the past
/// and not the present.
package final class CausalRecord {
    /// Bytes of the newest entries in memory.
    private static let memory = 64 * 1024
    /// Bytes of a sentence; what is longer is cut.
    private static let longestSentence = 2048

    private let reactor: Reactor
    private let store: RecordStore
    package let boot = RecordedBoot.current()
    private let complain: (LogLevel, String) -> Void
    /// Of the entry that was noted last.
    package private(set) var lastID: UInt64 = 0
    private var recent = BoundedRing<Kept>(capacity: 1024, costLimit: CausalRecord.memory)
    private var pending: [RecordEntry] = []
    /// Entries that the disk has not taken since it failed.
    private var lost: UInt64 = 0

    private struct Kept {
        let id: UInt64
        let payload: [UInt8]
    }

    /// - Parameter complain: takes what the operator has to know.
    package init(
        _ reactor: Reactor,
        stateDirectory: String,
        limit: Int,
        complain: @escaping (LogLevel, String) -> Void
    ) {
        self.reactor = reactor
        self.complain = complain
        store = RecordStore(stateDirectory: stateDirectory, limit: limit)
    }

    /// Bytes on disk at most; acts from the next segment on.
    package var limit: Int {
        get { store.limit }
        set { store.limit = newValue }
    }

    /// Finds the entries of before, so that ids go on. A directory that cannot be used is loud and stops nothing.
    package func open() {
        do {
            lastID = try store.open()
        } catch {
            complain(.error, "the causal record cannot be kept on disk: \(error)")
        }
    }

    /// Takes an entry with the time of now; returns its id, for those that follow from it to name as their parent.
    @discardableResult
    package func note(
        _ step: RecordEntry.Step,
        _ subject: RecordEntry.Subject,
        pid: Int32? = nil,
        because cause: Cause,
        decision: Decision? = nil
    ) -> UInt64 {
        lastID += 1
        if pending.isEmpty { reactor.beforeWait { [weak self] in self?.flush() } }
        pending.append(
            RecordEntry(
                id: lastID,
                at: WallTime(nanoseconds: roost_wall_now()),
                instant: reactor.now,
                boot: boot,
                step,
                subject,
                pid: pid,
                because: cause,
                decision: decision
            )
        )
        return lastID
    }

    /// Writes what was noted. Happens by itself before the loop waits.
    package func flush() {
        let entries = pending
        pending = []
        for entry in entries { keep(entry) }
    }

    private func keep(_ entry: RecordEntry) {
        var message = entry.message
        if let sentence = message.cause?.sentence, sentence.utf8.count > Self.longestSentence {
            message.cause?.sentence = String(decoding: sentence.utf8.prefix(Self.longestSentence), as: UTF8.self) + "…"
        }
        let payload = message.encoded()
        recent.append(Kept(id: entry.id, payload: payload), cost: payload.count)
        guard payload.count <= RecordFrame.longestPayload else { return }
        do {
            try store.append(payload, id: entry.id)
            guard lost > 0 else { return }
            complain(.notice, "the causal record is kept on disk again; \(lost) entries are in memory only")
            lost = 0
        } catch {
            if lost == 0 { complain(.error, "the causal record cannot be kept on disk: \(error)") }
            lost += 1
        }
    }
}

// MARK: - The roostd before

extension CausalRecord {
    /// A roostd that has not said that it ended.
    package struct Former: Sendable {
        package let pid: Int32
        package let boot: RecordedBoot
        /// The entry that the next one follows from, if it said that a next one would come.
        package let successor: UInt64?
        /// Whether it has killed itself because somebody asked for that.
        package var isDrilled = false
    }

    /// Says that this roostd keeps the record from now on; returns who has kept it before, unless that one was stopped.
    package func takeOver() -> Former? {
        let former = AtomicFile.read(marker, limit: 100).flatMap { Self.former($0) }
        mark()
        return former
    }

    /// Says that a next roostd comes by intent, in this very process, and writes everything that was noted.
    package func handOver(_ id: UInt64) {
        flush()
        mark(" \(id)")
    }

    /// Says that this process is about to kill itself for a drill, which a next roostd then tells; writes everything that
    /// was noted.
    package func expectDeath(_ id: UInt64) {
        flush()
        mark(" \(id) \(Self.drill)")
    }

    private static let drill = "drill"

    private func mark(_ more: String = "") {
        do {
            let line = "\(getpid()) \(boot.bytes.hexadecimal)\(more)\n"
            try AtomicFile.write(Array(line.utf8), to: marker, mode: 0o640)
        } catch {
            complain(.error, "the causal record cannot be kept on disk: \(error)")
        }
    }

    /// Ends the record in good order.
    package func close() {
        flush()
        unlink(marker)
    }

    private var marker: String { store.directory + "/running" }

    private static func former(_ content: [UInt8]) -> Former? {
        let words = content.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        guard words.count >= 2, let pid = Int32(String(decoding: words[0], as: UTF8.self)) else { return nil }
        let successor = words.dropFirst(2).first.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) }
        let isDrilled = words.dropFirst(3).first.map { $0.elementsEqual(drill.utf8) } ?? false
        return Former(
            pid: pid,
            boot: RecordedBoot(text: Array(words[1])),
            successor: successor,
            isDrilled: isDrilled
        )
    }
}

// MARK: - Reading

extension CausalRecord {
    /// Goes through the entries before an id, the newest first, until `visit` returns false. Gives way to the loop's other
    /// work between segments.
    package func read(before end: UInt64 = .max, _ visit: (RecordEntry) -> Bool) async {
        flush()
        var end = end
        for number in stride(from: recent.last, to: recent.first - 1, by: -1) {
            guard let kept = recent[number], kept.id < end else { continue }
            end = kept.id
            guard let entry = Self.entry(kept.payload) else { continue }
            guard visit(entry) else { return }
        }
        for start in store.starts where start < end {
            for message in store.entries(from: start).reversed() where message.id < end {
                end = message.id
                guard visit(RecordEntry(message)) else { return }
            }
            await Task.yield()
        }
    }

    private static func entry(_ payload: [UInt8]) -> RecordEntry? {
        (try? RoostProtocol.RecordEntry(decoding: payload)).map { RecordEntry($0) }
    }
}
