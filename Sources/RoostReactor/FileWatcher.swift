import CLinux
import Glibc

/// Tells that something in some directories has changed (inotify(7)).
///
/// Directories are watched, not files: editors save by writing a new file and renaming it over the old one, which a
/// watch on the file would lose. What changed exactly is not said; the reader looks anyway.
package final class FileWatcher {
    private let reactor: Reactor
    private let descriptor: Int32
    private var source: SourceToken?

    /// `changed` gets the name that changed inside one of the directories, empty if the kernel lost count.
    ///
    /// - Throws: `SystemError`, among others when a directory does not exist.
    package init(
        _ reactor: Reactor,
        directories: [String],
        changed: @escaping (_ name: String) -> Void
    ) throws(SystemError) {
        self.reactor = reactor
        descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else { throw SystemError("inotify_init1", code: errno) }
        let mask = UInt32(
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_ATTRIB
        )
        for directory in directories where inotify_add_watch(descriptor, directory, mask) < 0 {
            throw SystemError("inotify_add_watch", directory, code: errno)  // deinit closes
        }
        let descriptor = descriptor
        source = try reactor.register(descriptor, for: .readable) { _ in Self.drain(descriptor, changed) }
    }

    deinit {
        if let source { reactor.unregister(source) }
        close(descriptor)
    }

    private static func drain(_ descriptor: Int32, _ changed: (String) -> Void) {
        let capacity = 16 * 1024
        withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 8) { buffer in
            // Once: a report may put an end to the watcher, and the number may be another's then. What is left is
            // reported in the next turn.
            let count = read(descriptor, buffer.baseAddress, capacity)
            guard count > 0 else { return }
            report(UnsafeRawBufferPointer(rebasing: buffer[..<count]), changed)
        }
    }

    /// The kernel's records: a fixed header of 16 bytes whose last field is the length of the name that follows.
    private static func report(_ records: UnsafeRawBufferPointer, _ changed: (String) -> Void) {
        let header = MemoryLayout<inotify_event>.size
        var offset = 0
        while offset + header <= records.count {
            let length = Int(records.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
            let end = min(offset + header + length, records.count)
            let name = records[(offset + header)..<end].prefix { $0 != 0 }
            changed(String(decoding: name, as: UTF8.self))
            offset = end
        }
    }
}
