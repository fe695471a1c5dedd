// Sources: RoostWire
// Bytes of any kind, cut in any way, give the same frames or the same refusal as all at once, in bounded memory.

private let limit = 4096

private struct Outcome: Equatable {
    var frames: [FrameHeader] = []
    var payloads: [[UInt8]] = []
    var failure: FrameError?
}

private func decode(_ pieces: [ArraySlice<UInt8>]) -> Outcome {
    var decoder = FrameDecoder(limit: limit, readSize: 64)
    var outcome = Outcome()
    for piece in pieces {
        let bytes = Array(piece)
        decoder.append(bytes.span.bytes)
        do throws(FrameError) {
            while let header = try decoder.next() {
                outcome.frames.append(header)
                outcome.payloads.append(decoder.payload)
            }
        } catch {
            outcome.failure = error
            return outcome
        }
        precondition(decoder.capacity <= 4 * (limit + 64), "the decoder holds \(decoder.capacity) bytes")
    }
    return outcome
}

/// The first byte of the input says how long the pieces are; the rest is the stream.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let size = input.first.map({ Int($0) + 1 }) else { return 0 }
    let stream = input.dropFirst()
    var pieces: [ArraySlice<UInt8>] = []
    var rest = stream
    while !rest.isEmpty {
        pieces.append(rest.prefix(size))
        rest = rest.dropFirst(size)
    }
    let cut = decode(pieces)
    precondition(cut == decode(pieces.map { _ in stream.prefix(0) } + [stream]), "cut and whole differ")
    return 0
}
