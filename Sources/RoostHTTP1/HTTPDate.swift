/// IMF-fixdate (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, always 29 bytes.
package enum HTTPDate {
    package static let length = 29

    /// Writes the date that lies `seconds` after 1970-01-01T00:00:00Z.
    package static func write(_ seconds: Int64, to writer: inout HeadWriter) {
        let seconds = max(0, seconds)
        let days = Int(seconds / 86400)
        let second = Int(seconds % 86400)
        // Civil date from day count: years begin in March, so that the leap day is the last.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let weekdays: StaticString = "ThuFriSatSunMonTueWed"
        let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
        writer.append(weekdays.utf8Start + days % 7 * 3, 3)
        writer.append(", ")
        writer.append(pair: day)
        writer.append(byte: Octet.space)
        writer.append(months.utf8Start + (month - 1) * 3, 3)
        writer.append(byte: Octet.space)
        writer.append(pair: year / 100)
        writer.append(pair: year)
        writer.append(byte: Octet.space)
        writer.append(pair: second / 3600)
        writer.append(byte: Octet.colon)
        writer.append(pair: second / 60 % 60)
        writer.append(byte: Octet.colon)
        writer.append(pair: second % 60)
        writer.append(" GMT")
    }
}
