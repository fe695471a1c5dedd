/// Reads the field lines of a head whose end is known.
enum FieldParser {
    /// How blanks before the colon are taken: refused in a request, removed from a response (RFC 9112 section 5.1).
    enum Side { case request, response }

    /// Parses the lines from `start` up to the empty line that ends at `end`.
    static func parse(
        _ bytes: Span<UInt8>,
        from start: Int,
        to end: Int,
        side: Side,
        into fields: inout FieldTable
    ) throws(HeadError) {
        fields.removeAll()
        var line = start
        while line < end &- 2 {
            var index = line
            while index < end, Octet.isToken(bytes[index]) { index &+= 1 }
            let name = ByteRange(line, index)
            var isRespelled = false
            if side == .response, !name.isEmpty, index < end, Octet.isBlank(bytes[index]) {
                while index < end, Octet.isBlank(bytes[index]) { index &+= 1 }
                isRespelled = true
            }
            guard index < end, bytes[index] == Octet.colon, !name.isEmpty else {
                throw nameError(bytes, line: line, at: index, end: end)
            }
            index &+= 1
            while index < end, Octet.isBlank(bytes[index]) { index &+= 1 }
            let valueStart = index
            index = try endOfContent(bytes, from: index, to: end)
            var valueEnd = index
            while valueEnd > valueStart, Octet.isBlank(bytes[valueEnd &- 1]) { valueEnd &-= 1 }
            line = index &+ 2
            try fields.append(
                HeaderField(
                    name: name,
                    value: ByteRange(valueStart, valueEnd),
                    kind: FieldName.recognize(bytes, at: Int(name.start), count: Int(name.count)),
                    isRespelled: isRespelled,
                    lineEnd: UInt32(truncatingIfNeeded: line)
                )
            )
        }
    }

    /// The offset of the CR of the CRLF that ends the content which begins at `start`.
    @inline(__always)
    static func endOfContent(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(HeadError) -> Int {
        var index = start
        let raw = bytes.bytes
        let ones: UInt64 = 0x0101_0101_0101_0101
        while true {
            // Eight bytes at once while none of them is below SP or DEL.
            while index &+ 8 <= end {
                let word = raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
                let delete = word ^ (ones &* 0x7F)
                let low = (word &- ones &* 0x20) & ~word & (ones &* 0x80)
                guard low | ((delete &- ones) & ~delete & (ones &* 0x80)) == 0 else { break }
                index &+= 8
            }
            guard index < end else { throw .bareCarriageReturn }
            let byte = bytes[index]
            if byte == Octet.carriageReturn {
                guard index &+ 1 < end, bytes[index &+ 1] == Octet.lineFeed else { throw .bareCarriageReturn }
                return index
            }
            guard Octet.isFieldContent(byte) else { throw .controlByte }
            index &+= 1
        }
    }

    private static func nameError(_ bytes: Span<UInt8>, line: Int, at index: Int, end: Int) -> HeadError {
        guard index < end else { return .lineWithoutColon }
        let byte = bytes[index]
        if index == line {
            if Octet.isBlank(byte) { return .foldedLine }
            if byte == Octet.colon { return .emptyFieldName }
        }
        if Octet.isBlank(byte) { return .blankBeforeColon }
        if byte == Octet.carriageReturn, index &+ 1 < end, bytes[index &+ 1] != Octet.lineFeed {
            return .bareCarriageReturn
        }
        return byte < 0x20 && byte != Octet.carriageReturn || byte == 0x7F ? .controlByte : .lineWithoutColon
    }
}
