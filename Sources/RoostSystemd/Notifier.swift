import CLinux
import CSystemd
import Glibc

/// Tells the service manager about this process (sd_notify(3)), or does nothing where there is none.
///
/// No call blocks: a manager that does not read is said to be `busy` and the message is not sent. Messages come from
/// this process only, so `NotifyAccess=main` is enough.
package struct Notifier: Sendable {
    /// What became of a message.
    package enum Outcome: Equatable, Sendable {
        case sent
        /// No `NOTIFY_SOCKET`: not started by a service manager, which is no error.
        case absent
        /// The manager's queue is full; the message was dropped, and sending it again later is the caller's choice.
        case busy
        /// The errno value of what failed.
        case failed(Int32)
    }

    /// What `sd_notify(3)` asks of FDNAME: 1 to 255 printable ASCII characters without a colon.
    package static func isDescriptorName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x3A }
    }

    /// The address, as in `NOTIFY_SOCKET`; nil where the process has no service manager.
    package let address: String?

    /// Takes the address of this process's service manager from its environment, where libsystemd looks for it too.
    package init() {
        address = unsafe getenv("NOTIFY_SOCKET").map { unsafe String(cString: $0) }
    }

    /// Sends the assignments in one datagram, so that systemd takes them together.
    @discardableResult
    package func send(_ notifications: Notification...) -> Outcome {
        send(notifications.map(\.text).joined(separator: "\n"))
    }

    /// Puts a descriptor into the file descriptor store under `name`; the same name may be used more than once.
    ///
    /// One descriptor a message, because all of one message share a name. systemd keeps a duplicate, drops it when it
    /// reports HUP or ERR, and **does not say when the store is full or switched off** (`FileDescriptorStoreMax=`).
    /// - Parameter isPolled: false keeps the descriptor in the store whatever happens to it (`FDPOLL=0`).
    @discardableResult
    package func store(_ descriptor: Int32, as name: String, isPolled: Bool = true) -> Outcome {
        guard Self.isDescriptorName(name) else { return .failed(EINVAL) }
        return send("FDSTORE=1\nFDNAME=\(name)" + (isPolled ? "" : "\nFDPOLL=0"), passing: [descriptor])
    }

    /// Takes every descriptor of that name out of the store.
    @discardableResult
    package func removeStored(_ name: String) -> Outcome {
        guard Self.isDescriptorName(name) else { return .failed(EINVAL) }
        return send("FDSTOREREMOVE=1\nFDNAME=\(name)")
    }

    /// Asks the manager to close a pipe once it has handled everything that was sent before (`BARRIER=1`).
    ///
    /// - Returns: the pipe's read end, non-blocking, which hangs up at that moment and which the caller closes; nil with
    ///   no manager, or a busy one.
    package func barrier() -> Int32? {
        var ends: [Int32] = [-1, -1]
        guard unsafe roost_pipe(&ends) == 0 else { return nil }
        let (read, write) = (ends[0], ends[1])
        defer { close(write) }
        if send("BARRIER=1", passing: [write]) == .sent { return read }
        close(read)
        return nil
    }

    /// Waits until everything that was sent has been handled, for at most `limit`: the last act before an exit, since a
    /// message of a process that is gone cannot be told to be the service's. Blocks; false if the time ran out.
    @discardableResult
    package func waitUntilHandled(limit: Duration) -> Bool {
        guard let descriptor = barrier() else { return address == nil }
        defer { close(descriptor) }
        var poller = pollfd(fd: descriptor, events: 0, revents: 0)
        let milliseconds = Int32(clamping: limit.wholeMicroseconds / 1000)
        return unsafe poll(&poller, 1, milliseconds) == 1
    }

    private func send(_ text: String, passing descriptors: [Int32] = []) -> Outcome {
        guard let address else { return .absent }
        // libsystemd sends on a blocking socket: a manager that does not read (a debugger, a long daemon-reload) would
        // stop the caller once the queue is full. The answer can be overtaken by another sender of the same queue; the
        // wait then ends as soon as the manager reads one message.
        if let probe = DatagramSocket.connected(to: address), !probe.isWritable { return .busy }
        let result = unsafe sd_pid_notify_with_fds(0, 0, text, descriptors, UInt32(descriptors.count))
        return result > 0 ? .sent : result == 0 ? .absent : .failed(-result)
    }
}
