import CLinux
import Glibc

/// Sends records to journald by its native protocol, without ever waiting for it.
///
/// Not by sd_journal_sendv(3): that sends on a blocking socket, and a journald that does not read (stopped, or busy with
/// a slow disk) then stops its caller for good once the socket's queue is full, after eleven records where the kernel's
/// default of net.unix.max_dgram_qlen stands. Here a record that finds the queue full is dropped and counted, and the
/// next one that is taken says in `ROOST_DROPPED` how many went before it.
package struct Journal: ~Copyable {
    /// Where journald listens.
    package static let standardAddress = "/run/systemd/journal/socket"
    /// Longer records are dropped; far above any log line that a worker may send.
    package static let recordLimit = 1 << 20

    /// How many records were dropped since the start.
    package private(set) var droppedCount: UInt64 = 0

    private let address: String
    private var socket: DatagramSocket?
    private var unreported: UInt64 = 0

    package init(address: String = Journal.standardAddress) {
        self.address = address
        socket = DatagramSocket.connected(to: address)
    }

    /// Sends one record; false if it was dropped.
    @discardableResult
    package mutating func send(_ record: JournalRecord) -> Bool {
        var record = record
        if unreported > 0 { record.add(.dropped, String(unreported)) }
        guard record.bytes.count <= Self.recordLimit, deliver(record.bytes) else {
            droppedCount &+= 1
            unreported &+= 1
            return false
        }
        unreported = 0
        return true
    }

    private mutating func deliver(_ bytes: [UInt8]) -> Bool {
        switch socket?.send(bytes) {
        case .sent: return true
        case .full: return false
        case .failed(EMSGSIZE): return deliverInMemory(bytes)
        case .failed, .none:
            // journald's socket was made anew: one more try on a new connection.
            socket = DatagramSocket.connected(to: address)
            return socket?.send(bytes) == .sent
        }
    }

    /// What does not fit in a datagram goes in a sealed memfd, which is passed with an empty one.
    private func deliverInMemory(_ bytes: [UInt8]) -> Bool {
        let descriptor = unsafe roost_memfd("journal-record")
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard unsafe write(descriptor, bytes, bytes.count) == bytes.count, roost_seal(descriptor) == 0 else {
            return false
        }
        return socket?.send([], passing: [descriptor]) == .sent
    }
}
