/// Follows one body through its framing: which of the bytes at hand belong to it, and when it has ended.
package struct BodyReader: Equatable, Sendable {
    package enum Step: Equatable, Sendable {
        case body(ByteRange)
        case needsMore
        case finished
        case malformed(ChunkedDecoder.Failure)
    }

    private enum Framing: UInt8 { case none, length, chunked, untilClose }

    private var framing: Framing
    private var remaining: UInt64 = 0
    private var decoder = ChunkedDecoder()

    package init(_ framing: BodyFraming) {
        switch framing {
        case .none: self.framing = .none
        case .length(let length):
            self.framing = .length
            remaining = length
        case .chunked: self.framing = .chunked
        case .untilClose: self.framing = .untilClose
        }
    }

    /// Whether the whole body has been taken. A body until close ends with its connection only.
    package var isFinished: Bool {
        switch framing {
        case .none: true
        case .length: remaining == 0
        case .chunked: decoder.isFinished
        case .untilClose: false
        }
    }

    /// Whether the end of the connection is the end of the body.
    package var endsWithConnection: Bool { framing == .untilClose }
    package var isChunked: Bool { framing == .chunked }
    /// How many bytes are known to be missing; nil if the framing does not say.
    package var missing: UInt64? { framing == .length ? remaining : nil }

    /// Takes bytes from `position` on, up to the next thing to report, and moves `position` behind it.
    @inline(__always)
    package mutating func next(_ bytes: Span<UInt8>, _ position: inout Int) -> Step {
        switch framing {
        case .none: return .finished
        case .length:
            guard remaining > 0 else { return .finished }
            let available = bytes.count &- position
            guard available > 0 else { return .needsMore }
            let count = remaining < UInt64(available) ? Int(remaining) : available
            defer { position &+= count }
            remaining &-= UInt64(count)
            return .body(ByteRange(position, position &+ count))
        case .untilClose:
            guard position < bytes.count else { return .needsMore }
            defer { position = bytes.count }
            return .body(ByteRange(position, bytes.count))
        case .chunked:
            switch decoder.next(bytes, &position) {
            case .body(let range): return .body(range)
            case .needsMore: return .needsMore
            case .finished: return .finished
            case .malformed(let failure): return .malformed(failure)
            }
        }
    }
}
