import Foundation
import Testing

/// roost.service under a real systemd. Each test boots a box of its own.
@Suite(
    "roost.service",
    .serialized,
    .enabled(if: SystemdBox.obstacle == nil, "\(SystemdBox.obstacle ?? "")"),
    .timeLimit(.minutes(5))
)
struct RoostServiceTests {
    @Test("systemctl start returns when, and not before, the proxy answers")
    func readyGatesActivation() async throws {
        try await SystemdBox.with("ready") { box in
            // A proxy that takes its time before it starts at all.
            let proxy = "/usr/libexec/roost/roost-proxy"
            try await box.must("mv", proxy, proxy + ".real")
            try await box.write("#!/bin/sh\nsleep 1\nexec \(proxy).real \"$@\"", to: proxy)
            try await box.must("chmod", "755", proxy)

            let start = ContinuousClock.now
            try await box.must("systemctl", "start", "roost.service")
            #expect(ContinuousClock.now - start >= .seconds(1))
            #expect(try await box.get() == 200)
            #expect(try await box.property("ActiveState") == "active")
        }
    }

    @Test("systemctl status has a line that says something")
    func statusLine() async throws {
        try await SystemdBox.with("status") { box in
            try await box.must("systemctl", "start", "roost.service")
            let line = try await box.property("StatusText")
            #expect(line.hasPrefix("1/1 ready"), "\(line)")
        }
    }

    @Test("every process runs as roost and without capabilities")
    func unprivileged() async throws {
        try await SystemdBox.with("user") { box in
            try await box.must("systemctl", "start", "roost.service")
            let members = "for p in $(cat /sys/fs/cgroup\(try await box.property("ControlGroup"))/cgroup.procs); do"
            let users = try await box.must("sh", "-c", members + " ps -o user= -p $p; done").split(separator: "\n")
            #expect(users.count >= 2)
            #expect(Set(users) == ["roost"])
            let capabilities = try await box.must("sh", "-c", members + " grep Cap /proc/$p/status; done")
            let held = capabilities.split(separator: "\n").filter { !$0.hasSuffix("0000000000000000") }
            #expect(held.isEmpty)
        }
    }

    @Test("a roostd that stands still is replaced by the watchdog, and the proxy answers again")
    func watchdogKill() async throws {
        try await SystemdBox.with("hang") { box in
            try await box.override("WatchdogSec=1s")
            try await box.must("systemctl", "start", "roost.service")
            let old = try await box.property("MainPID")
            try await box.must("kill", "-STOP", old)
            try await eventually("the watchdog brings roostd back") {
                let state = try await box.property("ActiveState")
                let pid = try await box.property("MainPID")
                return state == "active" && pid != old && pid != "0"
            }
            #expect(try await box.property("NRestarts") == "1")
            #expect(try await box.get() == 200)
        }
    }

    @Test("a watchdog of 300 ms is kept fed")
    func subSecondWatchdog() async throws {
        try await SystemdBox.with("watchdog") { box in
            try await box.override("WatchdogSec=300ms")
            try await box.must("systemctl", "start", "roost.service")
            let pid = try await box.property("MainPID")
            var pings: Set<String> = []
            try await eventually("systemd gets pings") {
                pings.insert(try await box.property("WatchdogTimestampMonotonic"))
                return pings.count >= 12
            }
            #expect(try await box.property("MainPID") == pid)
            #expect(try await box.property("NRestarts") == "0")
        }
    }

    @Test("a first connection to roost.socket starts the service, and its port stays open over a stop")
    func socketActivation() async throws {
        try await SystemdBox.with("socket") { box in
            try await box.must("systemctl", "start", "roost.socket")
            #expect(try await box.property("ActiveState") == "inactive")
            #expect(try await box.get() == 200)
            #expect(try await box.property("ActiveState") == "active")

            try await box.must("systemctl", "restart", "roost.service")
            #expect(try await box.get() == 200)
            try await box.must("systemctl", "stop", "roost.service")
            #expect(try await box.get() == 200)
            #expect(try await box.property("ActiveState") == "active")
        }
    }

    @Test("systemctl reload returns when the new configuration is in force")
    func reload() async throws {
        try await SystemdBox.with("reload") { box in
            try await box.must("systemctl", "start", "roost.service")
            let pid = try await box.property("MainPID")
            #expect(try await box.get("/new/") == 200)
            try await box.write(Self.ruleToNowhere, to: "/etc/roost/rules.d/new.yaml")
            try await box.must("systemctl", "reload", "roost.service")
            #expect(try await box.get("/new/") == 502)
            #expect(try await box.property("ActiveState") == "active")
            #expect(try await box.property("MainPID") == pid)
        }
    }

