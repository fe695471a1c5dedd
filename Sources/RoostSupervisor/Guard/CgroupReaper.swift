import CLinux
import Glibc
import RoostPolicy

/// `roostd --reap`: the unit's ExecStopPost. With KillMode=process systemd signals roostd alone; at a real stop this ends
/// what is left in the unit's control group, so that nothing runs on that nobody knows. After a crash it lets everything
/// be, since the roostd that systemd starts next adopts it.
enum CgroupReaper {
    /// From SIGTERM to SIGKILL. Workers have ended in their order before; what is left has run away from its parent.
    private static let grace = Duration.seconds(1)

    static func run() -> Int32 {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        guard let result = variable("SERVICE_RESULT") else {
            Guard.say("--reap is for ExecStopPost= of roost.service (SERVICE_RESULT is not set)")
            return 64
        }
        guard isStop(result, exitCode: variable("EXIT_CODE"), exitStatus: variable("EXIT_STATUS")) else { return 0 }
        guard let group = ControlGroup.ofThisProcess, group.isService else {
            Guard.say("no control group of a service: nothing is reaped")
            return 0
        }
        let start = MonotonicInstant(nanoseconds: roost_monotonic_now())
        let isDone = ProcessEnding.endAll(killingAt: start.advanced(by: grace)) { group.others }
        if !isDone { Guard.say("left in \(group.path): \(group.others.keys.sorted())") }
        let directory = variable("ROOST_RUNTIME") ?? variable("RUNTIME_DIRECTORY")
        if let directory { RuntimeDirectory.clearUnlessHeld(directory) }
        return isDone ? 0 : 1
    }

    /// Whether the service is to stay down (systemd.exec(5), "$SERVICE_RESULT"): stopped when it was told to, or ended
    /// with a status that the unit's RestartPreventExitStatus= has.
    static func isStop(_ result: String, exitCode: String?, exitStatus: String?) -> Bool {
        result == "success" || (exitCode == "exited" && exitStatus == "64")
    }
}

/// A control group of systemd's (cgroups(7)).
struct ControlGroup {
    /// The directory that has its `cgroup.procs`.
    let path: String

    static var ofThisProcess: ControlGroup? {
        guard let text = ProcFile.read("/proc/self/cgroup") else { return nil }
        return paths(String(decoding: text, as: UTF8.self)).lazy.map(ControlGroup.init(path:)).first {
            access($0.path + "/cgroup.procs", R_OK) == 0
        }
    }

    /// Where systemd's hierarchy may have the group that `/proc/self/cgroup` names: unified, or beside version 1.
    static func paths(_ text: String) -> [String] {
        text.split(separator: "\n").flatMap { line -> [String] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            switch fields[1] {
            case "": return ["/sys/fs/cgroup\(fields[2])", "/sys/fs/cgroup/unified\(fields[2])"]
            case "name=systemd": return ["/sys/fs/cgroup/systemd\(fields[2])"]
            default: return []
            }
        }
    }

    /// Whether it is a service's own, and not somebody's session.
    var isService: Bool { path.hasSuffix(".service") }

    /// Who is in it besides this process, alive, with start times.
    var others: [Int32: UInt64] {
        let descriptor = open(path + "/cgroup.procs", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [:] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        var found: [Int32: UInt64] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let pid = Int32(truncatingIfNeeded: ProcFile.number(line))
            guard pid != getpid(), let entry = ProcessCensus.Entry(pid: pid) else { continue }
            found[pid] = entry.startTime
        }
        return found
    }
}
