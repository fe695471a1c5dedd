import Glibc
import RoostConfig
import RoostIPC
import RoostProtocol
import RoostReactor

// The history of configurations, and the way back.
extension Supervisor {
    func showConfiguration(_ wanted: UInt64) throws -> ConfigShowReply {
        let number = wanted == 0 ? generation : wanted
        guard let stored = store.load(number) else {
            throw RequestFailure(.notFound, "generation \(number) is not in the history; see `roost config history`")
        }
        var reply = ConfigShowReply()
        reply.generation = number
        reply.files = stored.files
        return reply
    }

    func configurationHistory() -> ConfigHistoryReply {
        let all = store.load()
        var reply = ConfigHistoryReply()
        reply.generations = all.enumerated().map { index, stored in
            var entry = ConfigGeneration()
            entry.generation = stored.generation
            entry.atNs = stored.atNs
            entry.initiator = stored.initiator
            entry.current = stored.generation == generation
            entry.digest = stored.digest
            entry.changedFiles = index + 1 < all.count ? Self.difference(all[index + 1].files, stored.files) : []
            return entry
        }
        return reply
    }

    /// Names of the files that are not the same in both.
    private static func difference(_ old: [SourceFile], _ new: [SourceFile]) -> [String] {
        let before = Dictionary(old.map { ($0.path, $0.content) }) { first, _ in first }
        let after = Dictionary(new.map { ($0.path, $0.content) }) { first, _ in first }
        return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    }

    /// Puts the files of an earlier generation back and takes them over, as a new generation. If they do not run any
    /// more, the present files come back.
    func rollBack(_ request: ConfigRollbackRequest, by initiator: Initiator) async throws -> ReloadReply {
        let all = store.load()
        let wanted = request.generation
        let target = wanted == 0 ? all.first { $0.generation < generation } : all.first { $0.generation == wanted }
        guard let target else {
            let which = wanted == 0 ? "an earlier generation" : "generation \(wanted)"
            throw RequestFailure(.notFound, "\(which) is not in the history; see `roost config history`")
        }
        // The whole is one turn: another change in between would be of half the files, or be undone.
        guard await takeTurn() else {
            throw RequestFailure(.exhausted, "too many configuration changes are waiting; try again")
        }
        defer { reloadQueue.leave() }
        guard phase != .stopping else { throw RequestFailure(.unavailable, "roostd is stopping") }
        log("config rollback", ["generation \(target.generation)"], by: initiator)
        try checkPaths(of: target)
        let present = currentFiles()
        do {
            try write(target.files, insteadOf: present)
        } catch {
            try? write(present, insteadOf: currentFiles())  // as far as the disk lets us; the error below says why
            throw error
        }
        let sentence = "\(initiator) asked to put generation \(target.generation) back"
        let inputs: [Input] = [.count("restored_generation", target.generation)]
        let cause = Cause(.rollback, sentence, by: initiator, inputs: inputs)
        let reply = await reloadInTurn(because: cause)
        if !reply.accepted { try write(present, insteadOf: currentFiles()) }
        return reply
    }

    /// - Throws: `RequestFailure` unless the files are the main file of today and rules beside it.
    private func checkPaths(of generation: StoredGeneration) throws(RequestFailure) {
        for file in generation.files {
            let rule = file.path.hasPrefix("rules.d/") ? file.path.dropFirst(8) : ""
            let isRule = rule.hasSuffix(".yaml") && !rule.contains("/")
            guard isRule || file.path == mainFile else {
                throw RequestFailure(
                    .failed,
                    "generation \(generation.generation) is of another configuration: it has a file \(file.path), and"
                        + " this one is \(mainFile) with its rules.d"
                )
            }
        }
    }

    private var mainFile: String { invocation.configuration.split(separator: "/").last.map(String.init) ?? "" }

    private var folder: String {
        invocation.configuration.lastIndex(of: "/").map { String(invocation.configuration[..<$0]) } ?? "."
    }

    /// The names of the files that are not as they were when the running configuration was read.
    func driftedFiles() -> [String] { drift.look(at: currentPaths(), in: folder) }

    /// The files that are there now: the main one, then the rules by name.
    private func currentPaths() -> [String] {
        var paths: [String] = []
        if let stream = opendir(folder + "/rules.d") {
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name.hasSuffix(".yaml"), !name.hasPrefix(".") { paths.append("rules.d/" + name) }
            }
        }
        return [mainFile] + paths.sorted()
    }

    /// The files as they are on disk now, damaged or not.
    private func currentFiles() -> [SourceFile] {
        currentPaths().compactMap { path in
            guard let content = AtomicFile.read("\(folder)/\(path)", limit: 16 << 20) else { return nil }
            var file = SourceFile()
            file.path = path
            file.content = content
            return file
        }
    }

    private func write(_ files: [SourceFile], insteadOf present: [SourceFile]) throws {
        do {
            for file in files where !present.contains(file) {
                if file.path.hasPrefix("rules.d/") { try RuntimeDirectory.makeDirectories(folder + "/rules.d") }
                try AtomicFile.write(file.content, to: "\(folder)/\(file.path)", mode: 0o644)
            }
        } catch {
            throw RequestFailure(.failed, "cannot write the configuration: \(error)")
        }
        let kept = Set(files.map(\.path))
        for file in present where !kept.contains(file.path) { unlink("\(folder)/\(file.path)") }
    }
}
