/// How the end of a body is known (RFC 9112 section 6.3).
package enum BodyFraming: Equatable, Sendable {
    /// There is no body.
    case none
    case length(UInt64)
    case chunked
    /// Until the connection ends; responses only.
    case untilClose
}

/// What the framing fields of a head say, gathered while its fields are walked.
struct FramingFields {
    private var length: UInt64?
    private var codings: ByteRange?

    mutating func add(_ field: HeaderField, _ bytes: Span<UInt8>) throws(HeadError) {
        switch field.kind {
        case .contentLength:
            guard length == nil else { throw .duplicateContentLength }
            length = try Self.number(bytes, field.value)
        case .transferEncoding:
            guard codings == nil else { throw .duplicateTransferEncoding }
            codings = field.value
        default: break
        }
    }

    /// `nil`: the head has no framing field.
    func framing(_ bytes: Span<UInt8>, minorVersion: UInt8) throws(HeadError) -> BodyFraming? {
        guard let codings else { return length.map { .length($0) } }
        guard length == nil else { throw .lengthAndTransferEncoding }
        guard minorVersion > 0 else { throw .transferEncodingInHTTP10 }
        if bytes.equals("chunked", at: Int(codings.start), count: Int(codings.count)) { return .chunked }
        var list = ListReader(codings)
        var chunked = 0
        var isLast = false
        var isToken = true
        while let item = list.next(bytes) {
            isLast = bytes.equals("chunked", at: Int(item.start), count: Int(item.count))
            if isLast { chunked += 1 }
            for index in item.bounds where !Octet.isToken(bytes[index]) { isToken = false }
        }
        guard isToken, isLast, chunked == 1 else { throw .transferEncodingNotChunked }
        throw .unknownTransferCoding
    }

    /// Digits only, at least one, below 2^63.
    static func number(_ bytes: Span<UInt8>, _ range: ByteRange) throws(HeadError) -> UInt64 {
        guard !range.isEmpty, range.count <= 19 else { throw .invalidContentLength }
        var value: UInt64 = 0
        for index in range.bounds {
            let byte = bytes[index]
            guard Octet.isDigit(byte) else { throw .invalidContentLength }
            value = value &* 10 &+ UInt64(byte &- 0x30)  // 19 digits stay below 2^64
        }
        guard value <= UInt64(Int64.max) else { throw .invalidContentLength }
        return value
    }
}

/// The members of a comma-separated list (RFC 9110 section 5.6.1), blanks removed, empty members left out.
struct ListReader {
    private var position: Int
    private let end: Int

    init(_ range: ByteRange) {
        position = Int(range.start)
        end = range.end
    }

    mutating func next(_ bytes: Span<UInt8>) -> ByteRange? {
        while position < end {
            while position < end, Octet.isBlank(bytes[position]) || bytes[position] == Octet.comma { position &+= 1 }
            let start = position
            while position < end, bytes[position] != Octet.comma { position &+= 1 }
            var last = position
            while last > start, Octet.isBlank(bytes[last &- 1]) { last &-= 1 }
            if last > start { return ByteRange(start, last) }
        }
        return nil
    }
}
