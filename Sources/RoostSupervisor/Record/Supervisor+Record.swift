import Glibc
import RoostConfig
import RoostIPC
import RoostPolicy
import RoostProtocol
import RoostReactor

// What happens to the supervisor and its configuration, for the causal record.
extension Supervisor {
    /// That this roostd has begun, and how the one before it ended if nobody has asked it to.
    func noteBoot() {
        let inputs: [Input] = [.count("generation", generation), .text("version", Self.version)]
        let former = record.takeOver()
        if let former, let upgrade = former.successor, former.pid == getpid(), former.boot == record.boot {
            let cause = Cause(.upgrade, "it became another program", by: .supervisor, parent: upgrade, inputs: inputs)
            bootRecord = record.note(.upgraded, .supervisor, pid: getpid(), because: cause)
            return
        }
        var parent: UInt64?
        if let former {
            let sentence =
                former.isDrilled
                ? "killed itself for a drill"
                : former.boot == record.boot
                    ? "ended without having been asked to" : "was there when the machine went down"
            let initiator = former.isDrilled ? Initiator.supervisor : .unknown
            let death = Cause(.supervisorDeath, "it \(sentence)", by: initiator, parent: former.successor)
            parent = record.note(.lost, .supervisor, pid: former.pid, because: death)
        }
        let initiator = Initiator.ofThisProcess
        let cause = Cause(.boot, "\(initiator) started it", by: initiator, parent: parent, inputs: inputs)
        bootRecord = record.note(.booted, .supervisor, pid: getpid(), because: cause)
    }

    /// That this roostd is about to become another program.
    func noteUpgrade(to program: String, by initiator: Initiator) -> UInt64 {
        let inputs: [Input] = [.text("path", program), .text("version", Self.version)]
        let cause = Cause(.upgrade, "\(initiator) asked to upgrade it", by: initiator, inputs: inputs)
        return record.note(.asked, .supervisor, pid: getpid(), because: cause)
    }

    /// That a configuration is in force.
    func noteGeneration(because cause: Cause) -> UInt64 {
        var cause = cause
        cause.inputs.append(.count("generation", generation))
        return record.note(cause.kind == .rollback ? .rolledBack : .configured, .configuration, because: cause)
    }

    /// That a configuration was not taken over.
    func noteRejection(_ problems: [String], because cause: Cause) -> UInt64 {
        let inputs: [Input] = [.count("problems", problems.count), .text("asked_by", cause.sentence)]
        let sentence = problems.joined(separator: "; ")
        let refusal = Cause(.refusal, sentence, by: cause.initiator, parent: cause.parent, inputs: inputs)
        let decision = Decision(.keep, [.count("generation", generation)])
        return record.note(.rejected, .configuration, because: refusal, decision: decision)
    }

    /// What a change of the configuration means for a worker.
    func change(_ sentence: String, _ kind: Cause.Kind? = nil, by cause: Cause) -> Cause {
        let inputs: [Input] = [.count("generation", generation)]
        let text = "\(sentence) (generation \(generation))"
        return Cause(kind ?? cause.kind, text, by: cause.initiator, parent: cause.parent, inputs: inputs)
    }

    /// That somebody was refused what needs leave. One a second and user, lest it push out what others want to know.
    func noteRefusal(of credentials: PeerCredentials, _ failure: RequestFailure) {
        if let refused, refused.uid == credentials.uid, refused.at.duration(to: reactor.now) < .seconds(1) { return }
        refused = (credentials.uid, reactor.now)
        let peer = Initiator.peer(uid: credentials.uid, pid: credentials.pid, onBehalfOf: "")
        let cause = Cause(.refusal, failure.message, by: peer)
        record.note(.refused, .supervisor, because: cause, decision: .init(.keep))
    }
}

extension Cause {
    /// A reload that somebody, or a changed file, has asked for.
    package static func reload(by initiator: Initiator) -> Cause {
        Cause(.configuration, "\(initiator) asked to reload it", by: initiator)
    }
}

extension Initiator {
    /// Who has started this process: the unit that it is of, or its parent.
    static var ofThisProcess: Initiator {
        unit.map { .unit($0) } ?? .peer(uid: getuid(), pid: getppid(), onBehalfOf: "")
    }

    /// The sender of a signal to roostd: systemd for its unit, or some process.
    init(signal name: String, from sender: SignalSender) {
        if sender.pid != 0, sender.pid == getppid(), let unit = Self.unit {
            self = .unit(unit)
        } else {
            self = .signal(name, pid: sender.pid, uid: sender.uid)
        }
    }

    /// The systemd unit that this process is the main one of (systemd.exec(5), `INVOCATION_ID`).
    static var unit: String? {
        guard getenv("INVOCATION_ID") != nil, getenv("NOTIFY_SOCKET") != nil,
            let path = ProcFile.read("/proc/self/cgroup")?.split(separator: UInt8(ascii: "\n")).last
        else { return nil }
        let name = String(decoding: path.split(separator: UInt8(ascii: "/")).last ?? [], as: UTF8.self)
        return name.hasSuffix(".service") ? name : nil
    }
}
