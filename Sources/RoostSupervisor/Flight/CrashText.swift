/// What a process says of its own crash in its output.
package enum CrashText {
    private static let begin = Array("Program crashed: ".utf8)
    private static let end = Array("Backtrace took ".utf8)

    /// The backtrace that the Swift runtime writes at a crash, where SWIFT_BACKTRACE enables it: from the line that says
    /// that the program crashed to the one that says how long it took, or to the end. The last one; nil if there is none.
    package static func backtrace(in output: [UInt8]) -> ArraySlice<UInt8>? {
        guard let mark = position(of: begin, in: output[...], fromEnd: true) else { return nil }
        let newline = UInt8(ascii: "\n")
        let start = output[..<mark].lastIndex(of: newline).map { $0 + 1 } ?? 0
        guard let last = position(of: end, in: output[mark...]) else { return output[start...] }
        return output[start..<(output[last...].firstIndex(of: newline) ?? output.endIndex)]
    }

    private static func position(
        of pattern: [UInt8],
        in bytes: ArraySlice<UInt8>,
        fromEnd: Bool = false
    ) -> Int? {
        guard let first = pattern.first, bytes.count >= pattern.count else { return nil }
        let places = bytes.startIndex...(bytes.endIndex - pattern.count)
        func matches(_ place: Int) -> Bool {
            bytes[place] == first && bytes[place..<place + pattern.count].elementsEqual(pattern)
        }
        return fromEnd ? places.last(where: matches) : places.first(where: matches)
    }
}
