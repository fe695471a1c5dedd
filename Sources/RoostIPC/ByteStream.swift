package import RoostPolicy
package import RoostReactor
package import RoostWire

/// A connected, non-blocking stream of bytes and the loop that serves it: all that a connection needs to know of
/// either. Everything but `executor` and `onLoop` is for the loop's own thread.
package protocol ByteStream: AnyObject, Sendable {
    /// The loop, for actors that live on it.
    var executor: UnownedSerialExecutor { get }
    /// The loop's clock.
    var now: MonotonicInstant { get }
    /// Who is at the other end, as the kernel tells (unix(7), SO_PEERCRED).
    var credentials: PeerCredentials { get }

    /// Begins to tell `receiver`, which is kept until `close`.
    func start(_ receiver: any ByteStreamReceiver) throws(SystemError)
    /// Moves bytes that have come into the decoder.
    func read(into decoder: inout FrameDecoder) -> StreamTransfer
    /// Moves bytes from the output to the other end.
    func write(from output: inout FrameOutput) -> StreamTransfer
    /// What the receiver is told of.
    func watch(readable: Bool, writable: Bool)
    /// Tells the receiver to flush when the work at hand is done, and before the loop waits.
    func flushSoon()
    /// Says that the other end is likely to answer within microseconds, and may be read from before it is readable.
    func expectSoon()
    /// Tells the receiver at `deadline`, or not at all; replaces the deadline before.
    func wake(at deadline: MonotonicInstant?)
    /// Runs `action` on the loop: now if the caller is on it. From any thread.
    func onLoop(_ action: @escaping @Sendable () -> Void)
    /// Ends the stream and lets go of the receiver. Harmless when repeated.
    func close()
}

/// Whom a byte stream tells, on its loop's thread.
package protocol ByteStreamReceiver: AnyObject, Sendable {
    func streamIsReadable()
    /// After `expectSoon`: takes what has come, and says whether anything had.
    func streamMayBeReadable() -> Bool
    func streamIsWritable()
    func streamShouldFlush()
    func streamDeadlinePassed()
}

/// The outcome of a read or write.
package enum StreamTransfer: Sendable, Equatable {
    /// So many bytes were moved; `isPartial`: fewer than there was room or need for, so the next attempt would block.
    case moved(Int, isPartial: Bool)
    case wouldBlock
    /// The other end has closed.
    case ended
    case failed(SystemError)
}

/// The credentials of the other end as they were when it connected. Decide by uid and gid; the pid may be gone and
/// is for the record only.
package struct PeerCredentials: Sendable, Equatable {
    package let pid: Int32
    package let uid: UInt32
    package let gid: UInt32
    /// Its supplementary groups (SO_PEERGROUPS).
    package let groups: [UInt32]

    package init(pid: Int32, uid: UInt32, gid: UInt32, groups: [UInt32] = []) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
        self.groups = groups
    }
}
