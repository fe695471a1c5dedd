/// Why a head is refused. The strict choice throughout: what two parsers could read in two ways is no message at all.
package enum HeadError: UInt8, Error, Equatable, Sendable, CaseIterable {
    case badRequestLine, badMethod, badTarget, fragmentInTarget, badVersion, unsupportedVersion
    case badStatusLine, badStatus
    case bareLineFeed, bareCarriageReturn, controlByte
    case foldedLine, blankBeforeColon, emptyFieldName, lineWithoutColon
    case targetTooLong, headTooLarge, tooManyFields
    case missingHost, duplicateHost, invalidHost
    case duplicateContentLength, invalidContentLength, lengthAndTransferEncoding
    case duplicateTransferEncoding, transferEncodingNotChunked, unknownTransferCoding, transferEncodingInHTTP10
    case protectedFieldNominated, tooManyNominations, unknownExpectation
    case connectNotSupported, bodyInTrace, badMaxForwards

    /// The status that answers it when it was in a request (RFC 9110 section 15).
    package var status: UInt16 {
        switch self {
        case .targetTooLong: 414
        case .headTooLarge, .tooManyFields: 431
        case .unknownExpectation: 417
        case .unknownTransferCoding, .connectNotSupported: 501
        case .unsupportedVersion: 505
        default: 400
        }
    }

    /// One sentence for the person who sent it.
    package var reason: StaticString {
        switch self {
        case .badRequestLine: "the request line is not method, target and version with single spaces"
        case .badMethod: "the method is not a token"
        case .badTarget: "the request target is not a valid origin, absolute or asterisk form"
        case .fragmentInTarget: "the request target has a fragment"
        case .badVersion: "the version is not HTTP/digit.digit"
        case .unsupportedVersion: "only HTTP/1.0 and HTTP/1.1 are spoken here"
        case .badStatusLine: "the status line is not version, status and reason"
        case .badStatus: "the status is not a number from 100 to 599"
        case .bareLineFeed: "a line ends with LF alone"
        case .bareCarriageReturn: "a CR is not followed by LF"
        case .controlByte: "a control byte stands in the head"
        case .foldedLine: "a line begins with a blank (obs-fold, or space before the first field)"
        case .blankBeforeColon: "a blank stands between field name and colon"
        case .emptyFieldName: "a field has no name"
        case .lineWithoutColon: "a field name is not a token followed by a colon"
        case .targetTooLong: "the request target is longer than the limit"
        case .headTooLarge: "the head is larger than the limit"
        case .tooManyFields: "the head has more fields than the limit"
        case .missingHost: "an HTTP/1.1 request needs one Host field"
        case .duplicateHost: "there is more than one Host field"
        case .invalidHost: "the Host field is not host or host:port"
        case .duplicateContentLength: "there is more than one Content-Length"
        case .invalidContentLength: "the Content-Length is not a decimal number below 2^63"
        case .lengthAndTransferEncoding: "Content-Length and Transfer-Encoding stand together"
        case .duplicateTransferEncoding: "there is more than one Transfer-Encoding"
        case .transferEncodingNotChunked: "the last transfer coding is not chunked, or chunked stands twice"
        case .unknownTransferCoding: "chunked is the only transfer coding that is understood"
        case .transferEncodingInHTTP10: "HTTP/1.0 has no Transfer-Encoding"
        case .protectedFieldNominated: "Connection names a field that must not be removed"
        case .tooManyNominations: "Connection names too many fields"
        case .unknownExpectation: "the only expectation that is understood is 100-continue"
        case .connectNotSupported: "CONNECT is not served by this listener"
        case .bodyInTrace: "a TRACE request must not have a body"
        case .badMaxForwards: "Max-Forwards is not a decimal number"
        }
    }
}
