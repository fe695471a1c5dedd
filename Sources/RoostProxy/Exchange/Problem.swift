import RoostHTTP1

/// Why Roost answers itself instead of passing an answer on.
enum Problem {
    case head(HeadError)
    case noRule
    case headTimeout, bodyTimeout
    case bodyTooLarge, badChunk, headTooLarge, pathNotNormal, loop
    case lastHop
    case noBackend
    case upstream(UpstreamFailure)

    var status: UInt16 {
        switch self {
        case .head(let error): error.status
        case .noRule: 404
        case .headTimeout, .bodyTimeout: 408
        case .bodyTooLarge: 413
        case .badChunk, .pathNotNormal: 400
        case .headTooLarge: 431
        case .loop: 508
        case .lastHop: 405
        case .noBackend: 503
        case .upstream(let failure):
            switch failure {
            case .connectTimeout, .responseTimeout, .bodyTimeout: 504
            case .refused, .closedWithoutAnswer, .badResponse, .truncated: 502
            }
        }
    }

    /// The last part of the problem's `type`, a stable name.
    var name: StaticString {
        switch self {
        case .head: "bad-request-head"
        case .noRule: "no-rule"
        case .headTimeout: "head-timeout"
        case .bodyTimeout: "body-timeout"
        case .bodyTooLarge: "body-too-large"
        case .badChunk: "bad-chunk"
        case .headTooLarge: "head-too-large"
        case .pathNotNormal: "path-not-normal"
        case .loop: "loop"
        case .lastHop: "last-hop"
        case .noBackend: "no-backend"
        case .upstream(let failure):
            switch failure {
            case .refused: "backend-unreachable"
            case .connectTimeout: "backend-connect-timeout"
            case .closedWithoutAnswer: "backend-closed"
            case .responseTimeout: "backend-response-timeout"
            case .badResponse: "backend-bad-response"
            case .truncated: "backend-truncated"
            case .bodyTimeout: "backend-body-timeout"
            }
        }
    }

    /// One sentence for the person who reads the answer.
    var detail: StaticString {
        switch self {
        case .head(let error): error.reason
        case .noRule: "no rule takes a request with this host, path and method; add one to rules.d/"
        case .headTimeout: "the request's head was not complete in time"
        case .bodyTimeout: "the request's body stopped coming"
        case .bodyTooLarge: "the request's body is larger than the limit"
        case .badChunk: "the chunked coding of the request's body is malformed"
        case .headTooLarge: "the request's head is larger than the limit"
        case .pathNotNormal: "the rule rewrites the path, and this path begins with its prefix only after normalisation"
        case .loop: "the request has passed through this proxy before"
        case .lastHop: "the request may not be forwarded any further"
        case .noBackend: "the rule has no backend to choose from"
        case .upstream(let failure):
            switch failure {
            case .refused: "the backend does not accept connections"
            case .connectTimeout: "the backend did not accept the connection in time"
            case .closedWithoutAnswer: "the backend closed the connection without an answer"
            case .responseTimeout: "the backend did not answer in time"
            case .badResponse: "the backend's answer is not valid HTTP"
            case .truncated: "the backend's answer ended early"
            case .bodyTimeout: "the backend's answer stopped coming"
            }
        }
    }

    /// Whether it is known where the next request begins.
    var keepsConnection: Bool {
        switch self {
        case .noRule, .noBackend, .upstream, .lastHop, .loop, .pathNotNormal: true
        case .head, .headTimeout, .bodyTimeout, .bodyTooLarge, .badChunk, .headTooLarge: false
        }
    }
}
