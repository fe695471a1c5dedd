import Foundation
import Glibc
import Testing

/// A booted systemd with Roost installed in it (Tests/Support/systemd-box), with a network of its own.
struct SystemdBox: Sendable {
    static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    /// Where the release programs are.
    static let built = ProcessInfo.processInfo.environment["BUILD_DIR"] ?? top.path + "/.build/release"

    /// Why no box can be booted here; nil if one can.
    static let obstacle: String? =
        if geteuid() != 0 {
            "needs root"
        } else if access("/usr/bin/systemd-nspawn", X_OK) != 0 {
            "needs the package systemd-container"
        } else if access(built + "/roostd", X_OK) != 0 {
            "needs the release programs (make build)"
        } else {
            nil
        }

    let name: String

    /// Boots a box, installs Roost as `make install` does unless told otherwise, gives the box to `body` and takes it
    /// away again.
    static func with(
        _ name: String,
        installed: Bool = true,
        _ body: (SystemdBox) async throws -> Void
    ) async throws {
        let box = SystemdBox(name: "roost-\(name)-\(getpid())")
        try await box.tool("up", "--private-network")
        let outcome: Result<Void, any Error>
        do {
            if installed { try await box.installRoost() }
            try await body(box)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        if case .failure = outcome { try await box.showJournal() }
        try await box.tool("down")
        try outcome.get()
    }

    /// Runs a command inside, to its end.
    func run(_ command: String...) async throws -> ProgramResult {
        try await SystemdTests.run(tool, ["exec"] + command, environment: ["SYSTEMD_BOX": name])
    }

    /// Runs a command inside that has to succeed.
    /// - Returns: what it printed, without the white space around it.
    @discardableResult
    func must(_ command: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        let result = try await SystemdTests.run(tool, ["exec"] + command, environment: ["SYSTEMD_BOX": name])
        try #require(
            result.status == 0,
            "\(command.joined(separator: " ")): \(result.output)",
            sourceLocation: sourceLocation
        )
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Writes a file inside.
    func write(_ text: String, to path: String) async throws {
        try await must("sh", "-c", "mkdir -p $(dirname \(path)); cat >\(path) <<'END'\n\(text)\nEND")
    }

    /// A property of a unit, as `systemctl show` has it.
    func property(_ name: String, of unit: String = "roost.service") async throws -> String {
        try await must("systemctl", "show", "--value", "-p", name, unit)
    }

    /// The status code of one GET through the proxy, tried once; 0 when refused or reset.
    func get(_ path: String = "/") async throws -> Int {
        let url = "http://127.0.0.1:8080" + path
        return Int(try await run("curl", "-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", url).output) ?? 0
    }

    /// What `roost status --json` says of the configuration.
    func configurationGeneration() async throws -> Int64 {
        let text = try await must("roost", "--runtime", "/run/roost", "status", "--json")
        let status = try #require(try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let supervisor = try #require(status["supervisor"] as? [String: Any])
        return try #require(supervisor["config_generation"] as? Int64)
    }

    /// Puts settings of `[Service]` on top of roost.service.
    func override(_ settings: String) async throws {
        try await write("[Service]\n\(settings)", to: "/etc/systemd/system/roost.service.d/test.conf")
        try await must("systemctl", "daemon-reload")
    }

    private var tool: String { Self.top.path + "/Tests/Support/systemd-box" }

    private func tool(_ arguments: String...) async throws {
        let result = try await SystemdTests.run(tool, arguments, environment: ["SYSTEMD_BOX": name])
        try #require(result.status == 0, "systemd-box \(arguments): \(result.output)")
    }

    /// Copies to `destination` what the script `.ci/NAME` puts into an empty folder, its first argument.
    func copy(madeBy script: String, _ arguments: String..., to destination: String) async throws {
        let stage = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: stage, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: stage) }  // what is left in /tmp does no harm
        let made = try await SystemdTests.run(Self.top.path + "/.ci/" + script, [stage.path] + arguments)
        try #require(made.status == 0, "\(made.output)")
        try await tool("copy", stage.path, destination)
    }

    /// Copies one file in.
    func put(_ file: String, at destination: String) async throws { try await tool("copy", file, destination) }

    private func installRoost() async throws {
        try await copy(madeBy: "install", "/usr", to: "/")
        try await must("systemd-sysusers", "roost.conf")
        try await must("systemd-tmpfiles", "--create", "roost.conf")
        try await must("systemctl", "daemon-reload")
    }

    private func showJournal() async throws {
        print(try await run("systemctl", "status", "--no-pager", "-l", "roost.service").output)
        print(try await run("journalctl", "--no-pager", "-n", "60", "-o", "short-precise").output)
    }
}

/// Waits until `condition` holds. Another system's state is asked for, since no event of it reaches a test.
func eventually(
    within limit: Duration = .seconds(20),
    _ claim: Comment,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        try #require(ContinuousClock.now < deadline, claim, sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(20))
    }
}
