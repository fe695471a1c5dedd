import Testing

@testable import RoostHTTP1

@Suite("HeadWriter")
struct HeadWriterTests {
    @Test(
        "numbers are written in both bases",
        arguments: [
            (0, "0|0"), (9, "9|9"), (10, "10|a"), (255, "255|ff"), (4096, "4096|1000"),
            (UInt64.max, "18446744073709551615|ffffffffffffffff"),
        ]
    )
    func numbers(_ value: UInt64, _ expected: String) {
        let text = written {
            $0.append(decimal: value)
            $0.append("|")
            $0.append(hexadecimal: value)
        }
        #expect(text == expected)
    }

    @Test(
        "dates are IMF-fixdates",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        ]
    )
    func dates(_ seconds: Int64, _ expected: String) {
        #expect(written { HTTPDate.write(seconds, to: &$0) } == expected)
    }
}
