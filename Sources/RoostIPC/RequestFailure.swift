package import RoostProtocol

/// Why a request, a stream or a whole connection failed, here or at the other side.
package struct RequestFailure: Error, Equatable, CustomStringConvertible {
    package let code: ErrorCode
    /// One sentence: what is wrong and what to do.
    package let message: String
    /// One line each, such as every fault of a configuration.
    package let details: [String]

    package init(_ code: ErrorCode, _ message: String, details: [String] = []) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// What an error frame says. A payload that cannot be read costs the words, not the code.
    init(code: UInt32, payload: [UInt8]) {
        let detail = (try? ErrorDetail(decoding: payload)) ?? ErrorDetail()
        let code = ErrorCode(rawValue: Int32(truncatingIfNeeded: code))
        self.init(code, detail.message, details: detail.details)
    }

    var payload: [UInt8] {
        var detail = ErrorDetail()
        detail.message = message
        detail.details = details
        return detail.encoded()
    }

    var argument: UInt32 { UInt32(bitPattern: code.rawValue) }

    package var description: String { ([message.isEmpty ? "\(code)" : message] + details).joined(separator: "\n") }
}
