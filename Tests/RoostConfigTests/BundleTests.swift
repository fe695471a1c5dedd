import RoostConfig
import RoostProtocol
import Testing

@Suite struct BundleTests {
    private static func report(_ outcome: ConfigurationText.Outcome) -> ConfigurationReport {
        ConfigurationReport(
            findings: outcome.findings,
            files: [.init(path: "roost.yaml", content: [1, 0, 255]), .init(path: "rules.d/a.yaml", content: [])],
            digest: Array(0..<32),
            configuration: outcome.findings.contains { $0.severity == .error } ? nil : outcome.configuration
        )
    }

    static let rich = report(Sample.check(Sample.rich, rules: Sample.richRules, variables: ["ROOST_X": "1"]))
    static let broken = report(Sample.check("a: 1\nworkers: { b: 1 }"))

    @Test("a report that becomes bytes becomes the same report", arguments: [rich, broken, report(Sample.check(""))])
    func roundTrip(_ report: ConfigurationReport) throws {
        #expect(try ConfigurationReport(decoding: report.encoded()) == report)
    }

    @Test("warnings go with a configuration, errors instead of one")
    func severity() {
        #expect(Self.rich.warnings.count == 1 && Self.rich.errors.isEmpty && Self.rich.configuration != nil)
        #expect(Self.broken.errors.count == 3 && Self.broken.configuration == nil)
    }

    @Test("a bundle of another layout is refused")
    func format() {
        var bundle = ConfigurationBundle()
        bundle.format = 2
        #expect(throws: BundleError.format(2, expected: 1)) { try ConfigurationReport(decoding: bundle.encoded()) }
        #expect(throws: BundleError.format(0, expected: 1)) { try ConfigurationReport(decoding: []) }
    }

    @Test("a bundle without errors and without a configuration is refused, and so is one with both")
    func consistency() throws {
        var bundle = try ConfigurationBundle(decoding: Self.broken.encoded())
        bundle.diagnostics = []
        #expect(throws: BundleError.missing("checked")) { try ConfigurationReport(decoding: bundle.encoded()) }
        var other = try ConfigurationBundle(decoding: Self.rich.encoded())
        other.diagnostics[0].severity = .error
        #expect(throws: BundleError.invalid("checked")) { try ConfigurationReport(decoding: other.encoded()) }
        other.diagnostics[0].severity = .unspecified
        #expect(throws: BundleError.invalid("severity")) { try ConfigurationReport(decoding: other.encoded()) }
    }

    typealias Change = @Sendable (inout CheckedConfiguration) -> Void

    static let damages: [(BundleError, Change)] = [
        (.missing("supervisor"), { $0.supervisor = nil }),
        (.missing("limits"), { $0.limits = nil }),
        (.missing("observe_group"), { $0.supervisor?.observeGroup = nil }),
        (.invalid("lease"), { $0.supervisor?.lease = 0 }),
        (.invalid("lease"), { $0.supervisor?.lease = .max }),
        (.invalid("log_level"), { $0.supervisor?.logLevel = "loud" }),
        (.invalid("log_ring"), { $0.supervisor?.logRing = .max }),
        (.invalid("frame"), { $0.limits?.frame = 0 }),
        (.invalid("workers"), { $0.workers.append($0.workers[0]) }),
        (.invalid("after"), { $0.workers[0].after = ["nobody"] }),
        (.invalid("name"), { $0.workers[0].name = "../x" }),
        (.invalid("instances"), { $0.workers[0].instances = 65 }),
        (.invalid("restart"), { $0.workers[0].restart = "" }),
        (.invalid("backoff"), { $0.workers[0].backoffMax = 1 }),
        (.invalid("heartbeat"), { $0.workers[1].heartbeatDeadline = 1 }),
        (.invalid("heartbeat_interval"), { $0.workers[1].heartbeatInterval = 0 }),
        (.invalid("memory"), { $0.workers[0].memorySoft = 1 << 39 }),
        (.invalid("memory_hard"), { $0.workers[0].memoryHard = 0 }),
        (.invalid("environment"), { $0.workers[0].environmentSet[0].name = "A=B" }),
        (.invalid("environment"), { $0.workers[0].environmentSet[0].value = "\0" }),
        (.invalid("nice"), { $0.workers[0].nice = .max }),
        (.invalid("oom_score_adjust"), { $0.workers[0].oomScoreAdjust = -1001 }),
        (.invalid("listener"), { $0.workers[1].listeners[0].address = [1, 2] }),
        (.invalid("listener"), { $0.workers[1].listeners[0].port = 65_536 }),
    ]

