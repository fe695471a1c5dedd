import Glibc

/// Whether a descriptor is the stream that systemd connected to the journal (`JOURNAL_STREAM`, systemd.exec(5)): then
/// records go to journald directly, with their fields, and nothing is written there as text.
package enum JournalStream {
    /// - Parameter variable: the value of `JOURNAL_STREAM`, device and inode in decimal with a colon between.
    package static func isJournal(_ descriptor: Int32, variable: String?) -> Bool {
        guard let parts = variable?.split(separator: ":", omittingEmptySubsequences: false), parts.count == 2,
            let device = UInt64(parts[0]), let inode = UInt64(parts[1])
        else { return false }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }

    /// Whether this process's standard error is the journal.
    package static var isStandardError: Bool {
        isJournal(STDERR_FILENO, variable: unsafe getenv("JOURNAL_STREAM").map { unsafe String(cString: $0) })
    }
}
