import RoostPolicy
import Testing

@Suite("WallTime") struct WallTimeTests {
    private static let second: Int64 = 1_000_000_000

    @Test(
        "known seconds of the epoch are their civil time",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (978_307_199, "2000-12-31T23:59:59.000Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000Z"),
            (1_772_366_400, "2026-03-01T12:00:00.000Z"),
            (2_147_483_648, "2038-01-19T03:14:08.000Z"),
            (4_107_456_000, "2100-02-28T00:00:00.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.000Z"),
            (-86_400, "1969-12-31T00:00:00.000Z"),
            (-2_203_891_200, "1900-03-01T00:00:00.000Z"),
            (-2_203_977_600, "1900-02-28T00:00:00.000Z"),
        ]
    )
    func civil(_ seconds: Int64, is expected: String) {
        #expect(WallTime(nanoseconds: seconds * Self.second).description == expected)
    }

    @Test(
        "parts of a millisecond are cut off towards the past, before 1970 too",
        arguments: [
            (Int64(1_999_999), "1970-01-01T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (-1_000_000, "1969-12-31T23:59:59.999Z"),
            (-1_000_001, "1969-12-31T23:59:59.998Z"),
        ]
    )
    func milliseconds(_ nanoseconds: Int64, are expected: String) {
        #expect(WallTime(nanoseconds: nanoseconds).description == expected)
    }

    @Test(
        "the ends of the range have a date",
        arguments: [(Int64.min, "1677-09-21T00:12:43.145Z"), (.max, "2262-04-11T23:47:16.854Z")]
    )
    func edges(_ nanoseconds: Int64, are expected: String) {
        #expect(WallTime(nanoseconds: nanoseconds).description == expected)
    }

    @Test("each day of 1896 to 2104 follows the one before, by the calendar's own rule")
    func everyDay() {
        var (year, month, day) = (1896, 1, 1)
        var nanoseconds = -2_335_219_200 * Self.second
        var wrong: [String] = []
        while year < 2105 {
            let expected = "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)T00:00:00.000Z"
            let description = WallTime(nanoseconds: nanoseconds).description
            if description != expected { wrong.append("\(description), not \(expected)") }
            nanoseconds += 86_400 * Self.second
            day += 1
            if day > Self.length(ofMonth: month, in: year) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(3))")
    }

    private static func length(ofMonth month: Int, in year: Int) -> Int {
        let isLeap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    @Test("earlier is less")
    func order() { #expect(WallTime(nanoseconds: -1) < WallTime(nanoseconds: 0)) }
}
