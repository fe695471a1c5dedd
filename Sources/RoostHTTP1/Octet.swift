/// The byte classes of RFC 9110 section 5.6 and RFC 3986, as arithmetic on constants: no table to load.
enum Octet {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let colon: UInt8 = 0x3A
    static let comma: UInt8 = 0x2C
    static let slash: UInt8 = 0x2F
    static let percent: UInt8 = 0x25
    static let question: UInt8 = 0x3F
    static let hash: UInt8 = 0x23
    static let dot: UInt8 = 0x2E

    /// tchar: ``!#$%&'*+-.^_`|~``, digits, letters.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        guard byte < 0x80 else { return false }
        return ((byte < 0x40 ? low : high) >> UInt64(byte & 0x3F)) & 1 != 0
    }

    /// What may stand in a field value or a reason phrase: HTAB, SP, VCHAR, obs-text.
    @inline(__always)
    static func isFieldContent(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == tab }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 0x61 < 26 }

    /// ASCII letters in lower case, every other byte as it is.
    @inline(__always)
    static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// The value of a hexadecimal digit, or nil.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }
}

extension Span<UInt8> {
    /// Whether the bytes from `start` on, `length` of them, are `text` without regard to ASCII case. `text` is lower case.
    @inline(__always)
    func equals(_ text: StaticString, at start: Int, count length: Int) -> Bool {
        guard length == text.utf8CodeUnitCount, start >= 0, length <= count &- start else { return false }
        var index = 0
        while index < length {
            guard Octet.lowercased(self[start &+ index]) == text.utf8Start[index] else { return false }
            index &+= 1
        }
        return true
    }

    /// Whether two ranges hold the same name without regard to ASCII case.
    func sameName(_ left: ByteRange, _ right: ByteRange) -> Bool {
        guard left.count == right.count, left.end <= count, right.end <= count else { return false }
        for offset in 0..<Int(left.count) {
            let (a, b) = (self[Int(left.start) + offset], self[Int(right.start) + offset])
            guard Octet.lowercased(a) == Octet.lowercased(b) else { return false }
        }
        return true
    }
}
