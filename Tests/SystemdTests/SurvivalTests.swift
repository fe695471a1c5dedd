import Foundation
import Testing

/// Nobody notices: a real systemd, load through the proxy without a pause, and everything that may happen to roostd.
@Suite(
    "roost.service under load",
    .serialized,
    .enabled(if: SystemdBox.obstacle == nil, "\(SystemdBox.obstacle ?? "")"),
    .timeLimit(.minutes(15))
)
struct SurvivalTests {
    private static let isSoak = ProcessInfo.processInfo.environment["ROOST_SOAK"] == "1"

    @Test("kill -9 of roostd at random instants: not one request fails, no worker is replaced or comes twice")
    func kills() async throws {
        try await SystemdBox.with("kills") { box in
            try await box.must("systemctl", "start", "roost.service")
            let worker = try await box.proxy()
            let load = try await box.beginLoad()
            for _ in 0..<(Self.isSoak ? 1000 : 20) {
                try await box.kill("KILL")
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...300)))
            }
            try await box.isRunning()
            try await load.end()
            #expect(try await box.proxy() == worker)
            #expect(try await box.count(of: "roost-proxy") == 1)
            #expect(try await box.count(of: "roostd") <= 2)  // and its guard
        }
    }

    @Test("SIGUSR2 makes the process the installed roostd: same pid, no restart for systemd, not one request fails")
    func upgrades() async throws {
        try await SystemdBox.with("upgrades") { box in
            try await box.must("systemctl", "start", "roost.service")
            let (pid, worker) = (try await box.property("MainPID"), try await box.proxy())
            let load = try await box.beginLoad()
            for number in 1...(Self.isSoak ? 20 : 3) {
                try await box.kill("USR2")
                try await eventually("the new program has taken over") {
                    try await box.journal("took over from").count == number
                }
                try await box.isRunning()
            }
            try await load.end()
            #expect(try await box.property("MainPID") == pid)
            #expect(try await box.property("NRestarts") == "0")
            #expect(try await box.proxy() == worker)
            // It still is what it was: its children are its own, and their ends are known.
            try await box.must("sh", "-c", "kill -9 \(worker.pid)")
            try await eventually("the replacement") { try await box.proxy().pid != worker.pid }
            #expect(try await box.lastSignal() == 9)
        }
    }

    @Test("a drill of roostd itself passes: systemd starts it again, and nothing that it kept is lost")
    func drill() async throws {
        try await SystemdBox.with("drill") { box in
            try await box.must("systemctl", "start", "roost.service")
            try await box.isRunning()
            let (pid, worker) = (try await box.property("MainPID"), try await box.proxy())
            let roost = ["roost", "--runtime", "/run/roost"]
            let verdict = try await box.must(roost[0], roost[1], roost[2], "drill", "supervisor", "--kill", "--yes")
            #expect(verdict.hasSuffix("passed: kill of supervisor, 6 checks"), "\(verdict)")
            #expect(try await box.property("MainPID") != pid)
            #expect(try await box.proxy() == worker)
            let why = try await box.must(roost[0], roost[1], roost[2], "why", "roostd")
            #expect(why.contains("it killed itself for a drill") && why.contains("sent it SIGKILL"), "\(why)")
        }
    }

    @Test("rolling restarts and reloads: not one request fails")
    func rollsAndReloads() async throws {
        try await SystemdBox.with("rolls") { box in
            try await box.must("systemctl", "start", "roost.service")
            let load = try await box.beginLoad()
            for number in 0..<(Self.isSoak ? 100 : 10) {
                let before = try await box.proxy()
                try await box.must("roost", "--runtime", "/run/roost", "restart", "proxy", "--rolling")
                #expect(try await box.proxy().pid != before.pid)
                guard number % (Self.isSoak ? 5 : 2) == 0 else { continue }
                try await box.write(
                    "name: more\nmatch: { path: { prefix: /more\(number) } }\n"
                        + "backends: [ { url: \"http://127.0.0.1:9\" } ]",
                    to: "/etc/roost/rules.d/more.yaml"
                )
                try await box.must("systemctl", "reload", "roost.service")
            }
            try await load.end()
        }
    }

    @Test("a worker that dies while no roostd runs is replaced when one does")
    func diedMeanwhile() async throws {
        try await SystemdBox.with("meanwhile") { box in
            try await box.override("RestartSec=1s")
            try await box.must("systemctl", "start", "roost.service")
            let worker = try await box.proxy()
            try await box.kill("KILL", "kill -9 \(worker.pid)")
            try await box.isRunning()
            try await eventually("a replacement") { (try? await box.proxy().pid) != worker.pid }
            #expect(try await box.get() == 200)
        }
    }
}

