import CLinux
import Glibc
package import RoostPolicy
package import RoostReactor
package import RoostWire

/// A connected Unix-domain socket on a reactor.
package final class ReactorByteStream: ByteStream, @unchecked Sendable {  // used on the reactor's thread only
    private let reactor: Reactor
    private let descriptor: Int32
    package let credentials: PeerCredentials

    private var receiver: (any ByteStreamReceiver)?
    private var source: SourceToken?
    private var interest: Readiness = .readable
    private var timer: TimerToken?
    private var timerDeadline: MonotonicInstant?
    private var flush: (() -> Void)?
    private var isOpen = true

    /// Takes over a connected, non-blocking socket.
    ///
    /// - Throws: `SystemError` of `getsockopt`.
    package init(_ socket: consuming Descriptor, on reactor: Reactor) throws(SystemError) {
        var peer = roost_credentials()
        let result = roost_peer_credentials(socket.number, &peer)
        guard result == 0 else { throw SystemError("getsockopt", "SO_PEERCRED", code: -result) }
        var groups = [UInt32](repeating: 0, count: 64)
        let count = roost_peer_groups(socket.number, &groups, Int32(groups.count))
        groups.removeLast(groups.count - Int(max(0, min(count, 64))))
        credentials = PeerCredentials(pid: peer.pid, uid: peer.uid, gid: peer.gid, groups: groups)
        self.reactor = reactor
        descriptor = socket.release()
    }

    deinit { if isOpen { Glibc.close(descriptor) } }

    package var executor: UnownedSerialExecutor { reactor.asUnownedSerialExecutor() }
    package var now: MonotonicInstant { reactor.now }

    package func start(_ receiver: any ByteStreamReceiver) throws(SystemError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        source = try reactor.register(descriptor, for: interest, context: context) { context, readiness in
            // Registered, so not closed, so kept by the receiver that `close` lets go of.
            let stream = Unmanaged<ReactorByteStream>.fromOpaque(context).takeUnretainedValue()
            stream.ready(Readiness(rawValue: readiness))
        }
        self.receiver = receiver
        // Neither this nor the timer is weak: `close` undoes both, and a weak reference to a connection would make each
        // of its retains slower. One that ends in the turn in which it wanted to write has no receiver any more.
        flush = { [self] in self.receiver?.streamShouldFlush() }
    }

    private func ready(_ readiness: Readiness) {
        // An error or hang-up shows in the next read, after what came before it.
        if readiness.rawValue & ~Readiness.writable.rawValue != 0 { receiver?.streamIsReadable() }
        if readiness.rawValue & Readiness.writable.rawValue != 0 { receiver?.streamIsWritable() }
    }

    private func attempt() -> Bool {
        guard interest.contains(.readable), let receiver else { return false }
        return receiver.streamMayBeReadable()
    }

    package func read(into decoder: inout FrameDecoder) -> StreamTransfer {
        guard isOpen else { return .ended }
        var code: Int32 = 0
        let (count, room) = decoder.fill { room in
            room.withUnsafeMutableBytes { bytes in
                while true {
                    let count = recv(descriptor, bytes.baseAddress, bytes.count, 0)
                    guard count < 0 else { return count }
                    code = errno
                    if code != EINTR { return count }
                }
            }
        }
        if count > 0 { return .moved(count, isPartial: count < room) }
        return count == 0 ? .ended : Self.failure("recv", code)
    }

    package func write(from output: inout FrameOutput) -> StreamTransfer {
        guard isOpen else { return .ended }
        let wanted = output.pending
        var code: Int32 = 0
        let count = output.drain { pending in
            pending.withUnsafeBytes { bytes in
                while true {
                    // Without the flag a peer that has closed would end this process (send(2)).
                    let count = send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
                    guard count < 0 else { return count }
                    code = errno
                    if code != EINTR { return count }
                }
            }
        }
        return count >= 0 ? .moved(count, isPartial: count < wanted) : Self.failure("send", code)
    }

    private static func failure(_ call: String, _ code: Int32) -> StreamTransfer {
        switch code {
        case EAGAIN: .wouldBlock
        case ECONNRESET, EPIPE: .ended
        default: .failed(SystemError(call, code: code))
        }
    }

    package func watch(readable: Bool, writable: Bool) {
        let read = readable ? Readiness.readable.rawValue : 0
        let write = writable ? Readiness.writable.rawValue : 0
        guard read | write != interest.rawValue, let source else { return }
        interest = Readiness(rawValue: read | write)
        reactor.modify(source, for: interest)
    }

    package func flushSoon() {
        if let flush, isOpen { reactor.beforeWait(flush) }
    }

    package func expectSoon() {
        guard let source, isOpen else { return }
        reactor.expectSoon(on: source) { context in
            // Registered, as in `start`.
            let stream = Unmanaged<ReactorByteStream>.fromOpaque(context).takeUnretainedValue()
            return stream.attempt()
        }
    }

    package func wake(at deadline: MonotonicInstant?) {
        guard isOpen, deadline != timerDeadline else { return }
        if let timer { reactor.cancel(timer) }
        timerDeadline = deadline
        timer = nil
        guard let deadline else { return }
        timer = reactor.schedule(at: deadline) { [self] in
            timer = nil
            timerDeadline = nil
            receiver?.streamDeadlinePassed()
        }
    }

    package func onLoop(_ action: @escaping @Sendable () -> Void) { reactor.onLoop(action) }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        if let source { reactor.unregister(source) }
        if let timer { reactor.cancel(timer) }
        Glibc.close(descriptor)
        receiver = nil
        flush = nil
    }
}
