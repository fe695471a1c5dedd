import Testing

/// The Debian package on a running system.
@Suite(
    "Debian package",
    .serialized,
    .enabled(if: SystemdBox.obstacle == nil, "\(SystemdBox.obstacle ?? "")"),
    .timeLimit(.minutes(5))
)
struct PackageTests {
    @Test("it installs, serves at once, and its removal and purge leave nothing of it")
    func lifeCycle() async throws {
        try await SystemdBox.with("deb", installed: false) { box in
            try await box.copy(madeBy: "deb", to: "/root/package")
            try await box.must("sh", "-c", "dpkg --no-triggers -i /root/package/roost_*.deb")
            #expect(try await box.property("ActiveState") == "active")
            #expect(try await box.property("UnitFileState") == "enabled")
            #expect(try await box.get() == 200)
            // The configuration is roostd's to change, and the groups of the control socket exist.
            #expect(try await box.must("stat", "-c", "%U", "/etc/roost/rules.d") == "roost")
            try await box.must("getent", "group", "roost-observe", "roost-operate", "roost-admin")

            // Installed again, as an upgrade is: it serves on from a new process.
            let pid = try await box.property("MainPID")
            try await box.must("sh", "-c", "dpkg --no-triggers -i /root/package/roost_*.deb")
            #expect(try await box.property("MainPID") != pid)
            #expect(try await box.get() == 200)

            try await box.must("dpkg", "-r", "roost")
            #expect(try await box.get() == 0)
            #expect(try await box.run("ps", "-u", "roost", "-o", "args=").output == "")
            try await box.must("test", "-e", "/etc/roost/roost.yaml")
            try await box.must("dpkg", "-P", "roost")
            for path in ["/etc/roost/roost.yaml", "/var/lib/roost", "/usr/bin/roostd", "/usr/libexec/roost"] {
                #expect(try await box.run("test", "-e", path).status != 0, "\(path)")
            }
            #expect(try await box.property("LoadState") == "not-found")
        }
    }
}
