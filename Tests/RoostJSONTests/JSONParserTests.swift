import RoostJSON
import Testing

@Suite struct JSONParserTests {
    static let values: [(String, JSONValue)] = [
        ("null", JSONValue.null),
        (" true ", true),
        ("\t[false]\r\n", [false]),
        ("0", 0),
        ("-0", 0),
        ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)),
        ("1.5e3", 1500.0),
        ("-2E-2", -0.02),
        (#""""#, ""),
        (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"),
        (#""\u00e9\ud83d\ude00é""#, "é😀é"),
        ("[]", []),
        ("{}", [:]),
        (#"{"b":1,"a":[{"c":null}]}"#, ["b": 1, "a": [["c": nil]]]),
        (#"{"a":1,"b":2,"a":3}"#, ["a": 3, "b": 2]),
    ]

    @Test("a text gives its value", arguments: values)
    func value(text: String, value: JSONValue) throws {
        #expect(try JSONParser.parse(text) == value)
    }

    static let faults: [(String, JSONError)] = [
        ("", JSONError(.unexpectedEnd, at: 0)),
        ("nul", JSONError(.unexpectedEnd, at: 3)),
        ("nulL", JSONError(.unexpectedByte(0x4c), at: 3)),
        ("[1,]", JSONError(.unexpectedByte(0x5d), at: 3)),
        ("[1 2]", JSONError(.unexpectedByte(0x32), at: 3)),
        ("{\"a\" 1}", JSONError(.unexpectedByte(0x31), at: 5)),
        ("{a:1}", JSONError(.unexpectedByte(0x61), at: 1)),
        ("{\"a\":1,}", JSONError(.unexpectedByte(0x7d), at: 7)),
        ("01", JSONError(.invalidNumber, at: 0)),
        ("-", JSONError(.invalidNumber, at: 1)),
        ("1.", JSONError(.invalidNumber, at: 2)),
        ("1e", JSONError(.invalidNumber, at: 2)),
        ("1e999", JSONError(.invalidNumber, at: 0)),
        ("\"\\x\"", JSONError(.invalidEscape, at: 2)),
        ("\"\\u12g4\"", JSONError(.invalidEscape, at: 5)),
        ("\"\\ud800\"", JSONError(.loneSurrogate, at: 1)),
        ("\"\\ud800\\u0041\"", JSONError(.loneSurrogate, at: 1)),
        ("\"\\udc00\"", JSONError(.loneSurrogate, at: 1)),
        ("\"a\nb\"", JSONError(.controlCharacter(0x0a), at: 2)),
        ("\"abc", JSONError(.unexpectedEnd, at: 4)),
        ("1 1", JSONError(.trailingBytes, at: 2)),
    ]

    @Test("a fault is named with its offset", arguments: faults)
    func fault(text: String, error: JSONError) {
        #expect(throws: error) { try JSONParser.parse(text) }
    }

    @Test("bytes that are not UTF-8 are refused")
    func invalidUTF8() {
        #expect(throws: JSONError(.invalidUTF8, at: 1)) { try JSONParser.parse([0x22, 0xff, 0x22]) }
        #expect(throws: JSONError(.invalidUTF8, at: 1)) { try JSONParser.parse([0x22, 0x5c, 0x6e, 0xc3, 0x22]) }
    }

    @Test("depth and length are bounded")
    func limits() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        _ = try JSONParser.parse(deep)
        #expect(throws: JSONError(.tooDeep(limit: 64), at: 64)) { try JSONParser.parse("[" + deep + "]") }
        #expect(throws: JSONError(.tooDeep(limit: 64), at: 64)) {
            try JSONParser.parse(String(repeating: "[", count: 1_000_000))
        }
        #expect(throws: JSONError(.tooLong(length: 5, limit: 4), at: 4)) {
            try JSONParser.parse("12345", limits: .init(length: 4))
        }
    }

    @Test("what is written reads back the same")
    func roundTrip() throws {
        var random = SplitMix(seed: 0x5eed)
        for _ in 0..<2_000 {
            let value = random.value(depth: 4)
            #expect(try JSONParser.parse(JSONWriter.compact(value)) == value)
            #expect(try JSONParser.parse(JSONWriter.pretty(value)) == value)
        }
    }

    @Test("garbage and damaged texts are errors or values, never a crash")
    func garbage() {
        var random = SplitMix(seed: 7)
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9\n",true,null],"b":{"c":"é"}}"#.utf8)
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = text
            for _ in 0..<Int(1 + random.next() % 4) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
            if (try? JSONParser.parse(bytes)) == nil { refused += 1 }
        }
        #expect(refused > 10_000)
    }
}

/// Numbers from a seed, the same on every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func value(depth: Int) -> JSONValue {
        switch next() % (depth > 0 ? 7 : 5) {
        case 0: .null
        case 1: .bool(next() % 2 == 0)
        case 2: .integer(Int64(bitPattern: next()))
        case 3: .number(Double(next() % 1_000_000) / 1024 + 0.5)
        case 4: .string(text())
        case 5: .array((0..<next() % 4).map { _ in value(depth: depth - 1) })
        default:
            .object(JSONObject((0..<next() % 4).map { .init(key: "k\($0)" + text(), value: value(depth: depth - 1)) }))
        }
    }

    private mutating func text() -> String {
        let alphabet: [Character] = ["a", "\"", "\\", "\n", "\u{1}", "é", "😀", "\u{7f}", "\u{2028}", "/"]
        return String((0..<next() % 8).map { _ in alphabet[Int(next() % UInt64(alphabet.count))] })
    }
}