extension SystemdBox {
    struct Worker: Equatable {
        let pid: Int
        let restarts: Int
    }

    /// The proxy as `roost status --json` tells it.
    func proxy() async throws -> Worker {
        let worker = try await proxyStatus()
        return Worker(pid: worker["pid"] as? Int ?? 0, restarts: worker["restarts"] as? Int ?? -1)
    }

    /// The signal that ended the proxy's process before the present one.
    func lastSignal() async throws -> Int? {
        (try await proxyStatus()["last_exit"] as? [String: Any])?["signal"] as? Int
    }

    private func proxyStatus() async throws -> [String: Any] {
        let text = try await must("roost", "--runtime", "/run/roost", "status", "--json")
        let status = try #require(try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        return try #require((status["workers"] as? [[String: Any]])?.first { $0["name"] as? String == "proxy" })
    }

    /// Sends roostd a signal; after a KILL waits until systemd has another one, and runs `meanwhile` before it.
    func kill(_ signal: String, _ meanwhile: String = "true") async throws {
        let old = try await property("MainPID")
        try await must("sh", "-c", "kill -\(signal) \(old) && \(meanwhile)")
        guard signal == "KILL" else { return }
        try await eventually("another roostd") {
            let pid = try await property("MainPID")
            return pid != old && pid != "0"
        }
    }

    func isRunning() async throws {
        try await eventually("roostd runs") {
            let status = try await run("roost", "--runtime", "/run/roost", "status", "--json")
            let object = try? JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
            return (object?["supervisor"] as? [String: Any])?["state"] as? String == "running"
        }
    }

    func count(of program: String) async throws -> Int {
        Int(try await run("pgrep", "-c", "-x", program).output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    /// The lines of roostd's journal that have the text.
    func journal(_ text: String) async throws -> [String] {
        try await run("journalctl", "--no-pager", "-o", "cat", "-u", "roost.service", "-g", text).output
            .split(separator: "\n").map(String.init).filter { $0.contains(text) }
    }

    /// 32 connections that ask without a pause.
    func beginLoad() async throws -> Load {
        let program = FileManager.default.temporaryDirectory.appending(path: "\(name)-load").path
        defer { try? FileManager.default.removeItem(atPath: program) }
        let source = Self.top.path + "/Tests/Benchmarks/programs/load.c"
        let compiled = try await SystemdTests.run("/usr/bin/gcc", ["-O2", "-static", source, "-o", program])
        try #require(compiled.status == 0, "\(compiled.output)")
        try await put(program, at: "/usr/local/bin/roost-load")
        try await must(
            "systemd-run",
            "--unit=load",
            "-p",
            "StandardOutput=file:/root/load.txt",
            "/usr/local/bin/roost-load",
            "drive",
            "8080",
            "32",
            "/dev/null"
        )
        return Load(box: self)
    }

    struct Load {
        let box: SystemdBox

        /// Ends the load; not one request may have failed.
        func end() async throws {
            try await box.must("systemctl", "stop", "load")
            let words = try await box.must("cat", "/root/load.txt").split(separator: " ")
            let counts = words.compactMap { Int($0) }
            try #require(counts.count == 2, "\(words)")
            #expect(counts[0] > 1000 && counts[1] == 0, "\(counts[1]) of \(counts[0]) requests failed")
        }
    }
}
