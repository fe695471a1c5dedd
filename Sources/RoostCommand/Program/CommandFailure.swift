import RoostIPC
import RoostJSON
import RoostProtocol
import RoostReactor

/// Why a command ends with another status than 0.
package struct CommandFailure: Error, Equatable {
    /// Exit statuses of the contract.
    package enum Status: Int32, Sendable {
        case failed = 1
        case noSupervisor = 2
        case usage = 64
    }

    package let status: Status
    /// A stable word for programs.
    package let code: String
    /// One sentence: what is wrong and what to do.
    package let message: String

    package init(_ status: Status = .failed, code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// What a command has thrown.
    package init(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let failure as RequestFailure where failure == Connection.gone:
            let message = "roostd went away before it was done; `roost status` tells when it is back"
            self.init(code: failure.code.word, message)
        case let failure as RequestFailure: self.init(code: failure.code.word, failure.description)
        case is CancellationError: self.init(code: "cancelled", "the command was cancelled")
        default: self.init(code: "internal", "\(error)")
        }
    }

    /// For stderr, without its newline.
    package var line: String {
        let lines = message.split(separator: "\n")
        return "roost: " + (lines.isEmpty ? code : lines.map { PlainText.of($0) }.joined(separator: "; "))
    }

    /// For stderr with `--json`.
    package var json: String {
        JSONWriter.compact(["error": ["code": .string(code), "message": .string(message)]])
    }
}

/// Thrown by writes when nobody reads the output any more: no failure, and nobody to tell.
struct ReaderGone: Error {}

extension ErrorCode {
    /// As in `{"error": {"code": …}}`: the schema's name in small letters.
    var word: String {
        switch self {
        case .unspecified, .unrecognized: "failed"
        case .internal: "internal"
        case .unknownMethod: "unknown_method"
        case .invalidArgument: "invalid_argument"
        case .deadlineExceeded: "deadline_exceeded"
        case .cancelled: "cancelled"
        case .forbidden: "forbidden"
        case .notFound: "not_found"
        case .conflict: "conflict"
        case .unavailable: "unavailable"
        case .exhausted: "exhausted"
        case .failed: "failed"
        case .frameTooLarge: "frame_too_large"
        case .malformedFrame: "malformed_frame"
        case .protocolViolation: "protocol_violation"
        case .creditViolation: "credit_violation"
        case .versionMismatch: "version_mismatch"
        case .refused: "refused"
        case .idle: "idle"
        }
    }
}
