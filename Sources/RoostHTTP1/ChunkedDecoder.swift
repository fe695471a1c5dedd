/// The chunked coding (RFC 9112 section 7.1) as a machine that copies nothing: it says where in the given bytes the
/// body is. CRLF only; extensions and trailers are checked, bounded and dropped.
package struct ChunkedDecoder: Equatable, Sendable {
    package enum Failure: UInt8, Error, Equatable, Sendable {
        case badSize, sizeTooLarge, badLineEnd, badExtension, badTrailer, overheadTooLarge
    }

    package enum Step: Equatable, Sendable {
        /// These bytes belong to the body.
        case body(ByteRange)
        /// Everything was taken; more has to come.
        case needsMore
        /// The body has ended; what follows belongs to the next message.
        case finished
        case malformed(Failure)
    }

    private enum State: UInt8 {
        case firstDigit, digits, chunkExtension, sizeLineFeed
        case data, dataReturn, dataLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, lastLineFeed
        case finished
    }

    /// How many bytes extensions and trailers may take beyond what the data around them earns: each chunk earns its
    /// length and 16 more, so that a long body may have extensions and a body of extensions is cut off.
    package static let overheadLimit: UInt64 = 16384
    /// Leading zeros included.
    private static let digitLimit: UInt8 = 16

    private var state = State.firstDigit
    private var remaining: UInt64 = 0
    private var overhead: UInt64 = 0
    private var digits: UInt8 = 0

    package init() {}

    /// Whether the last chunk and the trailers have come.
    package var isFinished: Bool { state == .finished }

    /// Takes bytes from `position` on, up to the next thing to report, and moves `position` behind it.
    package mutating func next(_ bytes: Span<UInt8>, _ position: inout Int) -> Step {
        while state != .finished {
            guard position < bytes.count else { return .needsMore }
            if state == .data {
                let available = bytes.count &- position
                let count = remaining < UInt64(available) ? Int(remaining) : available
                let range = ByteRange(position, position &+ count)
                position &+= count
                remaining &-= UInt64(count)
                if remaining == 0 { state = .dataReturn }
                return .body(range)
            }
            let byte = bytes[position]
            position &+= 1
            if let failure = advance(byte) { return .malformed(failure) }
        }
        return .finished
    }

    private mutating func advance(_ byte: UInt8) -> Failure? {
        switch state {
        case .firstDigit:
            guard let value = Octet.hexValue(byte) else { return .badSize }
            remaining = UInt64(value)
            digits = 1
            state = .digits
        case .digits:
            if let value = Octet.hexValue(byte) {
                guard remaining <= UInt64(Int64.max) >> 4 else { return .sizeTooLarge }
                remaining = remaining << 4 | UInt64(value)
                digits += 1
                return digits > Self.digitLimit ? .sizeTooLarge : nil
            }
            if byte == Octet.carriageReturn {
                state = .sizeLineFeed
            } else if byte == 0x3B {
                state = .chunkExtension
            } else {
                return .badSize
            }
        case .chunkExtension:
            if byte == Octet.carriageReturn {
                state = .sizeLineFeed
            } else {
                guard Octet.isFieldContent(byte) else { return .badExtension }
                return countOverhead()
            }
        case .sizeLineFeed:
            guard byte == Octet.lineFeed else { return .badLineEnd }
            overhead -= min(overhead, remaining &+ 16)
            state = remaining == 0 ? .trailerStart : .data
        case .dataReturn:
            guard byte == Octet.carriageReturn else { return .badLineEnd }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == Octet.lineFeed else { return .badLineEnd }
            state = .firstDigit
        case .trailerStart:
            if byte == Octet.carriageReturn {
                state = .lastLineFeed
            } else {
                guard Octet.isToken(byte) else { return .badTrailer }
                state = .trailerName
            }
        case .trailerName:
            if byte == Octet.colon { state = .trailerValue } else if !Octet.isToken(byte) { return .badTrailer }
            return countOverhead()
        case .trailerValue:
            if byte == Octet.carriageReturn {
                state = .trailerLineFeed
            } else {
                guard Octet.isFieldContent(byte) else { return .badTrailer }
                return countOverhead()
            }
        case .trailerLineFeed:
            guard byte == Octet.lineFeed else { return .badLineEnd }
            state = .trailerStart
        case .lastLineFeed:
            guard byte == Octet.lineFeed else { return .badLineEnd }
            state = .finished
        case .data, .finished: preconditionFailure("\(state) takes no framing byte")  // both handled by the caller
        }
        return nil
    }

    private mutating func countOverhead() -> Failure? {
        overhead &+= 1
        return overhead > Self.overheadLimit ? .overheadTooLarge : nil
    }
}
