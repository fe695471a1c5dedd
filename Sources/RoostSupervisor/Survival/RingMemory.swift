import CLinux
import Glibc
import RoostReactor

/// The mapped memory of a `SharedRing`: a page of header, then the records.
///
///        0  magic "ROOSTRNG"
///        8  format of this file (32 bits), oldest format whose readers understand it (32 bits)
///       16  boot id, 36 bytes of text
///       56  capacity: bytes for records
///       64  head: where the next record begins
///       72  tail: where the oldest record begins
///       80  told: id of the last record that was told elsewhere
///     4096  records
///
/// All in the machine's own byte order. Head and tail count bytes from the first record ever and only grow; the place
/// of a byte is its number modulo the capacity.
///
/// A file that somebody truncates while it is mapped would end this process with SIGBUS. Nobody can but this user and
/// root: it is 0600 in a directory that others cannot write to (`RuntimeDirectory` refuses any other), and who is this
/// user could kill the process outright. Its blocks are allocated beforehand, so a full file system cannot do it either.
final class RingMemory {
    enum Word: Int { case capacity = 56, head = 64, tail = 72, told = 80 }

    static let headerSize = 4096
    /// What a file may claim, so that garbage does not become a mapping of any size.
    private static let mostCapacity = 1 << 32
    private static let magic: UInt64 = 0x474E_5254_534F_4F52
    private static let format: UInt32 = 1
    private static let oldestReader: UInt32 = 1

    let capacity: Int
    private let base: UnsafeMutableRawPointer

    private init(mapping descriptor: Int32, capacity: Int) throws(SystemError) {
        var error: Int32 = 0
        guard let base = roost_map_shared(descriptor, Self.headerSize + capacity, &error) else {
            throw SystemError("mmap", code: error)
        }
        self.base = base
        self.capacity = capacity
    }

    deinit { munmap(base, Self.headerSize + capacity) }

    // MARK: Making

    /// Whole pages, enough for a few records.
    static func rounded(_ capacity: Int) -> Int {
        let wanted = min(max(capacity, 1), mostCapacity)
        return (wanted + 4095) / 4096 * 4096
    }

    /// Zeroed memory in a file beside `path`, for `publish` to put in place; anonymous without a path.
    static func make(beside path: String?, capacity: Int) throws(SystemError) -> RingMemory {
        let capacity = rounded(capacity)
        var descriptor: Int32
        if let path {
            unlink(path + ".new")
            descriptor = roost_open(path + ".new", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
        } else {
            descriptor = roost_lasting_memfd("roost-ring")
        }
        guard descriptor >= 0 else { throw SystemError("open", path ?? "memfd", code: -descriptor) }
        let file = Descriptor(owning: descriptor)
        let result = roost_allocate(file.number, Int64(headerSize + capacity))
        guard result == 0 else {
            if let path { unlink(path + ".new") }
            throw SystemError("fallocate", path ?? "memfd", code: -result)
        }
        let memory = try RingMemory(mapping: file.number, capacity: capacity)
        memory.base.storeBytes(of: magic, as: UInt64.self)
        memory.base.storeBytes(of: format, toByteOffset: 8, as: UInt32.self)
        memory.base.storeBytes(of: oldestReader, toByteOffset: 12, as: UInt32.self)
        BootID.current?.write(to: memory.base + 16)
        memory.store(.capacity, UInt64(capacity))
        return memory
    }

    /// Puts what `make` has made in place of the file before it, if there is one, in one step.
    static func publish(_ path: String) throws(SystemError) {
        guard rename(path + ".new", path) == 0 else {
            let code = errno
            unlink(path + ".new")
            throw SystemError("rename", path, code: code)
        }
    }

    /// The memory of a file that was left behind in this boot; nil if there is none, or it is anything else.
    static func open(_ path: String) -> RingMemory? {
        let descriptor = roost_open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0)
        guard descriptor >= 0 else { return nil }
        let file = Descriptor(owning: descriptor)
        var status = stat()
        guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o077 == 0
        else { return nil }
        let capacity = Int(status.st_size) - headerSize
        guard capacity > 0, capacity <= mostCapacity, capacity == rounded(capacity),
            let memory = try? RingMemory(mapping: file.number, capacity: capacity), memory.isOurs
        else { return nil }
        return memory
    }

    private var isOurs: Bool {
        base.load(as: UInt64.self) == Self.magic
            && base.load(fromByteOffset: 12, as: UInt32.self) <= Self.format
            && BootID.current != nil && BootID(base + 16) == BootID.current && load(.capacity) == UInt64(capacity)
    }

    // MARK: Reading and writing

    func load(_ word: Word) -> UInt64 { roost_load_word(base + word.rawValue) }
    /// Becomes visible after everything that was written before, and before everything behind.
    func store(_ word: Word, _ value: UInt64) { roost_store_word(base + word.rawValue, value) }

    /// Eight bytes at a place that is a multiple of eight, as is the capacity: they never wrap.
    subscript(offset: UInt64) -> UInt64 {
        get { records.load(fromByteOffset: place(offset) & ~7, as: UInt64.self) }
        set { records.storeBytes(of: newValue, toByteOffset: place(offset) & ~7, as: UInt64.self) }
    }

    /// Writes bytes, no more than the capacity, around the end if need be.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
        let start = place(offset)
        let first = bytes.prefix(capacity - start)
        let rest = bytes.dropFirst(first.count).prefix(start)
        if let source = UnsafeRawBufferPointer(rebasing: first).baseAddress {
            (records + start).copyMemory(from: source, byteCount: first.count)
        }
        if let source = UnsafeRawBufferPointer(rebasing: rest).baseAddress {
            records.copyMemory(from: source, byteCount: rest.count)
        }
    }

    /// The bytes from `offset` on, no more than the capacity.
    func read(_ count: Int, at offset: UInt64) -> [UInt8] {
        let start = place(offset)
        let count = min(max(count, 0), capacity)
        let first = min(count, capacity - start)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            if let target = buffer.baseAddress {
                memcpy(target, records + start, first)
                memcpy(target + first, records, count - first)
            }
            used = count
        }
    }

    private var records: UnsafeMutableRawPointer { base + Self.headerSize }
    private func place(_ offset: UInt64) -> Int { Int(offset % UInt64(capacity)) }
}
