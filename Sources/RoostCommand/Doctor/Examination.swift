import Glibc
import RoostIPC
import RoostJSON
import RoostProtocol
import RoostReactor

/// What the command sees itself, with or without a supervisor.
struct Examination {
    private let world: World
    private let place: RuntimePlace
    private let supervisor: DoctorCommand.Supervisor?
    private(set) var findings: [Finding] = []

    init(_ call: Call, _ supervisor: DoctorCommand.Supervisor?) {
        world = call.world
        place = call.runtime
        self.supervisor = supervisor
        socket()
        version()
        unit()
        programs()
        configuration()
        state()
        limits()
    }

    // MARK: Supervisor

    private mutating func socket() {
        guard let owner = FileOwner(place.socket) else {
            let verdict: Finding =
                FileOwner(place.directory) == nil
                ? .warning(
                    "socket",
                    "\(place.directory) does not exist",
                    "start roostd, or name its directory: --runtime"
                )
                : .warning("socket", "there is no \(place.socket)", "start roostd, or name its directory: --runtime")
            return findings.append(verdict)
        }
        let text = "\(place.socket) belongs to \(owner.name)"
        guard owner.isSocket else {
            return findings.append(.bad("socket", "\(place.socket) is no socket", "move it away and start roostd"))
        }
        guard supervisor == nil else { return findings.append(.good("socket", text)) }
        findings.append(.warning("socket", text + " and nobody answers", "start roostd; it replaces the socket"))
    }

    private mutating func version() {
        guard let supervisor else { return }
        let text = "roost \(Release.version), roostd \(supervisor.version) (pid \(supervisor.pid))"
        findings.append(
            supervisor.version == Release.version
                ? .good("version", text)
                : .warning("version", text, "restart roostd, so that the installed version runs")
        )
    }

    // MARK: systemd

    private mutating func unit() {
        guard access("/run/systemd/system", F_OK) == 0 else {
            return findings.append(.good("systemd.unit", "this machine does not run systemd"))
        }
        let places = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]
        guard let unit = places.map({ $0 + "/roost.service" }).first(where: { access($0, F_OK) == 0 }) else {
            let mend = "install the Debian package, or run `make install`, to have roostd start at boot"
            return findings.append(.warning("systemd.unit", "roost.service is not installed", mend))
        }
        guard let run = try? ProgramRun("/usr/bin/systemctl", ["is-active", "roost.service"]) else {
            return findings.append(.warning("systemd.unit", "\(unit); systemctl cannot be run", "see why"))
        }
        let state = String(decoding: run.output.prefix { $0 != 0x0a }, as: UTF8.self)
        findings.append(
            state == "active"
                ? .good("systemd.unit", "\(unit) is active")
                : .warning("systemd.unit", "\(unit) is \(state)", "`systemctl enable --now roost`")
        )
    }

    // MARK: Files

    private mutating func programs() {
        for name in [ConfigProgram.name, "roostd"] {
            if let path = world.program(name) {
                findings.append(.good("program.\(name)", path))
            } else {
                let places = world.programFolders.joined(separator: " or ")
                findings.append(.bad("program.\(name)", "is not in \(places)", "install Roost again, or `make build`"))
            }
        }
    }

    /// The files on disk with their rules, and whether their ports are free when nobody of ours has them.
    private mutating func configuration() {
        let file = supervisor?.configuration ?? ConfigFile.standard(world.environment)
        let program = ConfigProgram(world)
        guard program.path != nil, let check = try? program.finished("check", file, asJSON: false) else { return }
        let words = String(decoding: check.status == 0 ? check.output : check.errors, as: UTF8.self)
        let text = words.split(separator: "\n").joined(separator: "\n")
        guard check.status == 0 else {
            return findings.append(.bad("config.files", text, "mend them; `roost config check \(file)` checks again"))
        }
        findings.append(.good("config.files", text))
        guard supervisor == nil, let run = try? program.finished("show", file, asJSON: true), run.status == 0,
            let settings = try? JSONParser.parse(String(decoding: run.output, as: UTF8.self))
        else { return }
        for (key, address) in ConfiguredListeners.of(settings) { listener(key, address) }
    }

    private mutating func listener(_ key: String, _ address: String) {
        guard let problem = PortProbe.problem(address) else {
            return findings.append(.good(key, "\(address) is free"))
        }
        let port = address.split(separator: ":").last ?? ""
        let mend =
            problem == EADDRINUSE
            ? "stop its holder (`ss -ltnp 'sport = :\(port)'` names it) or change \(key)" : "change \(key)"
        findings.append(.bad(key, "\(address): \(String(cString: strerror(problem)))", mend))
    }

    private mutating func state() {
        let system = place.directory == RuntimePlace.system ? "/var/lib/roost" : ".roost/state"
        let wanted = world.environment("ROOST_STATE") ?? world.environment("STATE_DIRECTORY") ?? system
        let directory = supervisor?.stateDirectory ?? wanted
        guard let owner = FileOwner(directory) else {
            return findings.append(.good("state", "\(directory) does not exist yet; roostd makes it"))
        }
        let text = "\(directory) belongs to \(owner.name)"
        if let supervisor, supervisor.uid != 0, supervisor.uid != owner.uid {
            let mend = "give it to the user of roostd (uid \(supervisor.uid))"
            return findings.append(.bad("state", "\(text), roostd runs as uid \(supervisor.uid)", mend))
        }
        let isWritable = supervisor != nil || access(directory, W_OK) == 0
        findings.append(
            isWritable
                ? .good("state", text)
                : .warning("state", "\(text): uid \(geteuid()) cannot write it", "start roostd as its owner")
        )
    }

    private mutating func limits() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let text = "\(limit.rlim_cur) descriptors for programs of this shell"
        // The running supervisor has told its own limit.
        guard supervisor == nil, limit.rlim_cur < 8192 else { return findings.append(.good("limits.shell", text)) }
        findings.append(.warning("limits.shell", text, "`ulimit -n 65536` before `make run` for a busy proxy"))
    }
}
