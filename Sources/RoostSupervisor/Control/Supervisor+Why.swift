import RoostConfig
import RoostIPC
import RoostProtocol
import RoostReactor

// Answers to "why" from the causal record.
extension Supervisor {
    /// Bytes of entries in one reply; the rest is asked for with `next_before_id`.
    private var historyPage: Int { min((configuration?.limits.frame ?? 64 << 10) / 2, 256 << 10) }

    func why(_ request: WhyRequest) async throws -> WhyReply {
        let subjects = try subjects(request.names)
        var reply = WhyReply()
        if request.beforeId == 0 { reply.answers = await answers(subjects) }
        guard request.history else { return reply }
        var (size, page) = (0, historyPage)
        page -= reply.encoded().count
        await record.read(before: request.beforeId == 0 ? .max : request.beforeId) { entry in
            guard subjects.contains(where: { $0.concerns(entry.subject) }) else { return true }
            let message = entry.answer
            size += message.encoded().count + 8
            guard size <= page || reply.history.isEmpty else {
                reply.nextBeforeId = entry.id + 1
                return false
            }
            reply.history.append(message)
            return true
        }
        return reply
    }

    private func answers(_ subjects: [RecordEntry.Subject]) async -> [WhyAnswer] {
        var finders = subjects.map { WhyFinder($0) }
        await record.read { entry in
            for index in finders.indices where !finders[index].isComplete { finders[index].take(entry) }
            return finders.contains { !$0.isComplete }
        }
        return zip(subjects, finders).map { subject, finder in
            var answer = WhyAnswer()
            answer.subject = "\(subject)"
            answer.sentence = finder.sentence
            answer.chain = finder.chain.map(\.answer)
            answer.before = finder.before?.answer
            return answer
        }
    }

    private static let mostNames = 256

    /// Whom names stand for; a worker that has no instances, or is not in the configuration any more, stands for itself.
    private func subjects(_ names: [String]) throws -> [RecordEntry.Subject] {
        guard !names.isEmpty else { return instances.map { .instance($0.id) } }
        guard names.count <= Self.mostNames else {
            throw RequestFailure(.invalidArgument, "at most \(Self.mostNames) names; \(names.count) were given")
        }
        return names.flatMap { name -> [RecordEntry.Subject] in
            let found = instances.filter { $0.id.name == name || $0.id.description == name }
            if !found.isEmpty { return found.map { .instance($0.id) } }
            if let id = InstanceID(name) { return [.instance(id)] }
            guard specification(name) == nil else { return [.worker(name)] }
            switch name {
            case "roostd": return [.supervisor]
            case "configuration": return [.configuration]
            default: return [.worker(name)]
            }
        }
    }
}

extension RecordEntry.Subject {
    /// Whether an entry about `other` belongs to the history of this one: what is asked of a worker concerns its instances.
    fileprivate func concerns(_ other: Self) -> Bool {
        switch (self, other) {
        case (.instance(let id), .worker(let name)): id.name == name
        case (.worker(let name), .instance(let id)): id.name == name
        default: self == other
        }
    }
}

extension RecordEntry {
    /// With its sentences.
    fileprivate var answer: RoostProtocol.RecordEntry {
        var message = message
        message.sentence = RecordSentence.of(self)
        message.cause?.initiator?.sentence = "\(cause.initiator)"
        message.decision?.sentence = decision.map { RecordSentence.of($0) } ?? ""
        return message
    }
}
