import RoostConfig
import RoostConfigReader
import Testing

@Suite struct YAMLTextTests {
    private func lines(_ text: String) -> [String] {
        YAMLText.read(Array(text.utf8), file: "f").faults.map(\.line)
    }

    @Test(
        "bytes that are not UTF-8 are refused at their place",
        arguments: [
            ([0xFF], "1:1"), ([0x61, 0x3A, 0x20, 0x0A, 0xC3], "2:1"), ([0x61, 0xC3, 0x28], "1:2"),
            ([0x61, 0xED, 0xA0, 0x80], "1:2"), ([0xC3, 0xA4, 0x80], "1:2"),
        ] as [([UInt8], String)]
    )
    func encoding(_ bytes: [UInt8], _ place: String) {
        #expect(
            YAMLText.read(bytes, file: "f").faults.map(\.line) == ["f:\(place): file: is not UTF-8; save it as UTF-8"]
        )
    }

    @Test("a file that is too large is refused")
    func large() {
        let bytes = [UInt8](repeating: UInt8(ascii: "#"), count: YAMLText.largestFile + 1)
        #expect(
            YAMLText.read(bytes, file: "f").faults.map(\.line)
                == ["f:1:1: file: is larger than 1MiB; split it or remove what is not needed"]
        )
    }

    @Test(
        "lists and maps that are nested too deeply are refused",
        arguments: [
            String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
            String(repeating: "{a: ", count: 40) + String(repeating: "}", count: 40),
            String(repeating: "- ", count: 40) + "x",
            (0..<40).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
        ]
    )
    func deep(_ text: String) {
        let found = lines(text)
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0.hasSuffix("yaml: is nested too deeply; make it simpler") })
    }

    @Test("nesting without end neither traps nor takes long", arguments: ["[", "{a: ", "- ", "? ", "- [", "a: {"])
    func endless(_ text: String) {
        #expect(!lines(String(repeating: text, count: 100_000)).isEmpty)
    }

    @Test("too many values are refused")
    func many() {
        let found = lines("[" + String(repeating: "a,", count: 60_000) + "]")
        #expect(found.first == "f:1:100000: yaml: has too many values; make it simpler")
    }

    @Test("characters that YAML has no place for are refused at theirs")
    func characters() {
        #expect(lines("a: b\nc: \u{1}") == ["f:2:4: yaml: control characters are not allowed; remove the character"])
    }

    @Test(
        "a leading star is taken for an alias only where a value starts",
        arguments: [
            "a: \"*b\"", "a: '*b'", "a: b *c", "a: b*c", "# *b", "a: 1 # *b", "a: |\n  *b\n  *c\nd: e", "a: >-\n  *b",
            "a: 'it''s *b'",
            "a: \"\\\"*b\"", "a: * b", "a: 2*3", "- x\n- 'y\n  *z'", "a: [x *y]",
        ]
    )
    func stars(_ text: String) { #expect(lines(text).filter { $0.contains("alias") } == []) }

    @Test(
        "an alias is refused wherever it stands",
        arguments: [
            ("a: *b", "1:4"), ("- *b", "1:3"), ("[x,*b]", "1:4"), ("{a: *b}", "1:5"), ("*b : c", "1:1"),
            ("a:\n  *b", "2:3"),
            ("a: # c\n  *b", "2:3"), ("a: |\n  x\nb: *c", "3:4"), ("? *b", "1:3"), ("a: \"x\\\\\"\nb: *c", "2:4"),
            ("a:\t*b", "1:4"),
        ]
    )
    func aliases(_ text: String, _ place: String) {
        #expect(
            lines(text).contains { $0.hasPrefix("f:\(place): yaml: *") && $0.contains("is an alias") },
            "\(lines(text))"
        )
    }

    @Test("a name that is written twice is found, however it is written")
    func duplicates() {
        let text = """
            supervisor: { "lease": 1s, 'lease': 2s, lease: 3s }
            workers:
              "ä": {}
              ä: {}
            'supervisor': {}
            """
        #expect(
            Sample.lines(text).filter { $0.contains("twice") } == [
                "roost.yaml:1:28: supervisor.lease: is written twice, first in line 1; keep one of them",
                "roost.yaml:1:41: supervisor.lease: is written twice, first in line 1; keep one of them",
                "roost.yaml:4:3: workers.ä: is written twice, first in line 3; keep one of them",
                "roost.yaml:5:1: supervisor: is written twice, first in line 1; keep one of them",
            ]
        )
    }

    @Test("a name that cannot be told apart is still refused")
    func odd() {
        #expect(lines("\"\": 1\n\"\": 2") == ["f:1:1: yaml: the key  is written twice; keep one of them"])
        let most = String(repeating: "a: 1\n", count: 200)
        #expect(!Sample.lines(most).isEmpty)
    }

    @Test("places count in characters, and after every kind of line break")
    func places() {
        #expect(Sample.lines("# ä\r\nä: 1\r\n").map { $0.prefix(15) } == ["roost.yaml:2:1:"])
        #expect(
            Sample.lines("supervisor: { \"ä\": 1, x: 2 }").map { $0.prefix(16) } == [
                "roost.yaml:1:15:", "roost.yaml:1:23:",
            ]
        )
    }

    @Test("an empty document is no fault", arguments: ["", "\n", "# nothing\n", "---\n", "\u{FEFF}"])
    func empty(_ text: String) { #expect(lines(text) == []) }
}
