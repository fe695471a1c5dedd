import Foundation
import Testing

/// What a stop leaves, under a real systemd.
@Suite(
    "no strays under systemd",
    .serialized,
    .enabled(if: SystemdBox.obstacle == nil, "\(SystemdBox.obstacle ?? "")"),
    .timeLimit(.minutes(30))
)
struct StrayTests {
    /// Plain programs, one of which daemonises itself out of its process group and leaves its parent.
    private static let workers = """

        workers:
          proxy: {}
          deaf: { command: [/bin/sh, -c, "trap '' TERM; while :; do sleep 1; done"], stop_timeout: 1s }
          away: { command: [/bin/sh, -c, "setsid /bin/sh -c 'trap \\"\\" TERM; sleep 1001 & sleep 1002' & exec sleep 1003"] }

        """

    private func start(_ box: SystemdBox, _ settings: String = "") async throws {
        if !settings.isEmpty { try await box.override(settings) }
        try await box.write(Self.configuration, to: "/etc/roost/roost.yaml")
        try await box.must("chown", "-R", "roost:roost", "/etc/roost")
        try await box.must("systemctl", "start", "roost.service")
        try await eventually("everybody is there") {
            try await box.run("pgrep", "-u", "roost", "-f", "sleep 1002").status == 0
        }
    }

    private static let configuration = "supervisor: { lease: 10s }" + workers

    /// Who is left of the unit, whatever group it has put itself into.
    private func left(_ box: SystemdBox) async throws -> String {
        try await box.run("ps", "-u", "roost", "-o", "pid=,args=").output
    }

    @Test("systemctl stop leaves no process, also when a program has daemonised itself")
    func stop() async throws {
        try await SystemdBox.with("strays") { box in
            try await start(box)
            let group = try await box.property("ControlGroup")
            try await box.must("systemctl", "stop", "roost.service")
            #expect(try await box.property("Result") == "success")
            #expect(try await left(box) == "")
            #expect(try await box.run("test", "-e", "/sys/fs/cgroup\(group)").status != 0)
            #expect(try await box.run("test", "-e", "/run/roost").status != 0)
        }
    }

    @Test("a crash makes the reaper do nothing: the workers live on")
    func crash() async throws {
        try await SystemdBox.with("crash") { box in
            try await start(box)
            let before = try await box.must("pgrep", "-u", "roost", "-f", "sleep 100[123]")
            let old = try await box.property("MainPID")
            try await box.must("kill", "-KILL", old)
            try await eventually("roostd is back") {
                let pid = try await box.property("MainPID")
                let state = try await box.property("ActiveState")
                return pid != old && pid != "0" && state == "active"
            }
            let after = try await box.must("pgrep", "-u", "roost", "-f", "sleep 100[123]")
            let survivors = Set(before.split(separator: "\n")).intersection(after.split(separator: "\n"))
            #expect(survivors.count >= 3, "before:\n\(before)\nafter:\n\(after)")
            try await box.must("systemctl", "stop", "roost.service")
            #expect(try await left(box) == "")
        }
    }

    @Test("a stop while roostd is dead and waits for its restart: the guard ends everything within the lease")
    func stopWhileDead() async throws {
        try await SystemdBox.with("dead") { box in
            try await start(box, "RestartSec=30s")
            try await box.must("kill", "-KILL", try await box.property("MainPID"))
            try await eventually("systemd waits") { try await box.property("SubState") == "auto-restart" }
            #expect(try await left(box) != "")
            try await box.must("systemctl", "stop", "roost.service")
            try await eventually(within: .seconds(12), "nobody is left") { try await left(box) == "" }
            // systemd leaves the directory here.
            let names = try await box.run("sh", "-c", "ls /run/roost 2>/dev/null").output.split(separator: "\n")
            #expect(names.allSatisfy { $0 == "roostd.lock" }, "\(names)")
        }
    }

    @Test("a stop at any moment of a restart, a roll, a crash, an upgrade: within the lease nothing is left")
    func stopAnytime() async throws {
        try await SystemdBox.with("anytime") { box in
            try await box.override("RestartSec=0")
            let mounts = try await mounts(box)
            let roost = "roost --runtime /run/roost"
            let moments = [
                "systemctl restart --no-block roost.service", "(\(roost) restart proxy --rolling &)",
                "systemctl kill --kill-who=main -s KILL roost.service",
                "systemctl kill --kill-who=main -s USR2 roost.service", "(\(roost) restart &)",
                "systemctl reload --no-block roost.service",
            ]
            for round in 0..<(Self.isSoak ? 120 : moments.count) {
                _ = try await box.run("systemctl", "reset-failed", "roost.service")
                try await start(box)
                let moment = moments[round % moments.count]
                let delay = Double(Int.random(in: 0...(round % 2 == 0 ? 300 : 1500))) / 1000
                try await box.must(
                    "sh",
                    "-c",
                    "\(moment) >/dev/null 2>&1; sleep \(delay); systemctl stop roost.service"
                )
                try await eventually(within: .seconds(12), "nobody is left, \(delay) s after \(moment)") {
                    try await left(box) == ""
                }
                let names = try await box.run("sh", "-c", "ls /run/roost 2>/dev/null").output.split(separator: "\n")
                #expect(names.allSatisfy { $0 == "roostd.lock" }, "\(names), \(delay) s after \(moment)")
                #expect(try await self.mounts(box) == mounts, "\(delay) s after \(moment)")
                #expect(try await box.property("ActiveState") != "active")
            }
        }
    }

    private static let isSoak = ProcessInfo.processInfo.environment["ROOST_SOAK"] == "1"

    /// What is mounted in the box, but what systemd mounts for other units.
    private func mounts(_ box: SystemdBox) async throws -> String {
        try await box.must("sh", "-c", "grep -i roost /proc/1/mounts | sort || true")
    }
}
