import RoostConfig
import Testing

@Suite struct DurationTextTests {
    @Test(
        "durations are numbers with units",
        arguments: [
            ("250ms", Duration.milliseconds(250)), ("2s", .seconds(2)), ("1m", .seconds(60)), ("1m30s", .seconds(90)),
            ("1.5s", .milliseconds(1500)), ("1h", .seconds(3600)), ("1d", .seconds(86_400)), ("0s", .zero),
            ("10us", .microseconds(10)), ("7ns", .nanoseconds(7)),
        ]
    )
    func reads(_ text: String, _ expected: Duration) { #expect(DurationText.parse(text) == expected) }

    @Test(
        "what is no duration is none",
        arguments: [
            "", "10", "s", "-1s", "1 s", "1x", "1s1", "1..5s", ".5s", "1.s", "0.0000000001s", "9223372036854775808ns",
            "99999999999999999999s", "106752d", "1e3s", "١s", "100000d100000d",
        ]
    )
    func refuses(_ text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(
        "a duration is written the way it can be read",
        arguments: [
            (Duration.zero, "0s"), (.seconds(90), "1m30s"), (.milliseconds(1500), "1s500ms"), (.seconds(86_400), "1d"),
            (.nanoseconds(1_002_003), "1ms2us3ns"), (.seconds(-5), "0s"),
        ]
    )
    func writes(_ duration: Duration, _ expected: String) {
        #expect(DurationText.format(duration) == expected)
        if duration >= .zero { #expect(DurationText.parse(expected) == duration) }
    }
}

@Suite struct SizeTextTests {
    @Test(
        "sizes are bytes or have a binary unit",
        arguments: [
            ("0", 0), ("4096", 4096), ("1KiB", 1024), ("1.5MiB", 1_572_864), ("2GiB", 1 << 31), ("1TiB", 1 << 40),
            ("7B", 7),
        ] as [(String, Int64)]
    )
    func reads(_ text: String, _ expected: Int64) { #expect(SizeText.parse(text) == expected) }

    @Test(
        "what is no size is none",
        arguments: [
            "", "KiB", "1MB", "1M", "1 MiB", "-1", "0.3B", "9223372036854775808", "8388608TiB", "1.2.3MiB",
            "1.0000000000MiB",
        ]
    )
    func refuses(_ text: String) { #expect(SizeText.parse(text) == nil) }

    @Test(
        "a size is written with the largest unit that keeps it whole",
        arguments: [
            (0, "0"), (1023, "1023"), (1024, "1KiB"), (1536, "1536"), (3 << 20, "3MiB"), (5 << 40, "5TiB"),
        ] as [(Int64, String)]
    )
    func writes(_ bytes: Int64, _ expected: String) { #expect(SizeText.format(bytes) == expected) }
}

@Suite struct FilePathTests {
    @Test(
        "relative paths start from the folder of the file that names them",
        arguments: [
            ("data", "/etc/roost", "/etc/roost/data"), ("./data/", "/etc/roost", "/etc/roost/data"),
            ("../lib/x", "/etc/roost", "/etc/lib/x"), ("/srv//x", "/etc", "/srv/x"), ("../../..", "/etc", "/"),
            ("..", "a", "."), ("../../x", "a", "../x"), ("x", "", "x"), (".", "/", "/"),
        ]
    )
    func resolves(_ path: String, _ base: String, _ expected: String) {
        #expect(FilePath.resolve(path, from: base) == expected)
    }

    @Test(
        "a path has a folder and a name",
        arguments: [
            ("roost.yaml", ".", "roost.yaml"), ("/roost.yaml", "/", "roost.yaml"), ("a/b/c.yaml", "a/b", "c.yaml"),
            ("a/", "a", ""),
        ]
    )
    func parts(_ path: String, _ folder: String, _ name: String) {
        #expect(FilePath.folder(of: path) == folder)
        #expect(FilePath.name(of: path) == name)
    }
}

@Suite struct FindingTests {
    @Test("a finding is FILE:LINE:COLUMN: KEY: what is wrong; what to do")
    func line() {
        let finding = Finding(SourcePosition(file: "a.yaml", line: 3, column: 7), "b.c", "is wrong", "mend it")
        #expect(finding.line == "a.yaml:3:7: b.c: is wrong; mend it")
    }

    @Test("control characters cannot break a finding's line or reach a terminal")
    func control() {
        let finding = Finding(SourcePosition(file: "a"), "k\u{1b}[2J", "x\ny\r", "z\u{2028}\u{85}")
        #expect(finding.line == "a:1:1: k\\u{1b}[2J: x\\u{a}y\\u{d}; z\\u{2028}\\u{85}")
    }

    @Test("findings are sorted by file, line and column, then key")
    func order() {
        func at(_ line: Int, _ column: Int, _ key: String) -> Finding {
            Finding(SourcePosition(file: "a", line: line, column: column), key, "", "")
        }
        let sorted = [at(2, 1, "a"), at(10, 1, "a"), at(2, 1, "b"), at(2, 10, "a")].sorted()
        #expect(sorted == [at(2, 1, "a"), at(2, 1, "b"), at(2, 10, "a"), at(10, 1, "a")])
    }
}
