/// One header field of a head, as offsets.
package struct HeaderField: Sendable {
    package var name: ByteRange
    /// Without the blanks around it.
    package var value: ByteRange
    package var kind: FieldName
    /// The field does not pass to the other side.
    package var isDropped = false
    /// The line cannot be copied as it came: a blank stood before the colon (responses only, RFC 9112 section 5.1).
    package var isRespelled = false
    /// Where the next line begins.
    package var lineEnd: UInt32
}

/// The fields of the head at hand: storage that a loop makes once and uses for every head.
package struct FieldTable: ~Copyable {
    private let storage: UnsafeMutablePointer<HeaderField>
    package let capacity: Int
    package private(set) var count = 0

    /// Room for `capacity` fields; a head with more is refused.
    package init(capacity: Int) {
        self.capacity = capacity
        storage = .allocate(capacity: capacity)
    }

    deinit { storage.deallocate() }

    package mutating func removeAll() { count = 0 }

    @inline(__always)
    mutating func append(_ field: HeaderField) throws(HeadError) {
        guard count < capacity else { throw .tooManyFields }
        (storage + count).initialize(to: field)
        count &+= 1
    }

    package subscript(index: Int) -> HeaderField {
        @inline(__always)
        get {
            precondition(index >= 0 && index < count)
            return storage[index]
        }
        @inline(__always)
        set {
            precondition(index >= 0 && index < count)
            storage[index] = newValue
        }
    }
}
