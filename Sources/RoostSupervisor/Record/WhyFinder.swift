/// Finds the answer to "why" for one subject in entries that come the newest first: what happened last, what led to it,
/// and how the process came about that was there before. One pass is enough, since causes are older than effects.
package struct WhyFinder: Sendable {
    /// What happened last, and each entry's cause behind it.
    package private(set) var chain: [RecordEntry] = []
    /// How the process came about that was there before the last thing happened.
    package private(set) var before: RecordEntry?

    private let subject: RecordEntry.Subject

    /// Steps from effect to cause that are followed: more are no answer.
    private static let longestChain = 8

    package init(_ subject: RecordEntry.Subject) { self.subject = subject }

    /// Whether older entries add nothing.
    package var isComplete: Bool { !chain.isEmpty && wanted == nil && before != nil }

    private var wanted: UInt64? { chain.count < Self.longestChain ? chain.last?.cause.parent : nil }

    package mutating func take(_ entry: RecordEntry) {
        if chain.isEmpty {
            if isAbout(entry) { chain = [entry] }
            return
        }
        if isOfFormer(by: entry) { chain = [entry] }
        if entry.id == wanted { chain.append(entry) }
        if before == nil, isAbout(entry), entry.step == .started || entry.step == .adopted, !isCandidate(entry) {
            before = entry
        }
    }

    /// Whether what seemed to be the last thing is the end of a process whose place had been taken by another before.
    private func isOfFormer(by entry: RecordEntry) -> Bool {
        guard let last = chain.first, last.step == .ended || last.step == .stopping, before == nil else { return false }
        return entry.step == .rollPromoted && entry.subject == last.subject && entry.pid != last.pid
    }

    /// Whether it tells the start of the very process that the last thing is about.
    private func isCandidate(_ entry: RecordEntry) -> Bool {
        chain.first?.step == .rollPromoted && chain.first?.pid == entry.pid
    }

    private func isAbout(_ entry: RecordEntry) -> Bool {
        switch (subject, entry.subject) {
        case (.worker(let name), .instance(let id)): id.name == name
        default: entry.subject == subject
        }
    }

    /// The whole answer in plain sentences.
    package var sentence: String {
        guard let last = chain.first else { return "the record has nothing about \(subject)" }
        var text = RecordSentence.of(last, after: chain.dropFirst().first)
        // What lies behind an end or a stop that the last thing came of, if that was not about the subject itself.
        let root = chain.dropFirst().last { $0.subject != last.subject }
        if let root { text += "; that came of: " + RecordSentence.of(root) }
        if let before { text += ". Before that, " + RecordSentence.of(before) }
        return text
    }
}
