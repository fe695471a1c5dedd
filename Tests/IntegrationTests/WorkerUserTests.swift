import Glibc
import RoostProtocol
import RoostTestSupport
import Testing

@Suite("workers of other users", .enabled(if: geteuid() == 0, "needs root, which alone may start them"))
struct WorkerUserTests {
    @Test("a worker with a user runs with its uid, gid and groups and nobody else's; the others as roostd")
    func nobody() async throws {
        let account = try #require(getpwnam("nobody"))
        let (uid, gid) = (account.pointee.pw_uid, account.pointee.pw_gid)
        let configuration = """
            workers:
              alpha: { command: [/bin/sleep, "1000"], user: nobody }
              beta: { command: [/bin/sleep, "1000"] }
            """
        try await RunningRoost.run(configuration) { roost in
            func ids(_ name: String) async throws -> [String: [UInt32]] {
                let pid = try #require(try await roost.wait(for: name).pid)
                return ProcessFacts.status(pid).mapValues { value in
                    value.split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
                }
            }
            // Real, effective, saved and file system ids (proc(5)).
            let alpha = try await ids("alpha")
            #expect(alpha["Uid"] == [uid, uid, uid, uid])
            #expect(alpha["Gid"] == [gid, gid, gid, gid])
            #expect(alpha["Groups"] == [] || alpha["Groups"] == [gid])
            let capabilities = ProcessFacts.status(try #require(try await roost.worker("alpha").pid))
            #expect(capabilities["CapEff"] == "0000000000000000" && capabilities["CapPrm"] == "0000000000000000")
            #expect(try await ids("beta")["Uid"] == [0, 0, 0, 0])
            // It is restarted as the same user, and can be ended by a roostd that is another one.
            let pid = try #require(try await roost.worker("alpha").pid)
            #expect(try await roost.restart("alpha").outcomes.allSatisfy { $0.succeeded })
            try await roost.wait(for: "alpha") { $0.pid != pid }
            #expect(try await ids("alpha")["Uid"] == [uid, uid, uid, uid])
        }
    }

    @Test("a user that does not exist is an error of the configuration, with its place")
    func unknown() async throws {
        try await RunningRoost.run("supervisor: { watch: false }\nworkers: {}\n") { roost in
            let reply = try await roost.reload(
                "supervisor: { watch: false }\nworkers:\n  a: { command: [x], user: no-such-user }\n"
            )
            #expect(!reply.accepted)
            let words = "roost.yaml:3:28: workers.a.user: there is no user no-such-user; "
            #expect(reply.problems.contains { $0.contains(words) }, "\(reply.problems)")
        }
    }
}
