import Glibc
import RoostConfig
import RoostPolicy
import RoostProtocol
import RoostSystemd

// What only the running supervisor can tell; the command adds what it sees itself.
extension Supervisor {
    func doctor() -> DoctorReply {
        var reply = DoctorReply()
        reply.configFile = Self.absolute(invocation.configuration)
        reply.stateDirectory = Self.absolute(invocation.stateDirectory)
        func add(_ name: String, _ verdict: DoctorFact.Verdict, _ finding: String, mend: String = "") {
            var fact = DoctorFact()
            (fact.name, fact.verdict, fact.finding, fact.mend) = (name, verdict, finding, mend)
            reply.facts.append(fact)
        }
        if let watchdog {
            add("systemd.watchdog", .good, "systemd restarts a hung roostd after \(watchdog.timeout)")
        } else {
            add(
                "systemd.watchdog",
                .warning,
                "nobody restarts roostd when it hangs",
                mend: "run it as roost.service, which sets WatchdogSec"
            )
        }
        if let unit = Initiator.unit {
            add("systemd.restart", .good, "systemd starts roostd again when it dies (\(unit))")
        } else {
            add(
                "systemd.restart",
                .warning,
                "nobody starts roostd again when it dies",
                mend: "run it as roost.service, which sets Restart"
            )
        }
        if problems.isEmpty {
            add("config", .good, "generation \(generation) is what the files say")
        } else {
            add("config", .bad, problems.joined(separator: "\n"), mend: "mend the files and run `roost reload`")
        }
        for handle in instances {
            let (state, reason) = handle.assumeIsolated { ($0.state, $0.reason) }
            let name = "worker.\(handle.id)"
            switch state {
            case .running: add(name, .good, "running")
            case .parked, .stopped:
                add(name, .warning, "\(state.rawValue) \(reason)", mend: "roost start \(handle.id.name)")
            case .quarantined:
                add(name, .bad, "quarantined: \(reason)", mend: "see roost logs \(handle.id.name), then roost start")
            case .waiting, .starting, .draining, .backoff: add(name, .warning, "\(state.rawValue): \(reason)")
            }
        }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        add(
            "limits.open_files",
            limit.rlim_cur >= 8192 ? .good : .warning,
            "\(limit.rlim_cur) descriptors per process",
            mend: limit.rlim_cur >= 8192 ? "" : "raise LimitNOFILE (systemd) or ulimit -n for a busy proxy"
        )
        return reply
    }

    /// The path for a caller in another directory.
    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return "\(String(cString: directory))/\(path)"
    }
}
