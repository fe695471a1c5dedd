// swift-format-ignore-file
// Generated from Schema/error.proto by Schema/generate. Do not edit.

/// Why a request failed or a connection ends: the `argument` of an error frame.
package enum ErrorCode: ProtobufEnum {
    case unspecified
    /// Our own fault; the message is for the log.
    case `internal`
    /// The server does not know the method.
    case unknownMethod
    /// The payload is not the method's message, or a field makes no sense.
    case invalidArgument
    /// The deadline passed.
    case deadlineExceeded
    /// The caller took the request back.
    case cancelled
    /// The caller may not do that.
    case forbidden
    /// What the request names is not there.
    case notFound
    /// The present state does not allow it; the message says what to do first.
    case conflict
    /// The server is stopping, or what it needs is away; again later.
    case unavailable
    /// A limit on outstanding requests, streams or queued bytes is reached.
    case exhausted
    /// The server tried and it did not work; the message says what happened.
    case failed
    /// Of a connection (id 0); the connection is closed after it.
    case frameTooLarge
    case malformedFrame
    /// A frame that the rules do not allow at this point.
    case protocolViolation
    case creditViolation
    /// No version that both sides speak.
    case versionMismatch
    /// The peer's hello names somebody who may not come here.
    case refused
    /// Nothing came for too long.
    case idle
    /// A number that this build does not know.
    case unrecognized(Int32)

    package init(rawValue: Int32) {
        switch rawValue {
        case 0: self = .unspecified
        case 1: self = .internal
        case 2: self = .unknownMethod
        case 3: self = .invalidArgument
        case 4: self = .deadlineExceeded
        case 5: self = .cancelled
        case 6: self = .forbidden
        case 7: self = .notFound
        case 8: self = .conflict
        case 9: self = .unavailable
        case 10: self = .exhausted
        case 11: self = .failed
        case 32: self = .frameTooLarge
        case 33: self = .malformedFrame
        case 34: self = .protocolViolation
        case 35: self = .creditViolation
        case 36: self = .versionMismatch
        case 37: self = .refused
        case 38: self = .idle
        default: self = .unrecognized(rawValue)
        }
    }

    package var rawValue: Int32 {
        switch self {
        case .unspecified: 0
        case .internal: 1
        case .unknownMethod: 2
        case .invalidArgument: 3
        case .deadlineExceeded: 4
        case .cancelled: 5
        case .forbidden: 6
        case .notFound: 7
        case .conflict: 8
        case .unavailable: 9
        case .exhausted: 10
        case .failed: 11
        case .frameTooLarge: 32
        case .malformedFrame: 33
        case .protocolViolation: 34
        case .creditViolation: 35
        case .versionMismatch: 36
        case .refused: 37
        case .idle: 38
        case .unrecognized(let rawValue): rawValue
        }
    }
}

/// The payload of an error frame.
package struct ErrorDetail: ProtobufMessage {
    /// One sentence for the operator: what is wrong and what to do.
    package var message: String = ""
    /// One line each, such as every fault of a configuration.
    package var details: [String] = []

    package init() {}

    package mutating func decode(
        _ field: ProtobufField,
        from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: message = try reader.string(field)
        case 2: details.append(try reader.string(field))
        default: try reader.skip(field)
        }
    }

    package func encode(to writer: inout ProtobufWriter) {
        writer.string(message, at: 1)
        for value in details { writer.string(value, at: 2, always: true) }
    }
}