    @Test("a value that the schema would refuse is refused in the binary", arguments: 0..<damages.count)
    func damaged(_ index: Int) throws {
        var bundle = try ConfigurationBundle(decoding: Self.rich.encoded())
        var checked = try #require(bundle.checked)
        Self.damages[index].1(&checked)
        bundle.checked = checked
        #expect(throws: Self.damages[index].0) { try ConfigurationReport(decoding: bundle.encoded()) }
    }

    typealias SectionChange = @Sendable (inout CheckedProxySection) -> Void

    static let sectionDamages: [(BundleError, SectionChange)] = [
        (.missing("settings"), { $0.settings = nil }),
        (.missing("limits"), { $0.limits = nil }),
        (.invalid("connections"), { $0.settings?.connections = 0 }),
        (.invalid("name"), { $0.rules[0].name = "a/b" }),
        (.invalid("priority"), { $0.rules[0].priority = 1001 }),
        (.invalid("host"), { $0.rules[0].hosts[0].name = "*" }),
        (.invalid("method"), { $0.rules[0].methods = ["get"] }),
        (.invalid("path"), { $0.rules[0].pathExact = "/x" }),
        (.invalid("path_prefix"), { $0.rules[0].pathPrefix = "x" }),
        (.invalid("path_exact"), { $0.rules[1].pathExact = "" }),
        (.missing("backends"), { $0.rules[0].backends = [] }),
        (.invalid("backend"), { $0.rules[0].backends[0].host = "a b" }),
        (.invalid("backend"), { $0.rules[0].backends[0].port = 0 }),
        (.invalid("weight"), { $0.rules[0].backends[0].weight = 0 }),
        (.invalid("balance"), { $0.rules[0].balance = "random" }),
        (.invalid("content_source"), { $0.rules[1].contentSource = "banner" }),
        (.invalid("strip_prefix"), { $0.rules[0].stripPrefix = "x" }),
        (.invalid("add_prefix"), { $0.rules[0].addPrefix = "?" }),
        (.invalid("connect_timeout"), { $0.rules[0].connectTimeout = 0 }),
    ]

    @Test("a worker's section is checked as well", arguments: 0..<sectionDamages.count)
    func damagedSection(_ index: Int) throws {
        let configuration = try #require(Self.rich.configuration)
        var section = try CheckedProxySection(decoding: configuration.section(of: "proxy"))
        #expect(try ProxySection(decoding: section.encoded()).encoded() == section.encoded())
        Self.sectionDamages[index].1(&section)
        #expect(throws: Self.sectionDamages[index].0) { try ProxySection(decoding: section.encoded()) }
    }

    @Test("any bytes are a report or an error", arguments: 1...8)
    func garbage(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let valid = Self.rich.encoded()
        let section = Self.rich.configuration?.section(of: "proxy") ?? []
        for _ in 0..<400 {
            var (bytes, part) = (valid, section)
            random.damage(&bytes)
            random.damage(&part)
            if let report = try? ConfigurationReport(decoding: bytes) { #expect(report.encoded().isEmpty == false) }
            if let section = try? ProxySection(decoding: part) { #expect(section.encoded().isEmpty == false) }
        }
    }
}

@Suite struct SHA256Tests {
    private static func hex(_ text: String) -> String {
        var hash = SHA256()
        hash.update(text.utf8)
        return hash.finish().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    @Test(
        "the digests of FIPS 180-4's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
    )
    func literals(_ text: String, _ expected: String) { #expect(Self.hex(text) == expected) }

    @Test("it does not matter how the bytes are cut", arguments: [1, 55, 56, 63, 64, 65, 128])
    func cuts(_ size: Int) {
        let bytes = (0..<200).map { UInt8($0) }
        var whole = SHA256()
        whole.update(bytes)
        var parts = SHA256()
        for start in stride(from: 0, to: bytes.count, by: size) {
            parts.update(bytes[start..<min(start + size, bytes.count)])
        }
        #expect(whole.finish() == parts.finish())
    }
}
