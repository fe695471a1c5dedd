/// What a frame is. The numbers are on the wire (docs/wire-protocol.md, "Kinds").
package enum FrameKind: UInt8, Sendable, CaseIterable {
    case hello = 1
    case request = 2
    case reply = 3
    case error = 4
    /// One element of a server stream.
    case item = 5
    /// A server stream is complete.
    case end = 6
    /// The reader of a stream takes that many items more.
    case credit = 7
    /// The caller takes a request back.
    case cancel = 8
    /// One way, no answer.
    case event = 9
    case ping = 10
    case pong = 11
    /// The sender takes no new requests and closes when those it has are answered.
    case goodbye = 12
}

/// Bits of a header. What a receiver does not know it ignores.
package struct FrameFlags: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Of a request: the answer is a stream of items.
    package static let stream = FrameFlags(rawValue: 1)
}

/// The fixed part of a frame, behind its length. All numbers are big-endian.
///
///      0       4 5 6 7       8          12      14      16          20          length + 4
///     +---------+-+-+---------+----------+-------+-------+-----------+-----------+
///     | length  |v|k|  flags  |    id    |method |   0   | argument  |  payload  |
///     +---------+-+-+---------+----------+-------+-------+-----------+-----------+
///
/// `length` counts what follows it: 16 and the payload.
package struct FrameHeader: Sendable, Equatable {
    /// Bytes of the header without the length field.
    package static let size = 16
    /// Bytes of the length field.
    package static let lengthSize = 4
    /// The only layout that there is.
    package static let version: UInt8 = 1

    package var kind: FrameKind
    package var flags: FrameFlags
    /// Tells apart what is under way; 0: the connection itself.
    package var id: UInt32
    package var method: UInt16
    /// Of a request its deadline in ms, of a credit how many, of an error its code; otherwise 0.
    package var argument: UInt32

    package init(
        _ kind: FrameKind,
        flags: FrameFlags = FrameFlags(rawValue: 0),
        id: UInt32 = 0,
        method: UInt16 = 0,
        argument: UInt32 = 0
    ) {
        self.kind = kind
        self.flags = flags
        self.id = id
        self.method = method
        self.argument = argument
    }
}

/// How much a connection takes.
package enum FrameLimits {
    /// Bytes of a frame behind its length field, unless configured: enough for a configuration, and small beside the
    /// memory of a process.
    package static let standardLength = 1 << 20
}

/// Bytes that are no frame. The stream cannot be read on from there.
package enum FrameError: Error, Equatable {
    case frameTooLarge(length: Int, limit: Int)
    /// A length that does not even hold a header.
    case tooShort(length: Int)
    case badVersion(UInt8)
    case unknownKind(UInt8)
}
