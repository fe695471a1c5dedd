import Glibc
import RoostIPC
import RoostProtocol
import RoostTestSupport
import Testing

@testable import RoostConfig
@testable import RoostSupervisor

@Suite(.ownThread) struct RuntimeDirectoryTests {
    @Test("missing parents are made, and the sockets have their place")
    func parents() throws {
        let scratch = try Scratch()
        let directory = try RuntimeDirectory(scratch.file("a/b"))
        #expect(directory.socket("proxy") == scratch.file("a/b/proxy.sock"))
        #expect(Scratch.text(scratch.file("a/b/roostd.lock")) == "\(getpid())\n")
    }

    private func refusal(of path: String) -> String {
        do {
            _ = try RuntimeDirectory(path)
            return "none"
        } catch {
            return error.description
        }
    }

    @Test("a second one is refused and told who holds it; the lock goes with its holder")
    func held() throws {
        let scratch = try Scratch()
        do {
            let first = try RuntimeDirectory(scratch.path)
            #expect(refusal(of: scratch.path).hasPrefix("\(first.path) is in use by another roostd (pid \(getpid()));"))
        }
        #expect(refusal(of: scratch.path) == "none")
    }

    @Test("one that others can write to is refused", arguments: [0o775, 0o777, 0o757] as [UInt32])
    func notPrivate(mode: UInt32) throws {
        let scratch = try Scratch()
        chmod(scratch.path, mode)
        #expect(
            refusal(of: scratch.path)
                == "\(scratch.path) can be written to by others; choose another directory with --runtime"
        )
        chmod(scratch.path, 0o700)
    }

    @Test("one that cannot be made says what to do")
    func unusable() throws {
        let scratch = try Scratch()
        try scratch.write("f", "")
        #expect(
            refusal(of: scratch.file("f/x")).hasSuffix("give a directory that this user can write to with --runtime")
        )
    }
}

@Suite(.ownThread) struct AccessLevelTests {
    private static let settings = ControlSettings(
        observe: .init(name: "roost-observe", identifier: 100),
        operate: .init(name: "roost-operate", identifier: 200),
        admin: .init(name: "roost-admin"),
        connections: 10
    )

    @Test(
        "the kernel's word about the peer decides",
        arguments: [
            (0, 0, [], .admin), (900, 0, [], .admin), (1000, 1000, [], .none), (1000, 100, [], .observe),
            (1000, 1000, [5, 100], .observe), (1000, 1000, [100, 200], .operate), (1000, 200, [100], .operate),
            (1000, 1000, [0], .none),
        ] as [(UInt32, UInt32, [UInt32], AccessLevel)]
    )
    func level(uid: UInt32, gid: UInt32, groups: [UInt32], level: AccessLevel) {
        let peer = PeerCredentials(pid: 1, uid: uid, gid: gid, groups: groups)
        #expect(AccessLevel(of: peer, own: 900, Self.settings) == level)
    }

    @Test("a group that the machine has gives its level")
    func admin() {
        var settings = Self.settings
        settings.admin.identifier = 300
        #expect(AccessLevel(of: PeerCredentials(pid: 1, uid: 5, gid: 300), own: 900, settings) == .admin)
        #expect(
            AccessLevel.admin.group(settings) == "roost-admin" && AccessLevel.none.group(settings) == "roost-observe"
        )
        #expect(
            AccessLevel.operate.group(settings) == "roost-operate"
                && AccessLevel.observe.group(settings) == "roost-observe"
        )
    }

    @Test("each verb asks for its level; what workers are asked is no verb of the supervisor")
    func verbs() {
        for method in [.echo, .status, .configShow, .configHistory, .doctor, .metrics, .why, .logs, .events] as [Method]
        {
            #expect(AccessLevel.needed(for: method) == .observe)
        }
        for method in [.restart, .stop, .start, .scale, .reload, .drill] as [Method] {
            #expect(AccessLevel.needed(for: method) == .operate)
        }
        for (fault, level) in [(.kill, .operate), (.hang, .operate), (.crash, .operate), (.supervisorKill, .admin)]
            as [(DrillFault, AccessLevel)]
        {
            var drill = DrillRequest()
            drill.fault = fault
            #expect(AccessLevel.needed(for: drill) == level)
        }
        #expect(AccessLevel.needed(for: .configRollback) == .admin)
        for method in [.prepare, .commit, .abort, .drain, .probe, .heartbeat, .ready] as [Method] {
            #expect(AccessLevel.needed(for: method) == nil)
        }
    }
}

@Suite(.ownThread) struct InstallationTests {
    @Test("a program is where it can be executed; where none is, the first place is named")
    func program() throws {
        let scratch = try Scratch()
        try scratch.makeDirectory("a")
        try scratch.makeDirectory("b")
        let installation = Installation(directories: [scratch.file("a"), scratch.file("b")])
        try scratch.write("a/roost-x", "")
        try Scratch.write(scratch.file("b/roost-x"), [], mode: 0o755)
        #expect(installation.program("roost-x") == scratch.file("b/roost-x"))
        #expect(installation.program("roost-y") == scratch.file("a/roost-y"))
        #expect(Installation(directories: []).program("roost-y") == "roost-y")
        #expect(Installation().program("roost-none").hasSuffix("/roost-none"))
    }

    @Test("any other program is looked for on PATH, unless it has a slash")
    func find() {
        #expect(Installation.find("sh", path: "/none:/bin") == "/bin/sh")
        #expect(Installation.find("sh", path: nil).hasSuffix("/sh"))
        #expect(Installation.find("./sh", path: "/bin") == "./sh")
        #expect(Installation.find("none-such", path: "/bin") == "none-such")
    }

    @Test("a replaced file has another stamp, an absent one none")
    func stamp() throws {
        let scratch = try Scratch()
        try scratch.write("f", "a")
        let before = try #require(ExecutableStamp(scratch.file("f")))
        #expect(ExecutableStamp(scratch.file("f")) == before)
        try scratch.replace("f", "a")
        #expect(ExecutableStamp(scratch.file("f")) != before)
        #expect(ExecutableStamp(scratch.file("g")) == nil)
        let folder = FileIdentity(scratch.file("d"))
        try scratch.makeDirectory("d")
        #expect(FileIdentity(scratch.file("d")) != folder)
    }
}
