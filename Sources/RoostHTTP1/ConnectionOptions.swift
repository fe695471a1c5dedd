/// What the Connection fields of a head ask for (RFC 9110 section 7.6.1).
struct ConnectionOptions {
    private(set) var close = false
    private(set) var keepAlive = false
    /// Fields beyond the hop-by-hop ones are named and have to be taken out.
    private(set) var hasNominations = false

    /// How many members all Connection fields of a head may have together.
    static let limit = 32
    private var count = 0

    mutating func add(_ field: HeaderField, _ bytes: Span<UInt8>) throws(HeadError) {
        var list = ListReader(field.value)
        while let item = list.next(bytes) {
            count &+= 1
            guard count <= Self.limit else { throw .tooManyNominations }
            if bytes.equals("close", at: Int(item.start), count: Int(item.count)) {
                close = true
            } else if bytes.equals("keep-alive", at: Int(item.start), count: Int(item.count)) {
                keepAlive = true
            } else {
                hasNominations = true
            }
        }
    }

    /// Marks every nominated field as dropped. A nominated field that the other side relies on is refused in a request
    /// and kept in a response.
    static func drop(
        _ fields: inout FieldTable,
        _ bytes: Span<UInt8>,
        side: FieldParser.Side
    ) throws(HeadError) {
        for index in 0..<fields.count where fields[index].kind == .connection {
            var list = ListReader(fields[index].value)
            while let item = list.next(bytes) {
                let kind = FieldName.recognize(bytes, at: Int(item.start), count: Int(item.count))
                if kind.resistsNomination {
                    if side == .request { throw .protectedFieldNominated }
                    continue
                }
                for other in 0..<fields.count where bytes.sameName(fields[other].name, item) {
                    fields[other].isDropped = true
                }
            }
        }
    }
}