    @Test("a broken configuration makes the reload fail and alters nothing")
    func refusedReload() async throws {
        try await SystemdBox.with("refused") { box in
            try await box.must("systemctl", "start", "roost.service")
            let (pid, generation) = (try await box.property("MainPID"), try await box.configurationGeneration())
            try await box.must("sh", "-c", "echo 'no_such_key: 1' >>/etc/roost/roost.yaml")
            let reload = try await box.run("systemctl", "reload", "roost.service")
            #expect(reload.status != 0)
            #expect(try await box.get() == 200)
            #expect(try await box.property("ActiveState") == "active")
            #expect(try await box.property("MainPID") == pid)
            #expect(try await box.configurationGeneration() == generation)
        }
    }

    @Test("a stop is clean and leaves no process and no socket")
    func cleanStop() async throws {
        try await SystemdBox.with("stop") { box in
            try await box.must("systemctl", "start", "roost.service")
            let group = try await box.property("ControlGroup")
            try await box.must("systemctl", "stop", "roost.service")
            #expect(try await box.property("Result") == "success")
            #expect(try await box.property("ExecMainStatus") == "0")
            #expect(try await box.run("test", "-e", "/sys/fs/cgroup\(group)").status != 0)
            #expect(try await box.run("ps", "-u", "roost", "-o", "args=").output == "")
            #expect(try await box.run("test", "-e", "/run/roost").status != 0)
            #expect(try await box.get() == 0)
            // Killed processes would be named here: what has to be killed has not stopped cleanly.
            let journal = try await box.must("journalctl", "--no-pager", "-u", "roost.service", "_PID=1")
            #expect(!journal.contains("Killing process") && !journal.contains("timed out"))
        }
    }

    @Test("a worker that drains for longer than TimeoutStopSec ends in order: systemd is asked for the time")
    func slowStop() async throws {
        try await SystemdBox.with("drain") { box in
            let configuration = """
                workers:
                  slow:
                    command: [/bin/sh, -c, "trap 'sleep 4; echo drained >/var/lib/roost/end; exit 0' TERM; sleep 1000 & wait"]
                    drain: 20s
                """
            try await box.write(configuration, to: "/etc/roost/roost.yaml")
            try await box.must("sh", "-c", "rm -f /etc/roost/rules.d/*")
            try await box.override("TimeoutStopSec=1s")
            try await box.must("systemctl", "start", "roost.service")
            let start = ContinuousClock.now
            try await box.must("systemctl", "stop", "roost.service")
            #expect(ContinuousClock.now - start >= .seconds(4))
            #expect(try await box.property("Result") == "success")
            #expect(try await box.property("ExecMainStatus") == "0")
            #expect(try await box.must("cat", "/var/lib/roost/end") == "drained")
            let journal = try await box.must("journalctl", "--no-pager", "-u", "roost.service", "_PID=1")
            #expect(!journal.contains("Killing process") && !journal.contains("timed out"))
        }
    }

    @Test("journald has the fields of each record")
    func journalFields() async throws {
        try await SystemdBox.with("journal") { box in
            try await box.must("systemctl", "start", "roost.service")
            // A proxy that is well is silent; a new configuration it confirms.
            try await box.write(Self.ruleToNowhere, to: "/etc/roost/rules.d/new.yaml")
            try await box.must("systemctl", "reload", "roost.service")
            let command = "journalctl --sync; journalctl -o json -u roost.service ROOST_WORKER=proxy"
            var lines: [Substring] = []
            try await eventually("the proxy's line is in the journal") {
                lines = try await box.must("sh", "-c", command).split(separator: "\n")
                return !lines.isEmpty
            }
            let line = try #require(lines.first)
            let record = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                "\(line)"
            )
            #expect(record["_SYSTEMD_UNIT"] as? String == "roost.service")
            #expect((record["SYSLOG_IDENTIFIER"] as? String)?.hasPrefix("roost") == true)
            #expect(record["ROOST_INSTANCE"] as? String == "0")
            #expect(record["PRIORITY"] as? String != nil)
            #expect((record["MESSAGE"] as? String)?.isEmpty == false)
        }
    }

    /// A rule whose backend nobody listens at.
    private static let ruleToNowhere = """
        name: new
        match: { path: { prefix: /new/ } }
        backends: [ { url: "http://127.0.0.1:1" } ]
        """
}
