import RoostWire

/// What one connection may hold. Every figure bounds memory or time; both sides have their own.
package struct SessionLimits: Sendable {
    /// Bytes of a frame behind its length field that are accepted.
    package var frameLength = FrameLimits.standardLength
    /// Requests and streams of ours that are not answered.
    package var outbound = 1024
    /// Requests and streams of the peer that are not answered; more are refused with `exhausted`.
    package var inbound = 1024
    /// Most items that a peer may grant in all to one stream.
    package var credit: UInt32 = 4096
    /// Bytes of output above which streams wait, events are refused and the peer is not read.
    package var outputMark = 256 << 10
    /// Bytes of output that end the connection: the peer does not read.
    package var outputLimit = 8 << 20
    /// From the connection to hello or welcome.
    package var handshake = Duration.seconds(5)

    package init() {}
}
